"""Submitting a variation: a picture made anew, in a style if one is named."""

from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from services.gateway.domain.fields import VariationFields
from services.gateway.routes import documents
from services.gateway.routes.body_documents import VARIATION_BODY
from services.gateway.routes.inputs import submission_in
from services.gateway.routes.job_documents import ACCEPTED
from services.gateway.routes.paths import put
from services.gateway.routes.submitting import Submitting, accepted


@dataclass(frozen=True, slots=True)
class VariationRoutes:
    """The endpoint that takes variations."""

    submitting: Submitting

    async def submit(self, request: Request) -> Response:
        """Submit a variation: of a picture, or of the style's reference picture."""
        read = partial(submission_in, kind=VariationFields)
        return await self.submitting.answer(request, read, accepted)


def put_variations(app: FastAPI, submitting: Submitting) -> None:
    """Put it under its path."""
    put(
        app,
        ["/api/variations"],
        VariationRoutes(submitting).submit,
        methods=("POST",),
        responses={
            202: ACCEPTED,
            **documents.absent(ErrorCode.STYLE_NOT_FOUND),
            **documents.problems(415, 422, 429, 503),
        },
        extra=VARIATION_BODY,
    )
