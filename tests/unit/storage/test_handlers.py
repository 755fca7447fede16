"""What storage does, over ports in memory."""

from collections.abc import Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

import pytest

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import DeadLetter, EditRequested, JobEvent
from contracts.journal import Enhanced, JournalEntry, Slot, Stage
from contracts.queries import JobRecord, MovedJob, MovedQuestion
from contracts.subjects import EDIT_ENHANCED, JOB_ACCEPTED, JOB_FAILED
from services.chassis.errors import UnavailableError
from services.chassis.journal import Recorded
from services.chassis.judge import Verdict
from services.storage.domain.judging import Judging
from services.storage.domain.record import Kept, Row, rows_of
from services.storage.domain.stuck import MaxDeliveries
from services.storage.handlers import record as on
from tests.fakes import MemoryJournal, MemoryPublisher
from tests.samples import job

ENHANCED = Enhanced(instruction="Make it blue.")
ADVISORY = MaxDeliveries(
    stream="EVENTS", consumer="enhancer_edit_requested", stream_seq=7, deliveries=1000
)


class MemoryJobs:
    """The record in memory; every job in `silent` is due."""

    def __init__(self, silent: Iterable[UUID] = ()) -> None:
        self.rows: dict[UUID, Row] = {}
        self.silent = list(silent)

    async def keep(self, rows: Iterable[Row]) -> list[Kept]:
        self.rows |= {row.job_id: row for row in rows}
        return []

    async def read(self, job_id: UUID) -> JobRecord:
        row = self.rows.get(job_id)
        return JobRecord(entry=JournalEntry.model_validate_json(row.entry) if row else None)

    async def moved(
        self, owner: str, *, after: int, ended_after: datetime | None, limit: int
    ) -> list[MovedJob]:
        found = (row for row in self.rows.values() if row.owner == owner and row.sequence > after)
        moved = [MovedJob(job_id=row.job_id, sequence=row.sequence) for row in found]
        return sorted(moved, key=lambda job: -job.sequence)[:limit]

    async def claim_silent(self, now: datetime, *, limit: int) -> list[UUID]:
        return self.silent[:limit]

    async def unwatch(self, job_ids: Iterable[UUID]) -> None:
        gone = set(job_ids)
        self.silent = [job_id for job_id in self.silent if job_id not in gone]


class MemoryPlaces:
    """Quota places that were given back."""

    def __init__(self) -> None:
        self.free: list[Slot] = []

    async def give_back(self, slot: Slot) -> None:
        self.free.append(slot)


class OneStuck:
    """One event that nobody will be given again."""

    def __init__(self, event: JobEvent | None) -> None:
        self.event = event

    async def load(self, sequence: int) -> JobEvent | None:
        return self.event

    async def delete(self, sequence: int) -> None:
        self.event = None


class RacingJournal(MemoryJournal):
    """Another writer is first, once."""

    def __init__(self, rival: Stage) -> None:
        super().__init__()
        self._rival: Stage | None = rival

    async def append(
        self, entry: JournalEntry, *, judged: Recorded | None, message_id: str
    ) -> Recorded | None:
        if judged is not None and self._rival is not None:
            rival, self._rival = judged.entry.advance(self._rival), None
            await super().append(rival, judged=judged, message_id="rival")
        return await super().append(entry, judged=judged, message_id=message_id)


async def opened(journal: MemoryJournal, entry: JournalEntry) -> Recorded:
    recorded = await journal.append(entry, judged=None, message_id="open")
    assert recorded is not None
    return recorded


async def test_entries_are_kept_told_and_paid_back() -> None:
    slots = (Slot(policy="daily", sequence=3),)
    first = job(quota=slots)
    batch = [Recorded(first, 1), Recorded(first.fail(ErrorCode.PROVIDER_FAILED, "No."), 2)]
    jobs, feed, places = MemoryJobs(), MemoryPublisher(), MemoryPlaces()

    await on.on_journal_entries(batch, jobs=jobs, feed=feed, give_back=places.give_back)

    assert jobs.rows[first.job_id].stage == "failed"
    assert [subject for subject, _ in feed.stored.values()] == [JOB_ACCEPTED, JOB_FAILED]
    assert tuple(places.free) == slots


async def test_nothing_is_told_that_is_not_in_the_record() -> None:
    class AwayJobs(MemoryJobs):
        async def keep(self, rows: Iterable[Row]) -> list[Kept]:
            raise UnavailableError("away")

    feed = MemoryPublisher()
    keep = partial(
        on.on_journal_entries, jobs=AwayJobs(), feed=feed, give_back=MemoryPlaces().give_back
    )

    with pytest.raises(UnavailableError):
        await keep([Recorded(job(), 1)])

    assert not feed.stored


async def test_only_so_many_jobs_that_moved_are_told_the_latest_first() -> None:
    jobs, entries = MemoryJobs(), [job() for _ in range(3)]
    await jobs.keep(rows_of(Recorded(entry, 10 + at) for at, entry in enumerate(entries)))

    async def kept_to() -> int:
        return 12

    few = await on.on_moved_question(
        MovedQuestion(owner="owner", most=2), jobs=jobs, kept_to=kept_to
    )
    rest = await on.on_moved_question(
        MovedQuestion(owner="owner", after=11, most=2), jobs=jobs, kept_to=kept_to
    )

    assert [moved.sequence for moved in few.jobs] == [12, 11]
    assert (few.more, few.complete_to) == (True, 12)
    assert ([moved.sequence for moved in rest.jobs], rest.more) == ([12], False)


