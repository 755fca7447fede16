"""Forgetting a job: what is wanted is noted first, then done, and done again until nothing returns.

Steps, each as often as it takes:

    note what is to be forgotten      a crash after this forgets it all the same
    journal: erased, after that entry one step: what was before is gone, nobody writes after it
    record: the empty row             at once, and again by whoever follows the journal
    objects, feedback, dead letters   what cannot be reached is left to the next sweep
    sweep again                       a worker that was late may have stored a picture meanwhile
"""

import logging
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, Protocol
from uuid import UUID, uuid4

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import FEED_SUBJECTS
from contracts.journal import JournalEntry, Kind, Slot, Stage, Work
from contracts.objects import job_folder, thumb_key
from contracts.queries import Erasure, JobRecord, QueryError
from services.chassis.bus import Publisher
from services.chassis.dead_letters import reason_of
from services.chassis.errors import MizualError, RefusedError
from services.chassis.journal import Journal, Recorded
from services.chassis.objects import ObjectStore
from services.storage.domain.feed import GiveBack, feed_id, returned, told
from services.storage.domain.record import Jobs, rows_of

log = logging.getLogger(__name__)

LATE: Final = timedelta(hours=1)
"""No run of a worker lasts as long: what it may still store has been stored."""


SWEEP_AGAIN: Final = timedelta(minutes=15)
"""After a sweep of everything that was cut off."""

KeptTo = Callable[[], Awaitable[int]]
"""The journal's sequence up to which every entry was kept and told. Raises UnavailableError."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A job that is to be forgotten, and what cannot be found out afterwards."""

    job_id: UUID
    kind: Kind
    upload_key: str | None = None
    places: tuple[Slot, ...] = ()
    """Of the provider's account: nobody else will see the job's task to its end."""
    keep_rating: bool = False


class Erasures(Protocol):
    """What is being forgotten. Every method raises UnavailableError while the database is away."""

    async def want(self, wanted: Wanted, now: datetime, *, until: datetime) -> None:
        """Note it for good; once is enough."""

    async def expire(self, kind: Kind, now: datetime, *, ended_before: datetime, limit: int) -> int:
        """Note jobs that are kept no longer, their ratings apart; how many were found."""

    async def begin(self, name: str, now: datetime) -> bool:
        """Whether it is this process's turn to sweep everything of that name.

        One that does not end is begun again after `SWEEP_AGAIN`.
        """

    async def ended(self, name: str, now: datetime, *, every: timedelta) -> None:
        """It was swept; next after so long."""

    async def claim(self, now: datetime, *, limit: int) -> list[Wanted]:
        """Those whose turn has come, for this process alone; each waits longer every time."""

    async def done(self, job_id: UUID, now: datetime) -> None:
        """Nothing was left of it: it needs no further turn once its time is over."""


class Opinions(Protocol):
    """The feedback service."""

    async def forget(self, job_id: UUID, *, keep_rating: bool) -> int:
        """How many rows had something. Raises UnavailableError."""


