"""A task that its provider does not know: believed late, and never against a result."""

import pytest

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.stages import Kind, message_of
from services.chassis.collect import ForgottenError
from services.chassis.errors import PermanentError
from tests.unit.chassis.rules.collecting import (
    LATER,
    LIMIT_SECONDS,
    WAKE_UP,
    Collecting,
    Task,
    assert_collected,
    forgotten,
)
from tests.unit.chassis.rules.world import COPY, MESSAGE, Actor, explore, paused_at


async def test_a_forgotten_task_is_noted_first_and_fails_only_at_the_second_time():
    world = Collecting(forgotten())
    await world.deliver(Actor("first"))
    assert world.last.facts.not_found_seen
    assert world.delays[0] > LIMIT_SECONDS
    world.skew = LATER

    await world.deliver(Actor("second"))

    assert world.last.public.error_code is ErrorCode.PROVIDER_FAILED
    assert MESSAGE in world.acked


async def test_a_result_that_is_none_ends_the_job_in_its_own_words_at_the_second_time():
    invalid = PermanentError(ErrorCode.RESULT_INVALID, "This is no picture.")
    world = Collecting(Task(says=ForgottenError("no picture", verdict=invalid)))
    await world.deliver(Actor("first"))
    assert not world.last.terminal
    world.skew = LATER

    await world.deliver(Actor("second"))

    assert world.last.public.error_code is ErrorCode.RESULT_INVALID
    assert world.last.public.message == invalid.sentence


@pytest.mark.parametrize("sequence", [MESSAGE, COPY, WAKE_UP])
async def test_a_second_miss_within_one_runs_time_decides_nothing(sequence: int):
    world = Collecting(forgotten())
    await world.deliver(Actor("first"))

    for _ in range(3):
        await world.deliver(Actor("again"), sequence=sequence)

    assert not world.last.terminal
    assert MESSAGE not in world.acked
    world.provider = Task()
    await world.until_acked()
    assert_collected(world)


async def test_an_extra_copy_decides_nothing_about_a_forgotten_task():
    world = Collecting(forgotten())

    await world.deliver(Actor("extra"), sequence=WAKE_UP)

    assert not world.last.facts.not_found_seen
    assert WAKE_UP in world.acked


async def test_a_person_reads_that_a_task_is_looked_for_until_it_is_found():
    world = Collecting(forgotten())
    await world.deliver(Actor("first"))
    missed = world.last.public
    world.provider = Task(pending=1)
    await world.deliver(Actor("second"))
    found = world.last.public

    assert missed.message.endswith(f"trying again in {LIMIT_SECONDS + 1:.0f} seconds")
    assert missed.retry_reason == "waiting"
    assert missed.retry_at is not None
    assert (found.message, found.retry_at) == (message_of(Kind.EDIT, found.stage), None)


async def test_a_result_that_was_missed_for_a_while_takes_the_note_back():
    world = Collecting(forgotten())
    await world.deliver(Actor("first"))
    world.provider = Task()

    await world.until_acked()

    assert world.last.public.retry_at is None
    assert world.last.public.message == message_of(Kind.EDIT, world.last.stage)


async def test_a_task_that_is_known_again_takes_the_note_back():
    world = Collecting(forgotten())
    await world.deliver(Actor("first"))
    world.provider = Task(pending=1)
    await world.deliver(Actor("second"))
    world.provider = forgotten()
    world.skew = LATER

    await world.deliver(Actor("third"))

    assert not world.last.terminal
    assert world.last.facts.not_found_seen


async def test_a_stored_result_of_a_forgotten_task_is_found():
    world = Collecting()
    await world.deliver(Actor("first", crash_on="put"))
    world.provider = forgotten()
    await world.deliver(Actor("second"))
    world.skew = LATER

    await world.until_acked()

    assert_collected(world)


async def test_a_result_in_another_hand_is_not_lost_when_the_provider_forgets():
    async def forget(world, operation):
        slow, running = await paused_at(world, operation)
        world.provider = forgotten()
        await world.deliver(Actor("second"), sequence=COPY)
        # The look that decides comes later than any run may last, so the first has ended by then.
        slow.resume.set()
        await running
        world.skew = LATER

    async for world, operation in explore(Collecting, forget):
        if operation > 0:
            await world.until_acked()
            assert_collected(world)


async def test_a_task_that_another_has_collected_is_not_failed_for_being_forgotten():
    world = Collecting(forgotten(), not_found_at=utcnow() - LATER)
    world.recovers = False
    slow, running = await paused_at(world, 1)
    world.provider = Task()
    await world.deliver(Actor("second"), sequence=COPY)

    slow.resume.set()
    await running
    await world.until_acked()

    assert_collected(world)


async def test_an_extra_copy_is_forgotten_while_the_task_is_pending():
    world = Collecting(Task(pending=1))

    await world.deliver(Actor("extra"), sequence=WAKE_UP)

    assert WAKE_UP in world.acked
    assert not world.delays


async def test_a_look_that_asked_nobody_takes_nothing_back():
    world = Collecting(forgotten())
    await world.deliver(Actor("first"))
    world.provider.pending, world.provider.is_asked = 1, False
    world.skew = LATER

    await world.deliver(Actor("nobody is asked"))

    assert world.last.facts.not_found_seen
