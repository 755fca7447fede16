"""The chain that an edit belongs to: the path from its root to it."""

from dataclasses import dataclass
from typing import Final, Protocol, Self
from uuid import UUID

from contracts.journal import JournalEntry
from services.chassis.journal import Recorded
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.status import readable

MAX_MEMBERS: Final = 500
"""Far beyond any chain that may be made: whatever is recorded, looking for the root ends."""


class Ancestry(Protocol):
    """Storage's record of follow-ups."""

    async def path(self, job_id: UUID) -> list[Recorded]:
        """The last members, in order, of the path from the root to a job; none for an unknown one.

        Raises UnavailableError.
        """


@dataclass(frozen=True, slots=True)
class Member:
    """A place in a chain; without an entry where the edit is erased or known to nobody any more."""

    job_id: UUID
    position: int
    parent_id: UUID | None
    entry: JournalEntry | None

    @classmethod
    def of(cls, entry: JournalEntry) -> Self:
        """The place of a job."""
        public = entry.public
        shown = entry if readable(entry) else None
        return cls(entry.job_id, public.chain_position, public.parent_job_id, shown)


class Chains:
    """Reads chains: the asked edit as `GET /edit` tells it, what led to it from the record."""

    def __init__(self, jobs: Jobs, ancestry: Ancestry) -> None:
        self._jobs = jobs
        self._ancestry = ancestry

    async def path(self, job_id: UUID) -> list[Member]:
        """From the root to the edit. Raises RefusalError (404) and UnavailableError."""
        path = [Member.of((await self._jobs.status(job_id)).entry)]
        while (parent := path[0].parent_id) and len(path) < MAX_MEMBERS:
            path[:0] = await self._older(parent, path[0].position - 1)
        return path

    async def _older(self, job_id: UUID, position: int) -> list[Member]:
        """What leads to a job, it included; it alone where the record does not know it."""
        if recorded := await self._ancestry.path(job_id):
            return [Member.of((await self._jobs.refreshed(one)).entry) for one in recorded]
        found = await self._jobs.find(job_id)
        return [Member.of(found.entry) if found else Member(job_id, max(position, 1), None, None)]
