"""Pictures by their id: uploads."""

from dataclasses import dataclass

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from services.gateway.routes import documents
from services.gateway.routes import picture_documents as told
from services.gateway.routes.answers import json_response
from services.gateway.routes.body_documents import UPLOAD_BODY
from services.gateway.routes.inputs import picture
from services.gateway.routes.paths import put
from services.gateway.routes.submitting import Submitting
from services.gateway.routes.visit import parts_of, visit_of


@dataclass(frozen=True, slots=True)
class ImageRoutes:
    """The endpoints of pictures by their id."""

    submitting: Submitting

    async def upload(self, request: Request) -> Response:
        """Keep a picture for later: the answer's `image_id` stands for it in a submission."""
        visit, parts = visit_of(request), parts_of(request)
        self.submitting.attempts.take(visit.client)
        async with picture(self.submitting.bodies, request) as data:
            upload = await parts.sources.upload(data)
        visit.remember()
        kept = upload.picture
        answer = {
            "image_id": str(upload.image_id),
            "width": kept.width_pixels,
            "height": kept.height_pixels,
            "content_type": kept.content_type,
        }
        return json_response(answer, 201)


def put_images(app: FastAPI, submitting: Submitting) -> None:
    """Put them under their paths."""
    images = ImageRoutes(submitting)
    put(
        app,
        ["/api/images"],
        images.upload,
        methods=("POST",),
        responses={201: told.KEPT, **documents.problems(422, 429, 503)},
        extra=UPLOAD_BODY,
    )
