"""Finding a job: the journal, then the record of what it no longer holds; and ending it."""

from collections.abc import Callable
from typing import Final, Protocol
from uuid import UUID, uuid4

from contracts.errors import ErrorCode
from contracts.journal import Stage
from contracts.queries import Erasure
from services.chassis.errors import TransientError, UnavailableError
from services.chassis.journal import Journal, Recorded
from services.gateway.domain.known import Known
from services.gateway.domain.problems import not_found
from services.gateway.domain.status import readable

MAX_RACES: Final = 100
"""Each lost race means that another writer advanced the job, so this is never met."""


class Record(Protocol):
    """What outlives the journal."""

    async def find(self, job_id: UUID) -> Recorded | None:
        """The last entry on record. Raises UnavailableError."""


class Eraser(Protocol):
    """Who forgets jobs."""

    async def erase(self, job_id: UUID) -> Erasure:
        """Forget the job; what was removed. Raises RefusedError (404) and UnavailableError."""


class Jobs:
    """Reads and ends jobs."""

    def __init__(
        self,
        journal: Journal,
        record: Record,
        known: Known,
        *,
        connected: Callable[[], bool] = lambda: True,
    ) -> None:
        self._journal = journal
        self._record = record
        self._known = known
        self._connected = connected

    async def find(self, job_id: UUID) -> Recorded | None:
        """The last entry, erased ones too. Raises UnavailableError when that cannot be told."""
        return await self._journal.last(job_id) or await self._record.find(job_id)

    async def status(
        self, job_id: UUID, *, absent: ErrorCode = ErrorCode.EDIT_NOT_FOUND
    ) -> Recorded:
        """The newest entry that can be told of, even while the bus is away.

        Raises RefusalError (404 with the code `absent`) for an unknown or erased job,
        UnavailableError when none is known.
        """
        recorded = await self._newest(job_id)
        if recorded is None or not readable(recorded.entry):
            raise not_found(absent)
        return recorded

    async def refreshed(self, recorded: Recorded) -> Recorded:
        """What was recorded, as it stands now: the record is a moment behind the journal.

        Raises UnavailableError.
        """
        job_id = recorded.entry.job_id
        if self._known.sequence(str(job_id)) > recorded.sequence:
            recorded = self._known.last(job_id) or recorded
        if recorded.entry.terminal:
            return recorded
        return await self._journal.last(job_id) or recorded

    async def cancel(self, job_id: UUID) -> tuple[Recorded, bool]:
        """End the job unless it has ended; whether it was this call that did.

        Raises RefusalError (404) and UnavailableError.
        """
        run = uuid4()
        for number in range(MAX_RACES):
            last = await self._journal.last(job_id, leader=True)
            if last is None or last.entry.terminal:
                return await self.status(job_id), False
            cancelled = await self._journal.append(
                last.entry.advance(Stage.CANCELLED),
                judged=last,
                message_id=f"{job_id}:{run}:{number}",
            )
            if cancelled is not None:
                self._known.note(cancelled)
                return cancelled, True
        raise TransientError("the journal moves faster than the cancellation")

    async def erase(self, job_id: UUID, by: Eraser) -> Erasure:
        """Forget the job; what was removed. Raises RefusedError (404) and UnavailableError."""
        erasure = await by.erase(job_id)
        if erasure.job.entry is not None:
            self._known.note(Recorded(erasure.job.entry, erasure.job.sequence))
        return erasure

    async def _newest(self, job_id: UUID) -> Recorded | None:
        try:
            found = await self._read(job_id)
        except UnavailableError:
            last = self._known.last(job_id)
            if last is None:
                raise
            return last
        if found is None:
            return self._known.last(job_id)
        # A replica that lags must not take back what a stream has already told.
        if found.sequence < self._known.sequence(str(job_id)):
            return self._known.last(job_id)
        self._known.note(found)
        return found

    async def _read(self, job_id: UUID) -> Recorded | None:
        if not self._connected():
            raise UnavailableError("the bus is away")
        return await self.find(job_id)
