"""All jobs of an owner on one stream: nothing missed, nothing twice, whatever the record knows."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from contracts.base import utcnow
from contracts.journal import Stage
from contracts.queries import MovedJob, MovedJobs
from services.chassis.bus import to_bytes
from services.chassis.errors import UnavailableError
from services.chassis.journal import Recorded
from services.gateway.domain import catching_up, owners
from services.gateway.domain import stream as one_stream
from services.gateway.domain.owners import Owners
from services.gateway.domain.problems import RefusalError
from tests.samples import job
from tests.unit.gateway.following import Reader, World, settle

ADA, EVE = "ada", "eve"


class Record:
    """Storage's record of a journal, as far as it was projected; `kept_to` None: up to its end."""

    def __init__(self, world: World) -> None:
        self._journal = world.journal
        self.kept_to: int | None = None
        self.away = False
        self.asked = 0
        self.snapshots: dict[UUID, Recorded] = {}
        self.meanwhile: list[Callable[[], Awaitable[object]]] = []
        """What happens while it is asked."""

    def all(self) -> list[Recorded]:
        entries = (recorded for line in self._journal.lines.values() for recorded in line)
        return sorted(entries, key=lambda recorded: recorded.sequence)

    async def moved(
        self, owner: str, *, after: int, ended_after: datetime | None, most: int
    ) -> MovedJobs:
        self.asked += 1
        if self.away:
            raise UnavailableError("storage is away")
        for happens in self.meanwhile:
            await happens()
        complete_to = await self.end() if self.kept_to is None else self.kept_to
        rows = {r.entry.job_id: r for r in self.all() if r.sequence <= complete_to}
        wanted = [
            MovedJob(job_id=job_id, sequence=r.sequence)
            for job_id, r in rows.items()
            if r.entry.work and r.entry.work.owner == owner and r.sequence > after
            if not (ended_after and r.entry.terminal and r.entry.public.updated_at < ended_after)
        ]
        wanted.sort(key=lambda moved: -moved.sequence)
        return MovedJobs(
            jobs=tuple(wanted[:most]), more=len(wanted) > most, complete_to=complete_to
        )

    async def snapshot(self, job_id: UUID) -> Recorded | None:
        return self.snapshots.get(job_id)

    async def between(self, after: int, upto: int) -> AsyncIterator[tuple[int, bytes]]:
        for recorded in self.all():
            if after < recorded.sequence <= upto:
                yield recorded.sequence, to_bytes(recorded.entry)

    async def end(self) -> int:
        return self.all()[-1].sequence if self.all() else 0


class Owned(World):
    """A hub with owners' streams."""

    def __init__(self, **limits: Any) -> None:
        super().__init__(**limits)
        self.record = Record(self)
        self.now = utcnow()
        self.owners = Owners(self.hub, self.record, now=lambda: self.now)

    async def opened(self, owner: str = ADA, **work: Any) -> Recorded:
        return await self.append(job(owner=owner, **work))

    async def moved(self, recorded: Recorded, stage: Stage) -> Recorded:
        return await self.append(recorded.entry.advance(stage))

    async def page(self, owner: str = ADA, *, after: int | None = None) -> Reader:
        reader = Reader()
        stream = self.owners.open(owner, client="c", base="x", after=after)
        stream.attach(reader.send)
        await settle()
        return reader


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catching_up, "PAUSE_SECONDS", 0)
    monkeypatch.setattr(owners, "NEAR_ENTRIES", 0)


def stages(reader: Reader) -> int:
    return reader.sent.count(b"event: stage")


async def test_jobs_accepted_later_anywhere_appear_and_those_of_others_do_not():
    world = Owned()
    reader = await world.page()

    first = await world.opened()
    await world.opened(EVE)
    second = await world.moved(first, Stage.CANCELLED)
    third = await world.opened()
    await settle()

    assert reader.ids == [0, first.sequence, second.sequence, third.sequence]
    assert not reader.completed.is_set()


async def test_an_ending_is_a_stage_like_the_others_and_the_stream_goes_on():
    world = Owned()
    reader = await world.page()

    await world.moved(await world.opened(), Stage.CANCELLED)
    await world.opened()
    await settle()

    assert stages(reader) == 3
    assert b"event: end" not in reader.sent


async def test_a_page_that_comes_anew_sees_each_job_as_it_is_if_that_is_news():
    world = Owned()
    running = await world.moved(await world.opened(), Stage.FETCHING_IMAGE)
    ended = await world.moved(await world.opened(), Stage.CANCELLED)
    await world.opened(EVE)

    reader = await world.page()
    world.now += timedelta(seconds=owners.RECENT_SECONDS + 60)
    later = await world.page()

    assert reader.ids == [running.sequence, ended.sequence, world.hub.place.sequence]
    assert later.ids == [running.sequence, world.hub.place.sequence]


