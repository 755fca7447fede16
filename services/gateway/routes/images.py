"""Pictures by their id: uploads, and what the caller's jobs were made from and ended with."""

from dataclasses import dataclass
from typing import Final
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from contracts.objects import thumb_key
from services.chassis.keyring import UPLOAD_VERSION
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.fields import identifier
from services.gateway.domain.images import Wanted, picture_of
from services.gateway.domain.problems import not_found
from services.gateway.routes import documents
from services.gateway.routes import picture_documents as told
from services.gateway.routes.answers import json_response
from services.gateway.routes.body_documents import UPLOAD_BODY
from services.gateway.routes.inputs import picture
from services.gateway.routes.jobs import may_change
from services.gateway.routes.paths import put
from services.gateway.routes.stored import Stored, unchanged
from services.gateway.routes.submitting import Submitting
from services.gateway.routes.visit import parts_of, visit_of
from services.gateway.settings import GatewaySettings

_OWNERS: Final = {
    # Whether it may still be read is asked every time: with an ETag that costs no bytes.
    "Cache-Control": "private, no-cache",
    "Cross-Origin-Resource-Policy": "same-site",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageRoutes:
    """The endpoints of pictures by their id."""

    submitting: Submitting
    stored: Stored
    reading: Buckets

    async def upload(self, request: Request) -> Response:
        """Keep a picture for later: the answer's `image_id` stands for it in a submission."""
        visit, parts = visit_of(request), parts_of(request)
        self.submitting.attempts.take(visit.client)
        image_id = parts.keyring.image_id(visit.caller.owner)
        async with picture(self.submitting.bodies, request) as data:
            kept = await parts.sources.upload(data, image_id)
        visit.remember()
        answer = {
            "image_id": str(image_id),
            "width": kept.width_pixels,
            "height": kept.height_pixels,
            "content_type": kept.content_type,
        }
        return json_response(answer, 201)

    async def read(self, request: Request) -> Response:
        """A picture of the caller: an upload, or the result or the original of a job."""
        visit, wanted = visit_of(request), Wanted.of(request.query_params)
        self.reading.take(visit.client)
        source = await _key(request, wanted)
        key = thumb_key(source) if wanted.small else source
        if same := unchanged(request, key, _OWNERS):
            return same
        if wanted.small:
            await parts_of(request).thumbs.ensure(source)
        return await self.stored.send(request, key, _OWNERS)


async def _key(request: Request, wanted: Wanted) -> str:
    """Where the picture lies. Raises RefusalError (404), for what is not the caller's too."""
    visit, parts, image_id = visit_of(request), parts_of(request), _image_id_of(request)
    if image_id.version == UPLOAD_VERSION:
        is_own = parts.keyring.is_image_of(image_id, visit.caller.owner)
        key = await parts.sources.upload_key(image_id) if is_own else None
        if key is None:
            raise not_found(ErrorCode.IMAGE_NOT_FOUND)
        return key
    job = (await parts.jobs.status(image_id, absent=ErrorCode.IMAGE_NOT_FOUND)).entry
    if not may_change(visit, job, parts.keyring.is_edit_token):
        raise not_found(ErrorCode.IMAGE_NOT_FOUND)
    return picture_of(job, wanted).key


def _image_id_of(request: Request) -> UUID:
    named = str(request.scope["path_params"]["image_id"])
    image_id = identifier(named, ErrorCode.IMAGE_NOT_FOUND)
    assert image_id is not None
    return image_id


def put_images(
    app: FastAPI, submitting: Submitting, stored: Stored, settings: GatewaySettings
) -> None:
    """Put them under their paths."""
    reading = Buckets("image-reads", settings.per_minute(300))
    images = ImageRoutes(submitting=submitting, stored=stored, reading=reading)
    put(
        app,
        ["/api/images"],
        images.upload,
        methods=("POST",),
        responses={201: told.KEPT, **documents.problems(422, 429, 503)},
        extra=UPLOAD_BODY,
    )
    put(
        app,
        ["/api/images/{image_id}"],
        images.read,
        responses={
            **told.READ,
            **documents.absent(ErrorCode.IMAGE_NOT_FOUND),
            **documents.problems(422, 429, 503),
        },
        extra=told.IMAGE,
    )
