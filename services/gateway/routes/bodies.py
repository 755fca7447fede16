"""Reading bodies: so many bytes, so much time, so many at once, and only then a look at them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pydantic_core
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from contracts.errors import ErrorCode
from services.chassis.errors import UnavailableError
from services.gateway.domain.pictures import too_large
from services.gateway.domain.problems import RefusalError

SLACK_BYTES: Final = 64 * 1024
"""What fields and delimiters may take beside the picture."""

IDLE_SECONDS: Final = 20.0
BODY_SECONDS: Final = 180.0
"""20 MiB at 1 Mbit/s take 168 s."""

MAX_HELD_BYTES: Final = 256 * 1024 * 1024
"""All bodies that are read or worked on at one moment in this process."""

MAX_PARTS: Final = 32


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body: text fields, and the bytes of the part `image` (or the part asked for)."""

    fields: Mapping[str, str]
    file: bytes | None


@dataclass(slots=True)
class Bodies:
    """Reads bodies of at most `most_bytes` pictures."""

    most_bytes: int
    _held: list[int] = field(default_factory=lambda: [0])

    @property
    def most_json_bytes(self) -> int:
        """A picture in base64 with its fields."""
        return self.most_bytes * 4 // 3 + SLACK_BYTES

    @asynccontextmanager
    async def raw(self, request: Request, *, most: int) -> AsyncIterator[bytearray]:
        """The whole body. Raises RefusalError (413, 408) and UnavailableError."""
        async with self._room(request, most):
            body = bytearray()
            async for chunk in self._chunks(request, most):
                body += chunk
            yield body

    @asynccontextmanager
    async def json(self, request: Request, *, most: int) -> AsyncIterator[dict[str, Any]]:
        """A JSON object. Raises RefusalError (413, 408, 422) and UnavailableError."""
        async with self.raw(request, most=most) as body:
            values = _object(body)
            body.clear()
            yield values

    @asynccontextmanager
    async def form(self, request: Request, *, file: str = "image") -> AsyncIterator[Form]:
        """A form with one file. Raises RefusalError (413, 408, 422) and UnavailableError."""
        most = self.most_bytes + SLACK_BYTES
        async with self._room(request, most):
            parser = MultiPartParser(
                request.headers,
                self._chunks(request, most),
                max_files=1,
                max_fields=MAX_PARTS,
                max_part_size=most,
            )
            parser.spool_max_size = most + 1  # in memory: the body is bounded already
            yield await _form(parser, file)

    @asynccontextmanager
    async def _room(self, request: Request, most: int) -> AsyncIterator[None]:
        declared = _declared(request, most)
        if declared > most:
            raise too_large(self.most_bytes)
        if self._held[0] + declared > MAX_HELD_BYTES:
            raise UnavailableError("too many bodies at once", retry_after=1)
        self._held[0] += declared
        try:
            yield
        finally:
            self._held[0] -= declared

    async def _chunks(self, request: Request, most: int) -> AsyncGenerator[bytes, None]:
        read, stream = 0, request.stream()
        end = asyncio.get_running_loop().time() + BODY_SECONDS
        try:
            while chunk := await _next(stream, end):
                read += len(chunk)
                if read > most:
                    raise too_large(self.most_bytes)
                yield chunk
        except TimeoutError:
            raise _too_slow() from None
        except ClientDisconnect:
            raise RefusalError(400, ErrorCode.INVALID_REQUEST, "The request ended early.") from None


async def _next(stream: AsyncGenerator[bytes, None], end: float) -> bytes:
    idle = asyncio.get_running_loop().time() + IDLE_SECONDS
    async with asyncio.timeout_at(min(idle, end)):
        return await anext(stream, b"")


def _declared(request: Request, most: int) -> int:
    length = request.headers.get("content-length", "")
    # A chunked body does not say; it may come to the most.
    return int(length) if length.isdecimal() else most


def _object(body: bytearray) -> dict[str, Any]:
    if not body:
        raise RefusalError(422, ErrorCode.INVALID_REQUEST, "The body is empty; send JSON.")
    try:
        values = pydantic_core.from_json(body, allow_inf_nan=False)
    except ValueError:
        raise RefusalError(422, ErrorCode.INVALID_REQUEST, "The body is not valid JSON.") from None
    if not isinstance(values, dict):
        raise RefusalError(422, ErrorCode.INVALID_REQUEST, "The body is not a JSON object.")
    return values


async def _form(parser: MultiPartParser, file: str) -> Form:
    try:
        items = await parser.parse()
    except MultiPartException:
        sentence = "The form cannot be read: it is damaged, or has too many or too large parts."
        raise RefusalError(422, ErrorCode.INVALID_REQUEST, sentence) from None
    try:
        fields = {name: value for name, value in items.items() if isinstance(value, str)}
        part = items.get(file)
        return Form(fields, await part.read() if isinstance(part, UploadFile) else None)
    finally:
        await items.close()


def _too_slow() -> RefusalError:
    return RefusalError(
        408,
        ErrorCode.REQUEST_TIMEOUT,
        "The request took too long to arrive.",
        headers={"Connection": "close"},
    )
