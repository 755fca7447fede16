"""What belongs to nobody any more: uploads after a day, pictures without a job."""

import logging
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from contracts.journal import Kind, Stage
from contracts.objects import KEY, UPLOADS, thumb_key
from services.chassis.journal import Journal
from services.chassis.objects import ObjectStore, StoredObject
from services.storage.domain.spent import SPENT_KIND

log = logging.getLogger(__name__)

NOBODYS: Final = timedelta(hours=24)
"""An object of this age that no job in the journal or the record has belongs to nobody."""

LOOKED_AT: Final = 500
"""Objects whose jobs are asked for in one statement."""

MOST_REMOVED: Final = 10_000
"""Objects of one sweep: what is left is found by the next one."""

FEW: Final = 10
"""Jobs: with so few no share of them says anything."""


class Record(Protocol):
    """The record of jobs."""

    async def kept(self, job_ids: Iterable[UUID]) -> set[UUID]:
        """Those of them that it knows and that were not erased. Raises UnavailableError."""

    async def ended(self, job_ids: Iterable[UUID]) -> set[UUID]:
        """Those of them that have ended. Raises UnavailableError."""


@dataclass(slots=True)
class Found:
    """What a sweep came across: jobs by whether they are still there, and what to remove."""

    known: int = 0
    unknown: int = 0
    keys: list[str] = field(default_factory=list)


class Orphans:
    """Finds and removes pictures that belong to nobody, uploads that were not used among them."""

    def __init__(self, store: ObjectStore, jobs: Record, journal: Journal, prefix: str) -> None:
        self._store = store
        self._jobs = jobs
        self._journal = journal
        self._prefix = prefix

    async def sweep(self, now: datetime) -> int:
        """How many objects were removed. Raises UnavailableError.

        Where the record knows fewer jobs than there are strangers it is not believed: somebody
        connected another database, or has still to rebuild this one.
        """
        before, found = now - NOBODYS, Found()
        await self._uploads(before, found)
        uploads = len(found.keys)
        for kind in Kind:
            await self._of_kind(kind, before, found)
        if found.unknown > max(FEW, found.known):
            log.error("record_not_believed", extra={"known": found.known, "unknown": found.unknown})
            del found.keys[uploads:]
        for key in found.keys[:uploads]:
            await self._store.delete(thumb_key(key))
        for key in found.keys:
            await self._store.delete(key)
        return len(found.keys)

    async def _uploads(self, before: datetime, found: Found) -> None:
        async for old in self._old(UPLOADS, before):
            found.keys += [stored.key for stored in old][: MOST_REMOVED - len(found.keys)]

    async def _of_kind(self, kind: Kind, before: datetime, found: Found) -> None:
        async for old in self._old(kind, before):
            jobs = {_job_of(stored.key) for stored in old}
            kept = await self._kept(jobs)
            found.known += len(kept)
            found.unknown += len(jobs - kept)
            if kind is SPENT_KIND:
                # What was stored for them again, by a request that was slow, is needed by nobody.
                kept -= await self._jobs.ended(kept)
            lost = [stored.key for stored in old if _job_of(stored.key) not in kept]
            found.keys += lost[: MOST_REMOVED - len(found.keys)]

    async def _kept(self, jobs: Iterable[UUID]) -> set[UUID]:
        wanted = set(jobs)
        kept = await self._jobs.kept(wanted)
        for job_id in wanted - kept:
            last = await self._journal.last(job_id, leader=True)
            if last is not None and last.entry.stage is not Stage.ERASED:
                kept.add(job_id)
        return kept

    async def _old(self, folder: str, before: datetime) -> AsyncIterator[list[StoredObject]]:
        batch: list[StoredObject] = []
        async for stored in self._store.list(f"{self._prefix}/{folder}/"):
            # What is no key of ours is nobody else's to remove either.
            if stored.modified < before and KEY.fullmatch(stored.key):
                batch.append(stored)
            if len(batch) == LOOKED_AT:
                yield batch
                batch = []
        if batch:
            yield batch


def _job_of(key: str) -> UUID:
    return UUID(key.split("/")[2])
