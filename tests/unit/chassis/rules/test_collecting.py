"""A provider's task is asked for until it ends, holds nothing meanwhile, and loses no result."""

from datetime import timedelta

import pytest

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.journal import Stage
from services.chassis.collect import ENDED_AGAIN_SECONDS
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.chassis.failure import LOOK_AGAIN_SECONDS, WAIT_MAX_SECONDS
from tests.unit.chassis.rules.collecting import (
    TASK,
    TASK_SECONDS,
    WAKE_UP,
    Collecting,
    Task,
    assert_collected,
    forgotten,
)
from tests.unit.chassis.rules.world import COPY, MESSAGE, Actor, erased_at, explore, paused_at

MODERATED = PermanentError(ErrorCode.CONTENT_MODERATED, "The image service refused this picture.")


async def test_a_pending_task_is_looked_at_again_after_its_delay_and_changes_nothing():
    world = Collecting(Task(pending=1))

    await world.deliver(Actor("only"))

    assert world.delays == [1.5]
    assert len(world.journal.entries(world.job_id)) == 1
    assert not world.acked


async def test_a_result_is_stored_recorded_announced_and_acked():
    world = Collecting(Task(pending=3))

    await world.until_acked()

    assert world.polls == 4
    assert_collected(world)


async def test_progress_of_the_provider_is_an_entry_and_never_goes_down():
    world = Collecting(Task(pending=3, progress=70))
    await world.deliver(Actor("first"))
    world.provider.progress = 66

    await world.deliver(Actor("second"))

    assert world.delays == [1.5, 1.5]
    assert [e.public.progress_percent for e in world.journal.entries(world.job_id)] == [65, 70]


@pytest.mark.parametrize("when", ["crash_before", "crash_after"])
async def test_a_crash_at_any_operation_delays_one_look(when):
    async def crash(world, operation):
        await world.deliver(Actor("first", **{when: operation}))

    async for world, _ in explore(Collecting, crash):
        await world.until_acked()
        assert_collected(world)


@pytest.mark.parametrize("before", [False, True])
@pytest.mark.parametrize("sequence", [MESSAGE, COPY, WAKE_UP])
async def test_two_who_look_at_once_record_one_result(sequence, before):
    async def overtake(world, operation):
        slow, running = await paused_at(world, operation, before=before)
        await world.deliver(Actor("second"), sequence=sequence)
        slow.resume.set()
        await running

    async for world, _ in explore(Collecting, overtake):
        await world.until_acked()
        await world.until_acked(sequence=sequence)
        assert_collected(world)


async def test_the_task_of_a_cancelled_job_is_seen_to_its_end_and_its_result_kept():
    world = Collecting(Task(pending=2))
    world.cancel()

    await world.deliver(Actor("first"))
    await world.deliver(Actor("extra"), sequence=WAKE_UP)
    assert not world.released
    assert MESSAGE not in world.acked
    await world.until_acked()

    assert world.objects
    assert world.released
    assert world.last.stage is Stage.CANCELLED


async def test_a_task_that_only_its_event_tells_of_is_seen_to_its_end_too():
    world = Collecting(Task(pending=1), handle=None)
    world.cancel()
    world.told = TASK

    await world.until_acked()

    assert world.polls == 2
    assert world.objects
    assert world.released
    assert world.last.facts.handle is None


async def test_the_result_of_a_cancelled_job_that_is_missing_once_is_looked_for_again():
    world = Collecting(forgotten())
    world.cancel()
    await world.deliver(Actor("first"))
    assert MESSAGE not in world.acked
    world.provider.says = None

    await world.until_acked()

    assert world.objects
    assert world.released


async def test_the_task_of_a_cancelled_job_that_nobody_can_be_asked_for_is_let_go_in_the_end():
    task = TASK.model_copy(update={"submitted_at": utcnow()})
    world = Collecting(Task(pending=99, is_asked=False), handle=task)
    world.cancel()
    await world.deliver(Actor("soon"))
    assert MESSAGE not in world.acked
    world.skew = timedelta(seconds=TASK_SECONDS + 10)

    await world.deliver(Actor("last"))

    assert MESSAGE in world.acked
    assert world.released


async def test_the_task_of_a_cancelled_job_may_end_without_a_result():
    world = Collecting(Task(says=MODERATED))
    world.cancel()

    await world.deliver(Actor("only"))

    assert MESSAGE in world.acked
    assert world.released
    assert not world.letters


