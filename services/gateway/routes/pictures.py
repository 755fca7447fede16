"""`GET|HEAD /images/{key}`: stored pictures by signed link, whole or a range, from anywhere."""

from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from contracts.errors import ErrorCode
from services.chassis.objects import StoredObject
from services.gateway.domain.problems import RefusalError, not_found
from services.gateway.domain.ranges import ByteRange, UnsatisfiableError, byte_range
from services.gateway.domain.sources import digest_in
from services.gateway.routes import documents
from services.gateway.routes.paths import put
from services.gateway.routes.picture_documents import PICTURE, PICTURES
from services.gateway.routes.readers import PictureResponse, Readers, pieces
from services.gateway.routes.visit import parts_of, visit_of

_ANYBODY: Final = {"Access-Control-Allow-Origin": "*"}
_EXPOSED: Final = "Content-Length, Content-Range, ETag, X-Request-Id"
_REDIRECT_SECONDS: Final = 300


class PictureRoutes:
    """The endpoint of stored pictures, with the readers of this process."""

    def __init__(self, readers: Readers) -> None:
        self._readers = readers

    async def picture(self, request: Request) -> Response:
        """A stored picture; the link came with a status object and holds for a day or more."""
        parts, key = parts_of(request), str(request.scope["path_params"]["key"]).rstrip("/")
        asked = request.query_params
        left = parts.links.seconds_left(
            key, expires=asked.get("exp", ""), signature=asked.get("sig", "")
        )
        if not left:
            raise RefusalError(403, ErrorCode.FORBIDDEN, "This link is not valid or has expired.")
        if request.headers.get("if-none-match") in {etag(key), f"W/{etag(key)}"}:
            return Response(status_code=304, headers=_headers(key, left))
        if request.method == "GET" and (elsewhere := await parts.store.presigned(key, left)):
            keep = f"public, max-age={min(left, _REDIRECT_SECONDS)}"
            return RedirectResponse(elsewhere, 302, {**_ANYBODY, "Cache-Control": keep})
        stored = await parts.store.head(key)
        if stored is None:
            raise not_found(ErrorCode.IMAGE_NOT_FOUND)
        return self._answer(request, stored, left)

    def _answer(self, request: Request, stored: StoredObject, left: int) -> Response:
        headers = _headers(stored.key, left)
        try:
            part = byte_range(_range_of(request, stored), stored.size_bytes)
        except UnsatisfiableError:
            beyond = {**headers, "Content-Range": f"bytes */{stored.size_bytes}"}
            return Response(status_code=416, headers=beyond)
        wanted = part or ByteRange(0, stored.size_bytes)
        headers["Content-Length"] = str(wanted.end - wanted.start)
        if part is not None:
            headers["Content-Range"] = f"bytes {part.start}-{part.end - 1}/{stored.size_bytes}"
        status = 206 if part else 200
        if request.method == "HEAD":
            return _Head(status, headers, stored.content_type)
        return PictureResponse(
            pieces(parts_of(request).store, stored.key, wanted),
            status,
            headers,
            media_type=stored.content_type,
            readers=self._readers,
            client=visit_of(request).client,
        )


def etag(key: str) -> str:
    """Keys hold a digest of their bytes and are never overwritten."""
    return f'"{digest_in(key)}"'


def _range_of(request: Request, stored: StoredObject) -> str | None:
    if request.headers.get("if-range", etag(stored.key)) != etag(stored.key):
        return None
    return request.headers.get("range")


class _Head(Response):
    """A response without its body but with the body's length."""

    def __init__(self, status: int, headers: dict[str, str], content_type: str) -> None:
        super().__init__(None, status, headers, media_type=content_type)


def _headers(key: str, left: int) -> dict[str, str]:
    name = key.rpartition("/")[2]
    return {
        **_ANYBODY,
        "Access-Control-Expose-Headers": _EXPOSED,
        "Cache-Control": f"public, max-age={left}, immutable",
        "ETag": etag(key),
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'inline; filename="mizual-{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Cross-Origin-Resource-Policy": "cross-origin",
    }


def put_pictures(app: FastAPI, readers: Readers) -> None:
    """Put the pictures under their path."""
    put(
        app,
        ["/images/{key:path}"],
        PictureRoutes(readers).picture,
        responses={**PICTURES, **documents.problems(403, 404, 429, 503)},
        extra={**PICTURE, **documents.PUBLIC},
    )
