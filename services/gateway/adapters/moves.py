"""What became of an owner's jobs: storage's record, and the journal that runs ahead of it."""

from collections.abc import AsyncIterator
from datetime import datetime
from uuid import UUID

from contracts.queries import MovedJobs, MovedQuestion
from contracts.subjects import STORAGE_MOVED_QUERY
from services.chassis.bus import Bus
from services.chassis.journal import JetStreamJournal, Recorded
from services.gateway.adapters.answers import BusRecord


class BusMoves:
    """See Moves."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._record = BusRecord(bus)
        self._journal = JetStreamJournal(bus)

    async def moved(
        self, owner: str, *, after: int, ended_after: datetime | None, most: int
    ) -> MovedJobs:
        """See Moves."""
        question = MovedQuestion(owner=owner, after=after, ended_after=ended_after, most=most)
        return await self._bus.ask(STORAGE_MOVED_QUERY, question, MovedJobs)

    async def snapshot(self, job_id: UUID) -> Recorded | None:
        """See Moves."""
        return await self._record.find(job_id)

    def between(self, after: int, upto: int) -> AsyncIterator[tuple[int, bytes]]:
        """See Moves."""
        return self._journal.between(after, upto)

    async def end(self) -> int:
        """See Moves."""
        return await self._journal.end()
