"""Sending what is stored: a picture whole or a range of it, or the word that the client has it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from services.chassis.objects import StoredObject
from services.gateway.domain.problems import not_found
from services.gateway.domain.ranges import ByteRange, UnsatisfiableError, byte_range
from services.gateway.domain.sources import digest_in
from services.gateway.routes.readers import PictureResponse, Readers, pieces
from services.gateway.routes.visit import parts_of, visit_of

ANYBODY: Final = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Expose-Headers": "Content-Length, Content-Range, ETag, X-Request-Id",
    "Cross-Origin-Resource-Policy": "cross-origin",
}
"""A page of any origin may show it, read it and draw it."""


@dataclass(frozen=True, slots=True)
class Stored:
    """Sends stored pictures, with the readers of this process."""

    readers: Readers

    async def send(self, request: Request, key: str, headers: Mapping[str, str]) -> Response:
        """The picture, with headers that say who may keep it. Raises RefusalError (404)."""
        stored = await parts_of(request).store.head(key)
        if stored is None:
            raise not_found(ErrorCode.IMAGE_NOT_FOUND)
        return self._answer(request, stored, {**_headers(key), **headers})

    def _answer(self, request: Request, stored: StoredObject, headers: dict[str, str]) -> Response:
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
            readers=self.readers,
            client=visit_of(request).client,
        )


def unchanged(request: Request, key: str, headers: Mapping[str, str]) -> Response | None:
    """304 for a client that has the picture already."""
    known = request.headers.get("if-none-match", "").split(",")
    if not {etag(key), f"W/{etag(key)}"} & {tag.strip() for tag in known}:
        return None
    return Response(status_code=304, headers={**_headers(key), **headers})


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


def _headers(key: str) -> dict[str, str]:
    name = key.rpartition("/")[2]
    return {
        "ETag": etag(key),
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'inline; filename="mizual-{name}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
