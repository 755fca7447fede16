"""The styles that a job may name, and what they look like."""

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from contracts.objects import thumb_key
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.images import is_small
from services.gateway.domain.problems import RefusalError, not_found
from services.gateway.domain.styles import style_named
from services.gateway.routes import documents
from services.gateway.routes import picture_documents as told
from services.gateway.routes.answers import json_response
from services.gateway.routes.paths import put
from services.gateway.routes.schemas import StyleList
from services.gateway.routes.stored import ANYBODY, Stored, unchanged
from services.gateway.routes.visit import parts_of, visit_of
from services.gateway.settings import GatewaySettings

_KEPT_SECONDS: Final = 300
"""How long a browser may show the picture of a version that was replaced."""

_HEADERS: Final = {**ANYBODY, "Cache-Control": f"public, max-age={_KEPT_SECONDS}"}
_EXAMPLE: Final = {
    "styles": [{"id": "ink-and-paper", "name": "Ink and paper", "has_reference": True}]
}


@dataclass(frozen=True, slots=True, kw_only=True)
class StyleRoutes:
    """The endpoints of styles."""

    stored: Stored
    reading: Buckets

    async def all(self, request: Request) -> Response:
        """The styles that there are, by name."""
        self.reading.take(visit_of(request).client)
        styles = [
            {"id": style.id, "name": style.name, "has_reference": style.reference is not None}
            for style in await parts_of(request).styles.all()
        ]
        return json_response({"styles": styles})

    async def reference(self, request: Request) -> Response:
        """A picture that looks as the style is meant."""
        small = is_small(request.query_params)
        self.reading.take(visit_of(request).client)
        source = await _reference(request)
        key = thumb_key(source) if small else source
        if same := unchanged(request, key, _HEADERS):
            return same
        if small:
            await parts_of(request).thumbs.ensure(source)
        return await self.stored.send(request, key, _HEADERS)


async def _reference(request: Request) -> str:
    """Where the picture lies. Raises RefusalError (404) and PostponedError."""
    named = str(request.scope["path_params"]["style_id"])
    style = await style_named(parts_of(request).styles, named)
    if style is None:
        raise not_found(ErrorCode.STYLE_NOT_FOUND)
    if style.reference is None:
        sentence = "This style has no reference picture."
        raise RefusalError(404, ErrorCode.IMAGE_NOT_FOUND, sentence)
    return style.reference.key


def put_styles(app: FastAPI, stored: Stored, settings: GatewaySettings) -> None:
    """Put them under their paths."""
    styles = StyleRoutes(stored=stored, reading=Buckets("styles", settings.per_minute(60)))
    put(
        app,
        ["/api/styles"],
        styles.all,
        responses={200: documents.of(StyleList, _EXAMPLE), **documents.problems(429, 503)},
    )
    put(
        app,
        ["/api/styles/{style_id}/reference"],
        styles.reference,
        responses={
            **told.READ,
            **documents.absent(ErrorCode.STYLE_NOT_FOUND),
            **documents.problems(422, 429, 503),
        },
        extra=told.STYLE_IMAGE,
    )
