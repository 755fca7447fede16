"""`GET|HEAD /images/{key}`: stored pictures by signed link, whole or a range, from anywhere."""

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.errors import ErrorCode
from services.gateway.domain.problems import RefusalError
from services.gateway.routes import documents
from services.gateway.routes.paths import put
from services.gateway.routes.picture_documents import PICTURE, PICTURES
from services.gateway.routes.stored import ANYBODY, Stored, unchanged
from services.gateway.routes.visit import parts_of

_REDIRECT_SECONDS: Final = 300


@dataclass(frozen=True, slots=True)
class PictureRoutes:
    """The endpoint of stored pictures by signed link."""

    stored: Stored

    async def picture(self, request: Request) -> Response:
        """A stored picture; the link came with a status object and holds for a day or more."""
        parts, key = parts_of(request), str(request.scope["path_params"]["key"]).rstrip("/")
        asked = request.query_params
        left = parts.links.seconds_left(
            key, expires=asked.get("exp", ""), signature=asked.get("sig", "")
        )
        if not left:
            raise RefusalError(403, ErrorCode.FORBIDDEN, "This link is not valid or has expired.")
        headers = {**ANYBODY, "Cache-Control": f"public, max-age={left}, immutable"}
        if same := unchanged(request, key, headers):
            return same
        if request.method == "GET" and (elsewhere := await parts.store.presigned(key, left)):
            keep = f"public, max-age={min(left, _REDIRECT_SECONDS)}"
            return RedirectResponse(elsewhere, 302, {**ANYBODY, "Cache-Control": keep})
        return await self.stored.send(request, key, headers)


def put_pictures(app: FastAPI, stored: Stored) -> None:
    """Put the pictures under their path."""
    put(
        app,
        ["/images/{key:path}"],
        PictureRoutes(stored).picture,
        responses={**PICTURES, **documents.problems(403, 404, 429, 503)},
        extra={**PICTURE, **documents.PUBLIC},
    )
