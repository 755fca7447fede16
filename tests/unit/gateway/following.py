"""A hub among fakes, and the connections of its streams."""

import asyncio
from functools import partial
from uuid import UUID

from contracts.journal import JournalEntry
from services.chassis.bus import to_bytes
from services.chassis.journal import Recorded
from services.gateway.domain.histories import Histories
from services.gateway.domain.hub import Hub
from services.gateway.domain.known import Known
from services.gateway.domain.stream import Stream
from services.gateway.domain.streams import Streams
from tests.fakes import MemoryJournal


class Reader:
    """A connection: keeps what was sent, or stops reading."""

    def __init__(self) -> None:
        self.sent = b""
        self.completed = asyncio.Event()
        self.reads = asyncio.Event()
        self.reads.set()

    async def send(self, message: dict) -> None:
        await self.reads.wait()
        self.sent += message["body"]
        if not message["more_body"]:
            self.completed.set()

    @property
    def ids(self) -> list[int]:
        return [int(line[4:]) for line in self.sent.split(b"\n") if line.startswith(b"id: ")]


class World:
    """A journal, a hub, and what follows them."""

    def __init__(self, *, is_followed: bool = True, **limits: int) -> None:
        self.journal = MemoryJournal()
        self.histories = Histories(
            self.journal.replay, partial(self.journal.last, leader=True), Known()
        )
        self.hub = Hub(
            self.histories,
            lambda entry, base: f"{base}{entry.index}".encode(),
            Streams(**{"per_client": 0, **limits}),
        )
        if is_followed:
            self.hub.has_its_place(0)

    async def append(self, entry: JournalEntry, *, heard: bool = True) -> Recorded:
        last = await self.journal.last(entry.job_id)
        recorded = await self.journal.append(entry, judged=last, message_id=str(entry.index))
        assert recorded is not None
        if heard:
            self.hear(recorded)
        return recorded

    def hear(self, recorded: Recorded) -> None:
        job_id = str(recorded.entry.job_id)
        self.hub.heard(job_id, recorded.sequence, to_bytes(recorded.entry))

    def join(self, job_id: UUID, client: str = "c") -> Stream:
        return self.hub.join(job_id, client=client, base="x")

    async def follow(self, job_id: UUID, *, after: int | None = None) -> Reader:
        stream, reader = self.join(job_id), Reader()
        self.hub.resume(stream, await self.hub.history(job_id), after=after)
        reader.sent += stream.opening()
        stream.attach(reader.send)
        return reader


async def settle() -> None:
    for _ in range(20):
        await asyncio.sleep(0)