async def test_a_page_that_comes_back_misses_nothing_and_sees_nothing_twice():
    world = Owned()
    first = await world.opened()
    seen = await world.moved(first, Stage.ENHANCING_PROMPT)
    other = await world.opened()
    last = await world.moved(seen, Stage.CANCELLED)

    reader = await world.page(after=seen.sequence)
    live = await world.moved(other, Stage.CANCELLED)
    await settle()

    assert stages(reader) == 3
    assert reader.ids == [other.sequence, last.sequence, last.sequence, live.sequence]


@pytest.mark.parametrize("kept_to", [100, 102, 104])
@pytest.mark.parametrize("after", [None, 101, 103])
async def test_what_the_record_does_not_know_yet_is_read_from_the_journal(
    kept_to: int, after: int | None
):
    world = Owned()
    first = await world.opened()
    second = await world.moved(first, Stage.ENHANCING_PROMPT)
    await world.opened(EVE)
    third = await world.opened()
    fourth = await world.moved(second, Stage.FETCHING_IMAGE)
    world.record.kept_to = kept_to

    reader = await world.page(after=after)

    everything = [first, second, third, fourth]
    expected = [third, fourth] if after is None else everything
    told = [r.sequence for r in expected if r.sequence > (after or 0)]
    assert reader.ids == [*told, fourth.sequence]


async def test_what_happens_while_the_past_is_gathered_comes_after_it_once():
    world = Owned()
    first = await world.opened()
    world.record.meanwhile = [
        lambda: world.moved(first, Stage.ENHANCING_PROMPT),
        world.opened,
    ]

    reader = await world.page()

    told = [recorded.sequence for recorded in world.record.all()]
    assert reader.ids == [*told, told[-1]]


async def test_many_entries_meanwhile_are_no_slow_reader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(one_stream, "MAX_WAITING_FRAMES", 3)
    world = Owned()
    world.record.meanwhile = [world.opened] * 9

    reader = await world.page()

    assert stages(reader) == 9


