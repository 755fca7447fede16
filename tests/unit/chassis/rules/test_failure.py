"""What becomes of a delivery whose handler raised."""

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Stage
from services.chassis.errors import ObsoleteError, PermanentError, TransientError, UnavailableError
from tests.unit.chassis.rules.steps import ENHANCE, ENHANCED, FINISH, RENDER, raising, raw
from tests.unit.chassis.rules.world import COPY, MESSAGE, Actor, explore, paused_at

SENTENCE = "I can tint, crop and rotate pictures."
REFUSAL = PermanentError(ErrorCode.NOT_UNDERSTOOD, SENTENCE)


async def test_a_permanent_error_ends_the_job_with_its_sentence_and_leaves_a_dead_letter():
    world = raising(RENDER, REFUSAL)

    await world.deliver(Actor("only"))

    assert world.last.stage is Stage.FAILED
    assert world.last.public.message == SENTENCE
    assert world.last.public.error_code is ErrorCode.NOT_UNDERSTOOD
    assert world.letters == [REFUSAL]
    assert MESSAGE in world.acked


async def test_the_dead_letter_is_stored_before_the_job_fails():
    async def crash(world, operation):
        await world.deliver(Actor("first", crash_after=operation))
        if world.last.stage is Stage.FAILED:
            assert world.letters

    async for world, _ in explore(lambda: raising(RENDER, REFUSAL), crash):
        await world.until_acked()
        assert world.last.stage is Stage.FAILED


async def test_a_transient_error_is_an_entry_with_the_moment_of_the_next_try():
    world = raising(RENDER, TransientError("hiccup"))

    await world.deliver(Actor("only"))

    assert world.last.stage is Stage.FETCHING_IMAGE
    assert world.last.public.retry_at is not None
    assert world.last.public.message == "The image service is busy, trying again in 5 seconds"
    assert world.last.public.attempt == 2
    assert world.delays == [5.0]


async def test_the_other_side_may_say_how_long_to_wait():
    world = raising(RENDER, TransientError("busy", retry_after=17.0))

    await world.deliver(Actor("only"))

    assert world.delays == [17.0]


@pytest.mark.parametrize("error", [TransientError("hiccup"), RuntimeError("a bug")])
async def test_tries_are_counted_in_the_journal_and_end(error):
    world = raising(RENDER, error)

    deliveries = await world.until_acked()

    assert deliveries == 3
    assert world.delays == [5.0, 10.0]
    assert world.last.stage is Stage.FAILED
    assert world.last.public.error_code is ErrorCode.PROVIDER_FAILED


async def test_a_failure_that_has_a_sentence_ends_with_it_when_no_try_is_left():
    world = raising(RENDER, TransientError("hiccup", sentence="It could not be painted."))

    await world.until_acked()

    assert world.last.public.message == "It could not be painted."
    assert world.last.public.error_code is ErrorCode.PROVIDER_FAILED


async def test_a_crash_uses_no_try():
    world = raising(RENDER, TransientError("hiccup"))
    for _ in range(5):
        await world.deliver(Actor("crashing", crash_after=1))

    await world.deliver(Actor("next"))

    assert world.last.facts.tries == 1


async def test_waiting_for_a_part_that_is_away_uses_no_try_and_never_fails_the_job():
    world = raising(FINISH, UnavailableError("the store is away"), raw=raw())

    for _ in range(20):
        await world.deliver(Actor("waiting"))

    assert world.last.stage is Stage.UPLOADING_RESULT
    assert world.last.facts.tries == 0
    assert world.last.public.retry_reason == "waiting"
    assert world.delays == sorted(world.delays)
    assert max(world.delays) <= 10


async def test_a_step_with_a_fallback_never_fails_the_job():
    world = raising(ENHANCE, REFUSAL, enhanced=None)

    await world.until_acked()

    assert not world.last.terminal
    assert world.last.facts.enhanced.instruction == world.last.facts.prompt
    assert world.announced


async def test_a_job_with_its_fact_is_never_failed_however_often_the_work_raises():
    async def task(hold):
        await hold.record(raw=raw())
        raise REFUSAL

    world = raising(RENDER, REFUSAL)
    world.task = task

    await world.until_acked()

    assert not world.last.terminal
    assert world.announced
    assert not world.letters


async def test_obsolete_work_of_an_ended_job_is_acked():
    async def task(hold):
        judged = world.journal.peek(world.job_id)
        world.journal._store(judged.entry.advance(Stage.CANCELLED), judged, "cancel")
        raise ObsoleteError("nobody needs it")

    world = raising(RENDER, REFUSAL)
    world.task = task

    await world.deliver(Actor("only"))

    assert world.last.stage is Stage.CANCELLED
    assert MESSAGE in world.acked


@pytest.mark.parametrize(("sequence", "acked"), [(MESSAGE, False), (COPY, True)])
async def test_a_fenced_handler_leaves_the_newer_workers_message_alone(sequence, acked):
    world = raising(RENDER, TransientError("hiccup"))
    slow, running = await paused_at(world, 1)
    newer = Actor("newer", pause_after=1)
    also = world.start(newer, sequence=sequence)
    await newer.paused.wait()

    slow.resume.set()
    await running

    assert (MESSAGE in world.acked) is acked
    assert "nak" not in slow.operations
    assert world.last.facts.tries == 0
    newer.resume.set()
    await also


async def test_a_fenced_handler_may_not_enter_a_stage_or_fail_the_job():
    world = raising(RENDER, REFUSAL)
    slow, running = await paused_at(world, 1)
    newer = Actor("newer", pause_after=1)
    also = world.start(newer, sequence=COPY)
    await newer.paused.wait()

    slow.resume.set()
    await running

    assert world.last.stage is Stage.FETCHING_IMAGE
    newer.resume.set()
    await also
    assert world.last.stage is Stage.FAILED


async def test_a_fact_is_recorded_on_top_of_a_later_attempt():
    async def task(hold):
        await hold.record(raw=raw())

    world = raising(RENDER, REFUSAL)
    world.task = task
    slow, running = await paused_at(world, 1)
    newer = Actor("newer", pause_after=1)
    also = world.start(newer, sequence=COPY)
    await newer.paused.wait()

    slow.resume.set()
    await running

    assert world.last.facts.attempt == 2
    assert world.last.facts.raw is not None
    assert world.announced
    newer.resume.set()
    await also


async def test_a_job_with_the_fact_is_announced_without_a_new_attempt():
    world = raising(RENDER, REFUSAL, raw=raw())

    await world.deliver(Actor("only"))

    assert world.announced
    assert world.last.facts.attempt == 0
    assert MESSAGE in world.acked


async def test_a_job_that_is_gone_is_acked():
    world = raising(RENDER, REFUSAL)
    world.journal.lines.clear()
    world.acknowledge = world.acked.add

    await world.deliver(Actor("only"))

    assert MESSAGE in world.acked


async def test_an_event_ahead_of_the_journal_waits():
    world = raising(RENDER, REFUSAL)
    judged = world.journal.peek(world.job_id)
    world.journal._store(judged.entry.follow(work={"enhanced": None}), judged, "earlier")

    await world.deliver(Actor("only"))

    assert world.last.facts.attempt == 0
    assert len(world.delays) == 1
    assert ENHANCED is not None
