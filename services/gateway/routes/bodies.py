"""Reading bodies: so many bytes, so much time, so many at once, and only then a look at them."""

from collections.abc import AsyncGenerator, AsyncIterator, Mapping
from contextlib import aclosing, asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Final

import pydantic_core
from starlette.datastructures import UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import ClientDisconnect, Request

from contracts.errors import ErrorCode
from services.gateway.domain.pictures import too_large
from services.gateway.domain.problems import RefusalError
from services.gateway.routes.pace import Pace
from services.gateway.routes.room import Room, Share
from services.gateway.routes.visit import visit_of

SLACK_BYTES: Final = 64 * 1024
"""What fields and delimiters may take beside the picture."""

MAX_PARTS: Final = 32

MAX_MARKS: Final = 10_000
"""The most values, names and texts of a JSON body: ours have a dozen, and base64 has no marks."""

_MARKS: Final = b'{[",'


@dataclass(frozen=True, slots=True)
class Form:
    """A multipart body: text fields, and the bytes of the part `image` (or the part asked for)."""

    fields: Mapping[str, str]
    file: bytes | None


@dataclass(slots=True)
class Bodies:
    """Reads bodies of at most `most_bytes` pictures."""

    most_bytes: int
    _room: Room = field(default_factory=Room)

    def figures(self) -> dict[str, int]:
        """The bodies that are held at the moment."""
        return self._room.figures()

    @property
    def most_json_bytes(self) -> int:
        """A picture in base64 with its fields."""
        return self.most_bytes * 4 // 3 + SLACK_BYTES

    @asynccontextmanager
    async def raw(self, request: Request, *, most: int) -> AsyncIterator[bytearray]:
        """The whole body. Raises RefusalError (413, 408, 429) and UnavailableError."""
        async with self._read(request, most) as chunks:
            body = bytearray()
            async for chunk in chunks:
                body += chunk
            yield body

    @asynccontextmanager
    async def json(self, request: Request, *, most: int) -> AsyncIterator[dict[str, Any]]:
        """A JSON object. Raises RefusalError (413, 408, 422, 429) and UnavailableError."""
        async with self._read(request, most) as chunks:
            body, marks = bytearray(), 0
            async for chunk in chunks:
                # A parsed body of nothing but marks takes thirty times its bytes.
                marks += sum(map(chunk.count, _MARKS))
                if marks > MAX_MARKS:
                    raise _too_many_values()
                body += chunk
            values = _object(body)
            body.clear()
            yield values

    @asynccontextmanager
    async def form(self, request: Request, *, file: str = "image") -> AsyncIterator[Form]:
        """A form with one file. Raises RefusalError (413, 408, 422, 429) and UnavailableError."""
        most = self.most_bytes + SLACK_BYTES
        async with self._read(request, most) as chunks:
            parser = MultiPartParser(
                request.headers,
                chunks,
                max_files=1,
                max_fields=MAX_PARTS,
                max_part_size=most,
            )
            parser.spool_max_size = most + 1  # in memory: the body is bounded already
            yield await _form(parser, file)

    @asynccontextmanager
    async def _read(
        self, request: Request, most: int
    ) -> AsyncIterator[AsyncGenerator[bytes, None]]:
        if _declared(request) > most:
            raise too_large(self.most_bytes)
        with self._room.share(visit_of(request).client) as share:
            async with aclosing(self._chunks(request, most, share)) as chunks:
                yield chunks

    async def _chunks(
        self, request: Request, most: int, share: Share
    ) -> AsyncGenerator[bytes, None]:
        pace, stream = Pace(), request.stream()
        try:
            while chunk := await pace.within(anext(stream, b"")):
                if share.held + len(chunk) > most:
                    raise too_large(self.most_bytes)
                share.take(len(chunk))
                pace.moved(len(chunk))
                yield chunk
        except TimeoutError:
            raise _too_slow() from None
        except ClientDisconnect:
            raise RefusalError(400, ErrorCode.INVALID_REQUEST, "The request ended early.") from None


def _declared(request: Request) -> int:
    length = request.headers.get("content-length", "")
    # A chunked body does not say.
    return int(length) if length.isdecimal() else 0


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


def _too_many_values() -> RefusalError:
    sentence = "The body has too many values; send the documented fields alone."
    return RefusalError(422, ErrorCode.INVALID_REQUEST, sentence)


def _too_slow() -> RefusalError:
    return RefusalError(
        408,
        ErrorCode.REQUEST_TIMEOUT,
        "The request took too long to arrive.",
        headers={"Connection": "close"},
    )
