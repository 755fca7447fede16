"""A bare event-stream client over a socket: cheap enough for thousands at once."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit


@dataclass(frozen=True, slots=True)
class StreamFrame:
    """One event of a stream; `id` is empty for the last."""

    event: str
    id: str
    data: bytes


class EventStream:
    """One open connection to a job's stream."""

    def __init__(self, reader: asyncio.StreamReader, head: bytes) -> None:
        self._reader = reader
        self.head = head.decode("latin-1")
        self.status = int(head.split(b" ", 2)[1])

    async def __aiter__(self) -> AsyncIterator[StreamFrame]:
        fields: dict[bytes, bytes] = {}
        async for line in self._lines():
            if not line:
                if b"data" in fields:
                    yield StreamFrame(
                        fields.get(b"event", b"message").decode(),
                        fields.get(b"id", b"").decode(),
                        fields[b"data"],
                    )
                fields = {}
                continue
            name, _, value = line.partition(b":")
            fields[name] = value.removeprefix(b" ")

    async def _lines(self) -> AsyncIterator[bytes]:
        """Lines of the body: the sizes of chunks are stepped over."""
        rest = b""
        while chunk := await self._chunk():
            *lines, rest = (rest + chunk).split(b"\n")
            for line in lines:
                yield line.rstrip(b"\r")

    async def _chunk(self) -> bytes:
        size = int((await self._reader.readline()).strip() or b"0", 16)
        chunk = await self._reader.readexactly(size) if size else b""
        await self._reader.readline()
        return chunk


@asynccontextmanager
async def event_stream(
    url: str, *, last_event_id: str = "", headers: Mapping[str, str] | None = None
) -> AsyncIterator[EventStream]:
    """Connect, and leave as a client leaves whose network is gone."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        resume = {"Last-Event-ID": last_event_id} if last_event_id else {}
        fields = {"Host": parts.netloc, **resume, **(headers or {})}
        lines = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
        writer.write(f"GET {parts.path} HTTP/1.1\r\n{lines}\r\n".encode())
        yield EventStream(reader, await reader.readuntil(b"\r\n\r\n"))
    finally:
        writer.transport.abort()
