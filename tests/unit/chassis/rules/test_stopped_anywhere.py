"""A handler stopped after any single operation, and whatever else happens meanwhile."""

import asyncio

import pytest

from contracts.journal import Stage
from tests.unit.chassis.rules.steps import ALL
from tests.unit.chassis.rules.world import COPY, MESSAGE, Actor, erased_at, explore, paused_at

pytestmark = pytest.mark.parametrize("make", ALL.values(), ids=ALL)


def assert_done(world) -> None:
    """The step's fact stands once, its event is stored once, and the message is gone."""
    entries = world.journal.entries(world.job_id)
    assert [entry.index for entry in entries] == list(range(len(entries)))
    assert world.step.done(world.last.facts)
    assert world.last.stage is not Stage.FAILED
    assert len(world.publisher.stored) == (0 if world.last.terminal else 1)
    assert sum(entry.terminal for entry in entries) == (
        1 if world.step.stages == (Stage.UPLOADING_RESULT,) else 0
    )


async def test_a_handler_left_alone_does_its_step_in_one_delivery(make):
    world = make()

    assert await world.until_acked() == 1

    assert_done(world)


@pytest.mark.parametrize("when", ["crash_before", "crash_after"])
async def test_a_crash_at_any_operation_is_made_good_by_the_next_delivery(make, when):
    async def crash(world, operation):
        await world.deliver(Actor("first", **{when: operation}))

    async for world, _ in explore(make, crash):
        await world.until_acked()
        assert_done(world)


async def test_two_crashes_in_a_row_are_made_good(make):
    async def crash_twice(world, operation):
        await world.deliver(Actor("first", crash_after=operation))
        await world.deliver(Actor("second", crash_after=operation // 2))

    async for world, _ in explore(make, crash_twice):
        await world.until_acked()
        assert_done(world)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("sequence", [MESSAGE, COPY])
async def test_a_second_delivery_while_the_first_stands_still_does_no_harm(make, sequence, before):
    async def overtake(world, operation):
        slow, running = await paused_at(world, operation, before=before)
        await world.deliver(Actor("second"), sequence=sequence)
        slow.resume.set()
        await running

    async for world, _ in explore(make, overtake):
        await world.until_acked()
        await world.until_acked(sequence=sequence)
        assert_done(world)


@pytest.mark.parametrize("sequence", [MESSAGE, COPY])
async def test_a_second_delivery_that_crashes_anywhere_does_no_harm(make, sequence):
    for crash_after in range(8):

        async def overtake(world, operation, crash_after=crash_after):
            slow, running = await paused_at(world, operation)
            await world.deliver(Actor("second", crash_after=crash_after), sequence=sequence)
            slow.resume.set()
            await running

        async for world, _ in explore(make, overtake):
            await world.until_acked()
            await world.until_acked(sequence=sequence)
            assert_done(world)


@pytest.mark.parametrize("sequence", [MESSAGE, COPY])
async def test_two_deliveries_that_both_stand_still_anywhere_do_no_harm(make, sequence):
    for second in range(8):

        async def interleave(world, operation, second=second):
            slow, running = await paused_at(world, operation)
            other = Actor("second", pause_after=second)
            also = world.start(other, sequence=sequence)
            waiting = asyncio.create_task(other.paused.wait())
            await asyncio.wait({also, waiting}, return_when=asyncio.FIRST_COMPLETED)
            waiting.cancel()
            slow.resume.set()
            await running
            other.resume.set()
            await also

        async for world, _ in explore(make, interleave):
            await world.until_acked()
            await world.until_acked(sequence=sequence)
            assert_done(world)


async def test_a_cancel_at_any_operation_is_the_one_ending(make):
    async def cancel(world, operation):
        slow, running = await paused_at(world, operation)
        judged = world.journal.peek(world.job_id)
        if not judged.entry.terminal:
            cancelled = judged.entry.advance(Stage.CANCELLED)
            world.journal._store(cancelled, judged, "cancel")
        slow.resume.set()
        await running

    async for world, _ in explore(make, cancel):
        await world.until_acked()
        endings = [e.stage for e in world.journal.entries(world.job_id) if e.terminal]
        assert endings in ([Stage.CANCELLED], [Stage.COMPLETED])


async def test_after_an_erasure_at_any_operation_nothing_is_written(make):
    async for world, _ in explore(make, erased_at):
        await world.until_acked()
        assert [entry.stage for entry in world.journal.entries(world.job_id)] == [Stage.ERASED]
