"""Sending stored pictures: a reader holds a piece of one, and nothing of the store, while it reads.

Pieces are read one after the other, so that a reader who stalls keeps no connection of the store
from the others.
"""

from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from typing import Final

from starlette.responses import StreamingResponse
from starlette.types import Message, Receive, Scope, Send

from services.chassis.limits import Policy
from services.chassis.objects import ObjectStore
from services.gateway.domain.problems import too_many, unavailable
from services.gateway.domain.ranges import ByteRange
from services.gateway.routes.pace import Pace

PIECE_BYTES: Final = 1024 * 1024
"""What one reader holds in memory."""

MAX_READERS: Final = 128
MAX_READERS_PER_CLIENT: Final = 32
"""A browser opens six connections; an office behind one address has several."""

RETRY_SECONDS: Final = 1


class Readers:
    """Who reads pictures at the moment, in this process."""

    def __init__(self) -> None:
        self._clients: Counter[str] = Counter()

    def figures(self) -> dict[str, int]:
        """Who reads at the moment, and how many may."""
        return {"readers": self._clients.total(), "most_readers": MAX_READERS}

    @contextmanager
    def place(self, client: str) -> Iterator[None]:
        """A place for one reader. Raises RefusalError (429, 503)."""
        if self._clients.total() >= MAX_READERS:
            raise unavailable(RETRY_SECONDS)
        if self._clients[client] >= MAX_READERS_PER_CLIENT:
            policy = Policy("pictures", MAX_READERS_PER_CLIENT, RETRY_SECONDS)
            sentence = "You are loading too many pictures at once; please wait for some of them."
            raise too_many(policy, RETRY_SECONDS, sentence)
        self._clients[client] += 1
        try:
            yield
        finally:
            self._clients[client] -= 1
            if not self._clients[client]:
                del self._clients[client]


class PictureResponse(StreamingResponse):
    """A picture, or a range of it, for a reader who keeps up the slowest pace."""

    def __init__(
        self,
        content: AsyncIterator[bytes],
        status: int,
        headers: dict[str, str],
        *,
        media_type: str,
        readers: Readers,
        client: str,
    ) -> None:
        super().__init__(content, status, headers, media_type=media_type)
        self._readers = readers
        self._client = client

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it. Raises RefusalError (429, 503) before the first byte."""
        with self._readers.place(self._client):
            pace = Pace()

            async def paced(message: Message) -> None:
                await pace.within(send(message))
                pace.moved(len(message.get("body", b"")))

            try:
                await super().__call__(scope, receive, paced)
            except TimeoutError:
                # The server drops the connection of an answer that is not complete.
                return


async def pieces(store: ObjectStore, key: str, wanted: ByteRange) -> AsyncIterator[bytes]:
    """The bytes in pieces, each read whole before it is sent."""
    for start in range(wanted.start, wanted.end, PIECE_BYTES):
        end = min(start + PIECE_BYTES, wanted.end)
        yield b"".join([chunk async for chunk in store.stream(key, start=start, end=end)])