class DeadLetters(Protocol):
    """What could not be handled."""

    async def purge(self, job_id: UUID) -> int:
        """Remove the job's; how many there were. Raises UnavailableError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Everywhere:
    """Where something of a job may be, and who is to know of its end."""

    journal: Journal
    jobs: Jobs
    erasures: Erasures
    store: ObjectStore
    opinions: Opinions
    dead_letters: DeadLetters
    kept_to: KeptTo
    feed: Publisher
    give_back: GiveBack
    prefix: str


class Eraser:
    """Forgets jobs."""

    def __init__(self, at: Everywhere) -> None:
        self.at = at

    async def find(self, job_id: UUID) -> JournalEntry:
        """The job's last entry, erased ones too: asking again is answered with what is left.

        Raises RefusedError (404) for an unknown job.
        """
        last = await self._last(job_id)
        if last is None:
            raise _unknown()
        return last.entry

    async def forget(self, wanted: Wanted, *, until: datetime | None = None) -> Erasure:
        """Remove whatever is there; as often as wanted, and again for what is late, `until` then.

        Raises UnavailableError.
        """
        before, erased = await self._close(wanted, until or utcnow())
        if before is not None:
            wanted = _wanted_of(before, keep_rating=wanted.keep_rating)
        removed: dict[str, object] = {}
        remaining = []
        for name, remove in self._parts(wanted).items():
            try:
                removed[name] = await remove()
            except MizualError as error:
                log.warning("erasure_postponed", extra={"part": name, "error": reason_of(error)})
                remaining.append(name)
        return Erasure.model_validate(
            {**_told_of(before), **removed, "remaining": tuple(remaining), "job": erased}
        )

    def _parts(self, wanted: Wanted) -> dict[str, Callable[[], Awaitable[object]]]:
        at, job_id = self.at, wanted.job_id
        return {
            "objects": lambda: self._remove_objects(wanted),
            "feedback": lambda: at.opinions.forget(job_id, keep_rating=wanted.keep_rating),
            "dead_letters": lambda: at.dead_letters.purge(job_id),
        }

    async def give_back(self, wanted: Wanted) -> None:
        """Free the places of the job's task, which has ended by now or soon will."""
        for slot in wanted.places:
            await self.at.give_back(slot)

    async def _close(
        self, wanted: Wanted, until: datetime
    ) -> tuple[JournalEntry | None, JobRecord]:
        """What there was until now, and the erased entry, which the record has too."""
        while (last := await self._last(wanted.job_id)) is not None:
            if last.entry.stage is Stage.ERASED:
                return None, await self._keep(last)
            noted = _wanted_of(last.entry, keep_rating=wanted.keep_rating)
            await self.at.erasures.want(noted, utcnow(), until=until)
            before = await self._ended(last)
            erased = before and await self._append(before.entry.erase(), before)
            if before and erased:
                return before.entry, await self._keep(erased)
        return None, JobRecord(entry=None)

    async def _last(self, job_id: UUID) -> Recorded | None:
        if last := await self.at.journal.last(job_id, leader=True):
            return last
        # Past the journal's retention nothing stands on the subject: what follows expects that.
        record = await self.at.jobs.read(job_id)
        return Recorded(record.entry, 0) if record.entry else None

    async def _ended(self, last: Recorded) -> Recorded | None:
        """The job's ending; a job that goes on is cancelled. None: somebody was first.

        Of what the journal no longer holds, the last that is on record stands for it.
        """
        if not last.sequence:
            return last
        ending: Recorded | None = last
        if not last.entry.terminal:
            ending = await self._append(last.entry.advance(Stage.CANCELLED), last)
        if ending is not None:
            await self._tell(ending)
        return ending

    async def _tell(self, ending: Recorded) -> None:
        """Say what the record's keeper will not get to see, for it is gone from the journal."""
        if await self.at.kept_to() >= ending.sequence:
            return
        if event := told(ending.entry):
            await self.at.feed.publish(FEED_SUBJECTS[type(event)], event, message_id=feed_id(event))
        for slot in returned(ending.entry):
            await self.at.give_back(slot)

    async def _append(self, entry: JournalEntry, judged: Recorded) -> Recorded | None:
        return await self.at.journal.append(
            entry,
            judged=judged if judged.sequence else None,
            message_id=f"{entry.job_id}:{uuid4()}:0",
        )

    async def _keep(self, erased: Recorded) -> JobRecord:
        await self.at.jobs.keep(rows_of([erased]))
        return JobRecord(entry=erased.entry, sequence=erased.sequence)

    async def _remove_objects(self, wanted: Wanted) -> tuple[str, ...]:
        roles = [
            key.rpartition("/")[2].partition("-")[0]
            async for key in self._keys(wanted)
            if await self.at.store.delete(key)
        ]
        if wanted.upload_key:
            await self.at.store.delete(thumb_key(wanted.upload_key))
            if await self.at.store.delete(wanted.upload_key):
                roles.append("upload")
        return tuple(sorted(roles))

    async def _keys(self, wanted: Wanted) -> AsyncIterator[str]:
        folder = job_folder(self.at.prefix, wanted.kind, wanted.job_id)
        # A listing that goes on while what it lists disappears may leave some out.
        for stored in [stored async for stored in self.at.store.list(f"{folder}/")]:
            yield stored.key


def _wanted_of(entry: JournalEntry, *, keep_rating: bool) -> Wanted:
    facts = entry.facts
    return Wanted(entry.job_id, entry.kind, facts.upload_key, facts.places, keep_rating)


def _told_of(before: JournalEntry | None) -> dict[str, object]:
    if before is None:
        return {}
    return {"journal_entries": before.index + 1, "words": _words(before.work)}


def _words(work: Work | None) -> Sequence[str]:
    if work is None:
        return ()
    is_there = {
        "prompt": bool(work.prompt),
        "enhanced_prompt": bool(work.enhanced and work.enhanced.prompt),
        "description": work.written is not None,
    }
    return tuple(name for name, there in is_there.items() if there)


def _unknown() -> RefusedError:
    return RefusedError(
        QueryError(status=404, code=ErrorCode.EDIT_NOT_FOUND, detail="Edit not found")
    )