@pytest.mark.parametrize("has_moment", [True, False])
@pytest.mark.parametrize("says", [TransientError("no host"), RuntimeError("a bug")], ids=repr)
async def test_the_task_of_a_cancelled_job_is_not_asked_for_once_it_must_be_over(
    says: Exception, has_moment: bool
):
    submitted_at = utcnow() if has_moment else None
    task = TASK.model_copy(update={"submitted_at": submitted_at})
    world = Collecting(Task(says=says), handle=task)
    world.cancel()
    await world.deliver(Actor("soon"))
    world.skew = timedelta(seconds=TASK_SECONDS - 10)
    await world.deliver(Actor("late"))
    assert not world.released
    assert MESSAGE not in world.acked
    world.skew = timedelta(seconds=TASK_SECONDS + 10)

    await world.deliver(Actor("last"))

    assert MESSAGE in world.acked
    assert world.released
    assert world.last.stage is Stage.CANCELLED
    assert not world.letters


async def test_a_task_that_nobody_waits_for_is_left_alone_for_a_while_after_an_error():
    world = Collecting(Task(says=TransientError("no host", retry_after=3.0)))
    world.cancel()

    await world.deliver(Actor("first"))
    await world.deliver(Actor("extra"), sequence=WAKE_UP)

    assert world.delays == [ENDED_AGAIN_SECONDS] * 2


async def test_the_task_of_a_job_that_goes_on_is_asked_for_however_old_it_is():
    world = Collecting(Task(says=TransientError("no host")))
    world.skew = timedelta(seconds=10 * TASK_SECONDS)

    await world.deliver(Actor("first"))

    assert world.delays == [LOOK_AGAIN_SECONDS]
    assert not world.acked


async def test_a_result_that_comes_last_of_all_is_kept():
    world = Collecting()
    world.cancel()
    world.skew = timedelta(seconds=10 * TASK_SECONDS)

    await world.deliver(Actor("last"))

    assert world.objects
    assert world.released


async def test_a_cancel_at_any_operation_is_the_one_ending_and_the_result_stays_stored():
    async def cancel(world, operation):
        slow, running = await paused_at(world, operation)
        world.cancel()
        slow.resume.set()
        await running

    async for world, _ in explore(Collecting, cancel):
        await world.until_acked()
        endings = [e.stage for e in world.journal.entries(world.job_id) if e.terminal]
        assert endings == [Stage.CANCELLED]
        assert world.released


async def test_after_an_erasure_at_any_operation_nothing_is_written():
    async for world, _ in explore(Collecting, erased_at):
        await world.until_acked()
        assert [e.stage for e in world.journal.entries(world.job_id)] == [Stage.ERASED]


async def test_a_task_that_failed_ends_the_job_after_its_dead_letter():
    async def crash(world, operation):
        await world.deliver(Actor("first", crash_after=operation))
        assert world.letters or world.last.stage is not Stage.FAILED

    async for world, _ in explore(lambda: Collecting(Task(says=MODERATED)), crash):
        await world.until_acked()
        assert world.last.public.error_code is ErrorCode.CONTENT_MODERATED
        assert world.last.public.message == MODERATED.sentence


async def test_a_failure_that_was_judged_on_an_older_entry_is_not_written():
    async def overtaken(world, operation):
        slow, running = await paused_at(world, operation)
        world.provider.says = None
        await world.deliver(Actor("second"), sequence=COPY)
        slow.resume.set()
        await running

    async for world, operation in explore(lambda: Collecting(Task(says=MODERATED)), overtaken):
        await world.until_acked()
        if world.last.stage is not Stage.FAILED:
            assert_collected(world)
        else:
            assert operation > 1, "failed although the result stands in the journal"
            assert world.last.facts.raw is None


async def test_what_may_pass_is_looked_at_again_when_the_provider_says():
    world = Collecting(Task(says=TransientError("busy", retry_after=7.0)))

    await world.deliver(Actor("only"))

    assert world.delays == [7.0]
    assert world.last.facts.tries == 0
    assert len(world.journal.entries(world.job_id)) == 1


async def test_what_has_to_be_mended_first_is_looked_at_less_often():
    world = Collecting(Task(says=UnavailableError("the key is refused")))

    await world.deliver(Actor("only"))

    assert world.delays == [WAIT_MAX_SECONDS]


async def test_a_bug_is_looked_at_again_too():
    world = Collecting(Task(says=RuntimeError("a bug")))

    await world.deliver(Actor("only"))

    assert len(world.delays) == 1
    assert not world.acked


async def test_a_task_without_a_handle_waits_and_is_never_acked():
    world = Collecting(handle=None)

    await world.deliver(Actor("only"))
    await world.deliver(Actor("extra"), sequence=WAKE_UP)

    assert len(world.delays) == 2
    assert world.polls == 0
    assert not world.acked


async def test_an_extra_copy_collects_what_is_ready():
    world = Collecting()

    await world.deliver(Actor("extra"), sequence=WAKE_UP)

    assert_collected(world)
    assert await world.until_acked() == 1


async def test_what_a_job_used_is_freed_before_its_message_is_gone():
    async def crash(world, operation):
        await world.deliver(Actor("first", crash_after=operation))
        assert world.released or MESSAGE not in world.acked

    async for world, _ in explore(Collecting, crash):
        await world.until_acked()
        assert world.released[-1].facts.raw is not None
