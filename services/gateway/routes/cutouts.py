"""Submitting a background removal: a picture whose background is to become transparent."""

from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from services.gateway.domain.fields import PictureFields
from services.gateway.routes import documents
from services.gateway.routes.body_documents import CUTOUT_BODY
from services.gateway.routes.inputs import submission_in
from services.gateway.routes.job_documents import ACCEPTED
from services.gateway.routes.paths import put
from services.gateway.routes.submitting import Submitting, accepted


@dataclass(frozen=True, slots=True)
class CutoutRoutes:
    """The endpoint that takes background removals."""

    submitting: Submitting

    async def submit(self, request: Request) -> Response:
        """Submit a background removal: the result is a PNG that is transparent there."""
        read = partial(submission_in, kind=PictureFields)
        return await self.submitting.answer(request, read, accepted)


def put_cutouts(app: FastAPI, submitting: Submitting) -> None:
    """Put it under its path."""
    put(
        app,
        ["/api/remove-background"],
        CutoutRoutes(submitting).submit,
        methods=("POST",),
        responses={
            202: ACCEPTED,
            **documents.absent(ErrorCode.IMAGE_NOT_FOUND),
            **documents.problems(415, 422, 429, 503),
        },
        extra=CUTOUT_BODY,
    )
