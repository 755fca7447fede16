"""Streams over one feed: every entry once and in order, whatever comes when."""

import asyncio
from functools import partial
from uuid import UUID

import pytest

from contracts.journal import Stage
from services.chassis.bus import to_bytes
from services.chassis.errors import UnavailableError
from services.chassis.journal import Recorded
from services.gateway.domain import catching_up, histories
from services.gateway.domain import stream as one_stream
from services.gateway.domain import streams as all_streams
from services.gateway.domain.known import Known
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.streams import KEEPALIVE_SLOTS
from tests.samples import job
from tests.unit.gateway.following import Reader, World, settle


async def test_what_happened_comes_first_and_then_what_happens():
    world = World()
    first = await world.append(job())
    reader = await world.follow(first.entry.job_id)

    second = await world.append(first.entry.advance(Stage.ENHANCING_PROMPT))
    last = await world.append(second.entry.advance(Stage.CANCELLED))
    await asyncio.wait_for(reader.completed.wait(), 1)

    assert reader.sent.startswith(b"retry: 2000\n\n")
    assert reader.ids == [first.sequence, second.sequence, last.sequence]
    assert reader.sent.endswith(b"event: end\ndata: x2\n\n")


async def test_a_history_is_read_only_once_the_feed_has_its_place():
    world = World(is_followed=False)
    first = await world.append(job(), heard=False)
    reading = asyncio.create_task(world.hub.history(first.entry.job_id))
    await settle()
    second = await world.append(first.entry.advance(Stage.CANCELLED), heard=False)

    world.hub.has_its_place(0)

    assert await reading == [first, second]


async def test_an_entry_told_while_the_replay_is_read_does_not_make_it_stale():
    world = World()
    first = await world.append(job())
    reads = []

    async def replay(job_id: UUID) -> list[Recorded]:
        entries: list[Recorded] = await world.journal.replay(job_id)
        reads.append(await world.append(entries[-1].entry.advance(Stage.CANCELLED)))
        return entries

    world.histories.replay = replay

    assert await world.hub.history(first.entry.job_id) == [first]
    assert len(reads) == 1


async def test_an_entry_that_comes_during_the_replay_is_sent_once():
    world = World()
    first = await world.append(job())
    stream, reader = world.join(first.entry.job_id), Reader()
    second = await world.append(first.entry.advance(Stage.ENHANCING_PROMPT))
    world.hub.resume(stream, await world.hub.history(first.entry.job_id), after=None)
    reader.sent += stream.opening()
    stream.attach(reader.send)
    world.hear(second)
    await settle()

    assert reader.ids == [first.sequence, second.sequence]


async def test_an_entry_that_comes_after_the_replay_was_read_is_not_lost():
    world = World()
    first = await world.append(job())
    stream, reader = world.join(first.entry.job_id), Reader()
    history = await world.hub.history(first.entry.job_id)

    last = await world.append(first.entry.advance(Stage.CANCELLED))
    world.hub.resume(stream, history, after=None)
    reader.sent += stream.opening()
    stream.attach(reader.send)
    await asyncio.wait_for(reader.completed.wait(), 1)

    assert reader.ids == [first.sequence, last.sequence]


async def test_a_client_resumes_after_what_it_saw():
    world = World()
    first = await world.append(job())
    second = await world.append(first.entry.advance(Stage.ENHANCING_PROMPT))

    resumed = await world.follow(first.entry.job_id, after=first.sequence)
    stranger = await world.follow(first.entry.job_id, after=999_999)

    assert resumed.ids == [second.sequence]
    assert stranger.ids == [first.sequence, second.sequence]


async def test_a_gap_in_the_feed_is_filled_from_the_journal():
    world = World()
    first = await world.append(job())
    reader = await world.follow(first.entry.job_id)

    missed = await world.append(first.entry.advance(Stage.ENHANCING_PROMPT), heard=False)
    third = await world.append(missed.entry.advance(Stage.FETCHING_IMAGE))
    await settle()

    assert reader.ids == [first.sequence, missed.sequence, third.sequence]


async def test_a_replay_behind_what_was_heard_is_asked_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(histories, "REPLAY_PAUSE_SECONDS", 0)
    world = World()
    first = await world.append(job())
    world.hub.known.put(str(first.entry.job_id), first.sequence + 1, b"{}")

    with pytest.raises(UnavailableError):
        await world.hub.history(first.entry.job_id)


