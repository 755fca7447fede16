"""Readers of pictures: one who stalls keeps nothing from the others."""

import asyncio
from collections.abc import AsyncIterator
from uuid import uuid4

import pytest
from starlette.types import Message

from contracts.objects import digest, upload_key
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.ranges import ByteRange
from services.gateway.routes import pace, readers
from services.gateway.routes.readers import PictureResponse, Readers, pieces
from tests.fakes_objects import MemoryStore

DATA = bytes(range(256)) * 40
KEY = upload_key("preview", uuid4(), sha256=digest(DATA), content_type="image/jpeg")
SCOPE = {"type": "http", "asgi": {"spec_version": "2.3"}}


class CountingStore(MemoryStore):
    """Knows how many of its streams are open."""

    streams = 0

    async def stream(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        self.streams += 1
        try:
            async for chunk in super().stream(key, start=start, end=end):
                yield chunk
        finally:
            self.streams -= 1


class Client:
    """Reads everything, or stalls after the first piece."""

    def __init__(self, *, stalls: bool = False) -> None:
        self.body = b""
        self.begun = asyncio.Event()
        self._stalls = stalls

    async def send(self, message: Message) -> None:
        self.body += message.get("body", b"")
        if self.body:
            self.begun.set()
            if self._stalls:
                await asyncio.Event().wait()

    async def receive(self) -> Message:
        await asyncio.Event().wait()
        raise AssertionError


@pytest.fixture
async def store(monkeypatch: pytest.MonkeyPatch) -> CountingStore:
    monkeypatch.setattr(readers, "PIECE_BYTES", 1000)
    store = CountingStore()
    await store.put(KEY, DATA, content_type="image/jpeg")
    return store


def answer(store: MemoryStore, who: Readers, client: str = "c") -> PictureResponse:
    wanted = ByteRange(0, len(DATA))
    return PictureResponse(
        pieces(store, KEY, wanted), 200, {}, media_type="image/jpeg", readers=who, client=client
    )


async def read(response: PictureResponse, client: Client) -> None:
    await response(SCOPE, client.receive, client.send)


async def test_pieces_make_up_the_range(store: CountingStore):
    got = [piece async for piece in pieces(store, KEY, ByteRange(500, 2700))]

    assert b"".join(got) == DATA[500:2700]
    assert max(map(len, got)) == 1000


async def test_a_reader_who_stalls_holds_no_stream_of_the_store(store: CountingStore):
    client = Client(stalls=True)
    reading = asyncio.create_task(read(answer(store, Readers()), client))
    await client.begun.wait()

    assert store.streams == 0

    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)


async def test_a_reader_who_stalls_is_dropped(
    store: CountingStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(pace, "IDLE_SECONDS", 0.01)
    client = Client(stalls=True)

    await asyncio.wait_for(read(answer(store, Readers()), client), 5)

    assert len(client.body) < len(DATA)


@pytest.mark.parametrize(
    ("bound", "status"), [("MAX_READERS_PER_CLIENT", 429), ("MAX_READERS", 503)]
)
async def test_only_so_many_read_at_once(
    store: CountingStore, monkeypatch: pytest.MonkeyPatch, bound: str, status: int
):
    monkeypatch.setattr(readers, bound, 1)
    who, other = Readers(), Client()

    with who.place("c"), pytest.raises(RefusalError) as refused:
        await read(answer(store, who), other)
    await read(answer(store, who), other)

    assert refused.value.status == status
    assert other.body == DATA
