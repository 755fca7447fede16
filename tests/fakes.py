"""Hand-written fakes of the chassis ports, with the semantics of the real ones."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from uuid import UUID

from contracts.base import Message
from contracts.journal import JournalEntry, Stage
from contracts.succession import check_successor
from services.chassis.journal import Recorded

Gate = Callable[[str], "AsyncGate"]
AsyncGate = object


@asynccontextmanager
async def open_gate(_: str) -> AsyncIterator[None]:
    """Lets every operation through."""
    yield


class MemoryJournal:
    """The journal in memory: one line of entries per job, compare-and-append."""

    def __init__(self, gate=open_gate) -> None:
        self.lines: dict[UUID, list[Recorded]] = {}
        self._gate = gate
        self._sequence = 100

    def entries(self, job_id: UUID) -> list[JournalEntry]:
        return [recorded.entry for recorded in self.lines.get(job_id, [])]

    def peek(self, job_id: UUID) -> Recorded | None:
        line = self.lines.get(job_id)
        return line[-1] if line else None

    async def last(self, job_id: UUID, *, leader: bool = False) -> Recorded | None:
        async with self._gate("read"):
            return self.peek(job_id)

    async def append(
        self, entry: JournalEntry, *, judged: Recorded | None, message_id: str
    ) -> Recorded | None:
        check_successor(judged.entry if judged else None, entry)
        async with self._gate("append"):
            return self._store(entry, judged, message_id)

    async def replay(self, job_id: UUID, *, after: int = 0) -> list[Recorded]:
        return [r for r in self.lines.get(job_id, []) if r.sequence > after]

    def _store(
        self, entry: JournalEntry, judged: Recorded | None, message_id: str
    ) -> Recorded | None:
        last = self.peek(entry.job_id)
        if last and last.message_id == message_id:
            return last
        if (last.sequence if last else 0) != (judged.sequence if judged else 0):
            return None
        self._sequence += 1
        recorded = Recorded(entry, self._sequence, message_id)
        line = [] if entry.stage is Stage.ERASED else self.lines.get(entry.job_id, [])
        self.lines[entry.job_id] = [*line, recorded]
        return recorded


class MemoryPublisher:
    """Keeps what was published, each id once."""

    def __init__(self, gate=open_gate) -> None:
        self.stored: dict[str, tuple[str, Message]] = {}
        self._gate = gate

    async def publish(self, subject: str, message: Message, *, message_id: str) -> None:
        async with self._gate("publish"):
            self.stored.setdefault(message_id, (subject, message))