async def test_a_stream_opened_while_the_journal_is_away_waits_for_it(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(catching_up, "PAUSE_SECONDS", 0)
    world = World()
    first = await world.append(job())
    away, replay = [True], world.journal.replay

    async def sometimes(job_id: UUID) -> list[Recorded]:
        if away[0]:
            raise UnavailableError("away")
        return await replay(job_id)

    world.histories.replay = sometimes
    stream, reader = world.join(first.entry.job_id), Reader()
    world.hub.resume_later(stream, after=first.sequence)
    stream.attach(reader.send)
    last = await world.append(first.entry.advance(Stage.CANCELLED))
    away[0] = False
    await asyncio.wait_for(reader.completed.wait(), 1)

    assert reader.ids == [last.sequence]


async def test_a_stream_that_waits_too_long_ends_so_that_its_client_comes_back(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(catching_up, "PAUSE_SECONDS", 0)
    world = World()

    async def away(_: UUID) -> list[Recorded]:
        raise UnavailableError("away")

    world.histories.replay = away
    stream, reader = world.join(job().job_id), Reader()
    world.hub.resume_later(stream, after=None)
    stream.attach(reader.send)

    await asyncio.wait_for(reader.completed.wait(), 1)


async def caught_up(world: World, job_id: UUID) -> Reader:
    stream, reader = world.join(job_id), Reader()
    world.hub.resume_later(stream, after=None)
    stream.attach(reader.send)
    return reader


async def test_a_stream_of_a_job_that_only_the_record_knows_ends_so_that_its_client_comes_back():
    world = World()

    reader = await caught_up(world, job().job_id)

    await asyncio.wait_for(reader.completed.wait(), 1)


async def test_a_stream_whose_journal_cannot_be_understood_ends(caplog: pytest.LogCaptureFixture):
    world = World()

    async def unreadable(_: UUID) -> list[Recorded]:
        raise ValueError("not an entry")

    world.histories.replay = unreadable
    reader = await caught_up(world, job().job_id)

    await asyncio.wait_for(reader.completed.wait(), 1)
    await settle()
    assert "catching_up_failed" in caplog.text


async def test_a_history_without_its_beginning_is_not_believed(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(histories, "REPLAY_PAUSE_SECONDS", 0)
    world = World()
    first = await world.append(job())
    await world.append(first.entry.advance(Stage.ENHANCING_PROMPT))
    replay = world.journal.replay
    world.histories.replay = partial(replay, after=first.sequence)

    with pytest.raises(UnavailableError):
        await world.hub.history(first.entry.job_id)


async def test_an_ended_job_whose_beginning_has_aged_out_is_told(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(histories, "REPLAY_PAUSE_SECONDS", 0)
    world = World()
    first = await world.append(job())
    last = await world.append(first.entry.advance(Stage.CANCELLED))
    world.histories.replay = partial(world.journal.replay, after=first.sequence)

    assert await world.hub.history(first.entry.job_id) == [last]


@pytest.mark.parametrize("seen", [0, 1])
async def test_a_job_that_the_feed_has_not_told_of_is_compared_with_the_leader(
    monkeypatch: pytest.MonkeyPatch, seen: int
):
    monkeypatch.setattr(histories, "REPLAY_PAUSE_SECONDS", 0)
    world, reads = World(), iter(range(9))
    first = await world.append(job(), heard=False)
    second = await world.append(first.entry.advance(Stage.ENHANCING_PROMPT), heard=False)

    async def lagging(_: UUID) -> list[Recorded]:
        return [first, second][: seen if next(reads) < 3 else 2]

    world.histories.replay = lagging

    assert await world.hub.history(first.entry.job_id) == [first, second]


async def test_a_job_that_the_feed_told_of_costs_no_question_to_the_leader():
    world = World()
    first = await world.append(job())

    async def asked(_: UUID) -> Recorded | None:
        pytest.fail("the leader was asked")

    world.histories.leader = asked

    assert await world.hub.history(first.entry.job_id) == [first]


async def test_readiness_knows_when_nothing_is_told():
    world = World()
    await world.hub.place.check()

    world.hub.lost_sight()

    with pytest.raises(UnavailableError):
        await world.hub.place.check()


async def test_a_client_that_saw_the_ending_is_told_that_it_was_one():
    world = World()
    first = await world.append(job())
    last = await world.append(first.entry.advance(Stage.CANCELLED))

    reader = await world.follow(first.entry.job_id, after=last.sequence)
    await asyncio.wait_for(reader.completed.wait(), 1)

    assert reader.ids == []
    assert b"event: end" in reader.sent


async def test_an_erased_job_ends_its_streams():
    world = World()
    first = await world.append(job())
    reader = await world.follow(first.entry.job_id)

    erased = first.entry.advance(Stage.ERASED).model_copy(update={"work": None, "index": 7})
    world.hear(Recorded(erased, first.sequence + 5))
    await asyncio.wait_for(reader.completed.wait(), 1)

    assert reader.ids[-1] == first.sequence + 5


async def test_a_long_history_is_no_slow_reader(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(one_stream, "MAX_WAITING_FRAMES", 3)
    world = World()
    entry = (await world.append(job())).entry
    for _ in range(9):
        entry = (await world.append(entry.follow())).entry

    reader = await world.follow(entry.job_id)

    assert len(reader.ids) == 10


async def test_a_reader_that_does_not_read_is_cut_and_holds_no_more(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(one_stream, "MAX_WAITING_FRAMES", 3)
    world = World()
    first = await world.append(job())
    stream, reader = world.join(first.entry.job_id), Reader()
    world.hub.resume(stream, await world.hub.history(first.entry.job_id), after=None)

    async def connection() -> None:
        stream.attach(reader.send)
        await asyncio.Event().wait()

    reader.reads.clear()
    connected = asyncio.create_task(connection())
    await settle()
    entry = first.entry
    for _ in range(6):
        entry = (await world.append(entry.follow())).entry
        await settle()

    assert stream.is_cut
    with pytest.raises(asyncio.CancelledError):
        await connected


async def test_only_so_many_streams_are_open_per_client_and_in_all():
    world = World(per_client=2, most=3)
    job_id = job().job_id
    opened = [world.join(job_id), world.join(job_id)]

    with pytest.raises(RefusalError, match="2 event streams"):
        world.join(job_id)
    world.join(job_id, client="other")
    with pytest.raises(RefusalError) as full:
        world.join(job_id, client="third")
    world.hub.streams.leave(opened[0])
    world.join(job_id)

    assert full.value.status == 503


async def test_who_has_too_many_streams_is_told_the_limit():
    world = World(per_client=1)
    world.join(job().job_id)

    with pytest.raises(RefusalError) as refused:
        world.join(job().job_id)

    assert refused.value.headers["RateLimit"] == '"streams";r=0;t=5'
    assert refused.value.headers["RateLimit-Policy"] == '"streams";q=1'


async def test_a_stream_that_left_leaves_nothing_behind():
    world = World(per_client=1)
    stream = world.join(job().job_id)

    world.hub.streams.leave(stream)
    world.hub.streams.leave(stream)

    assert len(world.hub.streams) == 0
    world.join(job().job_id)


async def test_draining_ends_every_stream_and_takes_no_more(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(all_streams, "DRAIN_SECONDS", 0.01)
    world = World()
    first = await world.append(job())
    readers = [await world.follow(first.entry.job_id) for _ in range(5)]

    await world.hub.streams.drain()

    assert all(reader.completed.is_set() for reader in readers)
    with pytest.raises(RefusalError):
        world.join(first.entry.job_id)


async def test_silence_is_broken_for_every_stream():
    world = World()
    first = await world.append(job())
    readers = [await world.follow(first.entry.job_id) for _ in range(3)]

    for _ in range(KEEPALIVE_SLOTS):
        await world.hub.streams.keep_alive()
    await settle()

    assert [reader.sent.count(b": still here") for reader in readers] == [1, 1, 1]


def test_the_newest_entry_known_is_kept_and_the_oldest_job_forgotten():
    known, entry = Known(most=2), job()
    data = to_bytes(entry)
    known.put(str(entry.job_id), 5, data)
    known.put(str(entry.job_id), 3, b"older")

    last = known.last(entry.job_id)
    assert last is not None
    assert last.sequence == 5
    known.put("second", 1, data)
    known.put("third", 1, data)
    assert known.last(entry.job_id) is None
    assert len(known) == 2