async def test_the_watchdog_wakes_the_silent_and_leaves_the_lively() -> None:
    journal, publisher = MemoryJournal(), MemoryPublisher()
    silent, lively = await opened(journal, job()), await opened(journal, job())
    await journal.append(
        lively.entry.advance(Stage.ENHANCING_PROMPT), judged=lively, message_id="moved"
    )
    judging = Judging(journal, publisher, now=lambda: utcnow() + timedelta(seconds=11))

    await on.watch(jobs=MemoryJobs([silent.entry.job_id, lively.entry.job_id]), judging=judging)

    assert list(publisher.stored) == [f"{silent.entry.job_id}:edit.requested:r{silent.sequence}"]


async def test_the_watchdog_forgets_what_the_journal_forgot() -> None:
    gone = job().job_id
    jobs = MemoryJobs([gone])

    await on.watch(jobs=jobs, judging=Judging(MemoryJournal(), MemoryPublisher()))

    assert jobs.silent == []


async def test_a_job_that_cannot_be_read_keeps_nobody_else_asleep(
    caplog: pytest.LogCaptureFixture,
) -> None:
    class OneUnreadable(MemoryJournal):
        async def last(self, job_id: UUID, *, leader: bool = False) -> Recorded | None:
            if job_id == unreadable:
                raise ValueError("what a person wrote")
            return await super().last(job_id, leader=leader)

    journal, publisher, unreadable = OneUnreadable(), MemoryPublisher(), job().job_id
    silent = await opened(journal, job())
    jobs = MemoryJobs([unreadable, silent.entry.job_id])
    judging = Judging(journal, publisher, now=lambda: utcnow() + timedelta(seconds=11))

    await on.watch(jobs=jobs, judging=judging)

    assert len(publisher.stored) == 1
    assert jobs.silent == [silent.entry.job_id]
    assert "what a person wrote" not in caplog.text


async def test_a_job_that_ends_while_it_is_judged_ends_once() -> None:
    journal = RacingJournal(Stage.COMPLETED)
    late = await opened(journal, job(deadline=utcnow()))
    judging = Judging(journal, MemoryPublisher())

    await on.watch(jobs=MemoryJobs([late.entry.job_id]), judging=judging)

    assert [entry.stage for entry in journal.entries(late.entry.job_id)] == [
        Stage.PENDING,
        Stage.COMPLETED,
    ]


async def test_a_job_that_moves_while_it_is_judged_is_judged_again() -> None:
    journal = RacingJournal(Stage.AI_PROCESSING)
    late = await opened(journal, job(deadline=utcnow()))
    judging = Judging(journal, MemoryPublisher())

    await on.watch(jobs=MemoryJobs([late.entry.job_id]), judging=judging)

    last = journal.entries(late.entry.job_id)[-1]
    assert (last.stage, last.index, last.public.progress_percent) == (Stage.FAILED, 2, 65)


async def test_a_verdict_on_nothing_is_none() -> None:
    judging = Judging(MemoryJournal(), MemoryPublisher())

    verdict = await judging.settle(job().job_id, lambda _: Verdict.FAIL, ending=lambda entry: entry)

    assert verdict is None


async def stuck_on(entry: JournalEntry) -> tuple[MemoryJournal, MemoryPublisher, OneStuck]:
    """The advisory about this job's first event, settled."""
    journal, publisher = MemoryJournal(), MemoryPublisher()
    await opened(journal, entry)
    event = EditRequested(job_id=entry.job_id, request_id="request", occurred_at=utcnow())
    stuck = OneStuck(event)
    await on.on_max_deliveries(
        ADVISORY, stuck=stuck, judging=Judging(journal, publisher), publisher=publisher
    )
    return journal, publisher, stuck


async def test_a_stuck_event_fails_its_job_and_leaves_a_dead_letter() -> None:
    entry = job()

    journal, publisher, stuck = await stuck_on(entry)

    assert journal.entries(entry.job_id)[-1].stage is Stage.FAILED
    assert stuck.event is None
    ((subject, letter),) = publisher.stored.values()
    assert subject == f"mizual.dead.{ADVISORY.consumer}.{entry.job_id}"
    assert isinstance(letter, DeadLetter)
    assert letter.deliveries == 1000


async def test_a_stuck_event_of_a_job_that_got_further_is_announced_as_what_it_became() -> None:
    entry = job(enhanced=ENHANCED)

    journal, publisher, _ = await stuck_on(entry)

    assert publisher.stored[f"{entry.job_id}:edit.enhanced:a7"][0] == EDIT_ENHANCED
    assert journal.entries(entry.job_id) == [entry]


async def test_an_advisory_about_a_message_that_is_gone_does_nothing() -> None:
    publisher = MemoryPublisher()
    judging = Judging(MemoryJournal(), publisher)

    await on.on_max_deliveries(ADVISORY, stuck=OneStuck(None), judging=judging, publisher=publisher)

    assert not publisher.stored