async def test_a_short_absence_costs_the_record_no_question(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(owners, "NEAR_ENTRIES", 5)
    world = Owned()
    first = await world.opened()
    second = await world.moved(first, Stage.CANCELLED)

    reader = await world.page(after=first.sequence)

    assert reader.ids == [second.sequence, second.sequence]
    assert not world.record.asked


async def test_while_storage_is_away_a_page_that_comes_back_is_told_from_the_journal():
    world = Owned()
    world.record.away = True
    first = await world.opened()
    second = await world.moved(first, Stage.CANCELLED)

    reader = await world.page(after=first.sequence)

    assert reader.ids == [second.sequence, second.sequence]


async def test_while_storage_is_away_a_new_page_waits_and_then_sees_all():
    world = Owned()
    world.record.away = True
    first = await world.opened()
    reader = Reader()
    stream = world.owners.open(ADA, client="c", base="x", after=None)
    stream.attach(reader.send)
    await asyncio.sleep(0)
    second = await world.moved(first, Stage.ENHANCING_PROMPT)
    assert not stages(reader)

    world.record.away = False
    await settle()

    assert reader.ids == [second.sequence, second.sequence]


async def test_a_page_that_cannot_be_told_for_long_is_sent_away_to_come_back():
    world = Owned()
    world.record.away = True
    reader = Reader()
    stream = world.owners.open(ADA, client="c", base="x", after=None)
    stream.attach(reader.send)

    await asyncio.wait_for(reader.completed.wait(), 5)


async def test_a_record_that_is_far_behind_is_waited_for(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(owners, "FAR_ENTRIES", 1)
    world = Owned()
    first = await world.opened()
    second = await world.moved(first, Stage.ENHANCING_PROMPT)
    world.record.kept_to = 0
    reader = Reader()
    stream = world.owners.open(ADA, client="c", base="x", after=None)
    stream.attach(reader.send)
    await asyncio.sleep(0)

    world.record.kept_to = None
    await settle()

    assert reader.ids == [second.sequence, second.sequence]


async def test_after_a_long_absence_the_newest_is_told_and_that_something_is_left_out(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(owners, "MOST_JOBS", 2)
    world = Owned()
    seen, *jobs = [await world.opened() for _ in range(4)]

    reader = await world.page(after=seen.sequence)

    assert reader.ids == [*(r.sequence for r in jobs[1:]), jobs[-1].sequence]
    assert reader.sent.index(b"event: skipped") < reader.sent.index(b"event: stage")


async def test_only_so_many_entries_are_told_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(owners, "MOST_ENTRIES", 3)
    monkeypatch.setattr(owners, "NEAR_ENTRIES", 99)
    world = Owned()
    line = [await world.opened()]
    for _ in range(6):
        line.append(await world.append(line[-1].entry.follow()))

    reader = await world.page(after=line[0].sequence)

    assert reader.ids[:3] == [r.sequence for r in line[-3:]]
    assert b"event: skipped" in reader.sent


async def test_another_gateway_may_have_told_more_than_this_one_has_heard():
    world = Owned()
    first = await world.opened()
    told = await world.append(first.entry.advance(Stage.ENHANCING_PROMPT), heard=False)

    reader = await world.page(after=told.sequence)
    world.hear(told)
    last = await world.moved(told, Stage.CANCELLED)
    await settle()

    assert reader.ids == [told.sequence, last.sequence]


async def test_an_id_that_this_journal_never_had_is_none():
    world = Owned()
    first = await world.opened()

    reader = await world.page(after=999_999)

    assert reader.ids == [first.sequence, first.sequence]


async def test_a_job_past_the_journals_retention_is_told_as_it_is_on_record():
    world = Owned()
    first = await world.opened()
    ended = await world.moved(first, Stage.CANCELLED)
    await world.opened(EVE)

    async def forgotten(_: UUID) -> list[Recorded]:
        return []

    async def nothing(_: UUID) -> None:
        return None

    world.record.snapshots[ended.entry.job_id] = ended
    world.histories.replay, world.histories.leader = forgotten, nothing

    assert ended.sequence in (await world.page()).ids


async def test_an_open_page_learns_that_its_job_was_erased_and_a_new_one_nothing_of_it():
    world = Owned()
    first = await world.opened()
    reader = await world.page()

    erased = await world.append(first.entry.erase())
    await settle()

    assert reader.ids[-1] == erased.sequence
    assert stages(await world.page()) == 0


@pytest.mark.parametrize("near", [0, 256])
async def test_a_page_that_comes_back_learns_what_was_erased_or_that_something_is_left_out(
    monkeypatch: pytest.MonkeyPatch, near: int
):
    monkeypatch.setattr(owners, "NEAR_ENTRIES", near)
    world = Owned()
    first = await world.opened()
    erased = await world.append(first.entry.erase())

    reader = await world.page(after=first.sequence)

    assert (erased.sequence in reader.ids) or b"event: skipped" in reader.sent
    assert stages(reader) == 1 or near == 0


async def test_an_erased_job_is_told_where_nothing_was_known_of_it_before():
    world = Owned()
    first = await world.opened()
    world.hub.known.forget()
    reader, stranger = await world.page(), await world.page(EVE)

    erased = await world.append(first.entry.erase())
    await settle()

    assert reader.ids[-1] == erased.sequence
    assert stages(stranger) == 0


async def test_clients_that_have_left_cost_the_record_nothing():
    world = Owned()
    await world.opened()
    streams = [world.owners.open(ADA, client="c", base="x", after=None) for _ in range(100)]

    for stream in streams:
        world.hub.streams.leave(stream)
    await settle()

    assert world.record.asked == 0
    assert world.owners.figures()["owners_catching_up"] == 0


async def test_a_new_owner_costs_the_record_nothing():
    world = Owned()

    world.owners.open(ADA, client="c", base="x", after=None, is_new=True)
    await settle()

    assert world.record.asked == 0


async def test_an_entry_that_cannot_be_read_is_nobodys(caplog: pytest.LogCaptureFixture):
    world = Owned()
    reader = await world.page()

    world.hub.heard("1", 7, b"not JSON")
    world.hub.heard("1", 8, f'{{"job_id": "{uuid4()}", "work": {{"owner": "ada"}}}}'.encode())
    first = await world.opened()
    await settle()

    assert reader.ids == [0, first.sequence]
    assert "journal_entry_unreadable" in caplog.text


async def test_streams_of_owners_count_among_those_of_a_client_and_end_with_the_process():
    world = Owned(per_client=1)
    reader = await world.page()

    with pytest.raises(RefusalError, match="1 event streams"):
        await world.page()
    world.hub.lost_its_place()
    await settle()

    assert reader.completed.is_set()


async def test_a_reader_that_does_not_read_is_cut(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(one_stream, "MAX_WAITING_FRAMES", 3)
    world = Owned()
    stream, reader = world.owners.open(ADA, client="c", base="x", after=None), Reader()

    async def connection() -> None:
        stream.attach(reader.send)
        await asyncio.Event().wait()

    connected = asyncio.create_task(connection())
    await settle()
    reader.reads.clear()
    for _ in range(6):
        await world.opened()
        await settle()

    assert stream.is_cut
    with pytest.raises(asyncio.CancelledError):
        await connected
