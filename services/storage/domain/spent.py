"""Pictures that nobody needs once their job has ended: of a description, what was described."""

from collections.abc import Sequence
from typing import Final, Protocol
from uuid import UUID

from contracts.journal import Kind
from contracts.objects import job_folder
from services.chassis.objects import ObjectStore

SPENT_KIND: Final = Kind.DESCRIPTION
"""The kind whose pictures are removed at its ending, whatever that was."""


class SpentJobs(Protocol):
    """The record of ended jobs. Every method raises UnavailableError."""

    async def spent(self, *, limit: int) -> list[UUID]:
        """Jobs that have ended and still have a picture on record, the earliest ended first."""

    async def emptied(self, job_ids: Sequence[UUID]) -> None:
        """They have no picture any more."""


class Remover:
    """Removes spent pictures. Doing it again does no harm, so any process may, at any time."""

    def __init__(self, jobs: SpentJobs, store: ObjectStore, prefix: str) -> None:
        self._jobs = jobs
        self._store = store
        self._prefix = prefix

    async def remove(self, *, limit: int) -> int:
        """How many jobs were seen to. Raises UnavailableError."""
        found = await self._jobs.spent(limit=limit)
        for job_id in found:
            await self._remove(job_id)
        if found:
            await self._jobs.emptied(found)
        return len(found)

    async def _remove(self, job_id: UUID) -> None:
        folder = job_folder(self._prefix, SPENT_KIND, job_id)
        # Until its source is gone somebody may put a small copy beside it, and nobody afterwards.
        for _ in ("sources", "copies"):
            # A listing that goes on while what it lists disappears may leave some out.
            for stored in [stored async for stored in self._store.list(f"{folder}/")]:
                await self._store.delete(stored.key)
