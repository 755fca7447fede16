"""A task that costs money is sent at most once by our doing, and its outcome is never guessed."""

import asyncio
import itertools
from dataclasses import replace
from datetime import timedelta

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Handle, Stage
from services.chassis import handler
from services.chassis import hold as hold_rules
from services.chassis.errors import PermanentError, TransientError
from services.chassis.hold import SUBMIT_MARGIN_SECONDS, NotSubmittedError
from tests.unit.chassis.rules.steps import (
    POST_SECONDS,
    RENDER,
    SUBMIT,
    raw,
    submitting,
    submitting_whole,
)
from tests.unit.chassis.rules.world import (
    COPY,
    MESSAGE,
    Actor,
    count_operations,
    explore,
    paused_at,
)

LATER = timedelta(seconds=POST_SECONDS + 4 * SUBMIT_MARGIN_SECONDS)


@pytest.fixture(autouse=True)
def _no_long_waits(monkeypatch):
    # The time between two looks at another's submission; the clock itself is the world's.
    monkeypatch.setattr(handler, "RECHECK_SECONDS", 0.001)


async def test_one_delivery_submits_once_and_records_the_handle():
    world = submitting()

    await world.deliver(Actor("only"))

    assert world.posts == 1
    assert world.last.facts.handle == Handle(provider="flux", task_id="task-1")
    assert world.last.facts.submitting is None
    assert MESSAGE in world.acked


async def test_submitting_stands_in_the_journal_before_the_post():
    world = submitting()
    actor = Actor("only")

    await world.deliver(actor)

    assert actor.operations.index("post") > 2
    before = world.journal.entries(world.job_id)[-2]
    assert before.facts.submitting is not None


@pytest.mark.parametrize("when", ["crash_before", "crash_after"])
async def test_a_crash_anywhere_never_submits_twice(when):
    async def crash(world, operation):
        await world.deliver(Actor("first", **{when: operation}))
        world.skew = LATER

    async for world, _ in explore(submitting, crash):
        await world.until_acked()
        assert world.posts <= 1
        uncertain = world.last.public.error_code is ErrorCode.PROVIDER_UNCERTAIN
        assert uncertain or (world.posts == 1 and world.last.facts.handle is not None)


async def test_two_workers_at_once_never_submit_twice():
    for operation in range(await count_operations(submitting)):
        world = submitting()
        slow, running = await paused_at(world, operation)
        also = world.start(Actor("second"), sequence=COPY)
        slow.resume.set()
        await running
        await also
        await world.until_acked()
        await world.until_acked(sequence=COPY)
        assert world.posts == 1
        assert world.last.facts.handle is not None


async def test_a_submission_of_unknown_outcome_fails_after_its_deadline_and_stays_failed():
    world = submitting()
    await world.deliver(Actor("first", crash_on="post"))
    assert world.posts == 1
    world.skew = LATER

    await world.until_acked()

    assert world.last.public.error_code is ErrorCode.PROVIDER_UNCERTAIN
    assert world.posts == 1


async def test_nobody_decides_before_the_deadline():
    world = submitting()
    await world.deliver(Actor("first", crash_on="post"))
    waiting = Actor("second", pause_before=3)
    running = world.start(waiting)

    await waiting.paused.wait()

    assert set(waiting.operations) == {"read"}
    assert world.last.facts.attempt == 1
    world.skew = LATER
    waiting.resume.set()
    await running
    assert world.last.stage is Stage.FAILED


async def test_a_handle_that_arrives_late_is_used():
    world = submitting()
    slow, running = await paused_at(world, 4)
    waiting = Actor("second", pause_before=2)
    also = world.start(waiting)
    await waiting.paused.wait()

    slow.resume.set()
    await running
    waiting.resume.set()
    await also

    assert world.posts == 1
    assert world.last.facts.handle is not None
    assert world.last.facts.attempt == 1


@pytest.mark.parametrize("repeats", [0, 1, 2])
async def test_an_unknown_outcome_is_repeated_as_often_as_allowed(repeats):
    world = submitting(replace(SUBMIT, repeats=lambda _: repeats))
    for _ in range(5):
        await world.deliver(Actor("crashing", crash_on="post"))
        world.skew += LATER

    assert world.posts == 1 + repeats
    assert world.last.facts.uncertain == repeats
    assert world.last.public.error_code is ErrorCode.PROVIDER_UNCERTAIN


async def test_a_post_that_would_outlast_its_deadline_is_not_sent():
    world = submitting()
    slow, running = await paused_at(world, 3)
    world.skew = timedelta(seconds=SUBMIT_MARGIN_SECONDS + 1)

    slow.resume.set()
    await running

    assert world.posts == 0
    assert world.last.facts.submitting is None


async def test_a_task_that_was_certainly_not_accepted_may_be_sent_again():
    world = submitting(replace(SUBMIT, retries=RENDER.retries))

    async def task(hold):
        async def post():
            world.posts += 1
            if world.posts == 1:
                raise NotSubmittedError("no connection", retry_after=1.0)
            return Handle(provider="flux", task_id="task")

        await hold.submit(post, timeout=POST_SECONDS)

    world.task = task
    await world.until_acked()

    assert world.posts == 2
    assert world.last.facts.handle is not None


async def test_a_task_that_is_not_accepted_waits_and_uses_no_try():
    world = submitting()

    async def task(hold):
        async def post():
            world.posts += 1
            raise NotSubmittedError("busy", retry_after=3.0)

        await hold.submit(post, timeout=POST_SECONDS)

    world.task = task
    for _ in range(5):
        await world.deliver(Actor("refused"))

    assert world.posts == 5
    assert world.delays == [3.0] * 5
    assert world.last.facts.tries == 0
    assert not world.last.terminal


@pytest.mark.parametrize("operations", [1, 3, 20])
@pytest.mark.parametrize(
    "refusal", [None, NotSubmittedError("429"), PermanentError(ErrorCode.PROVIDER_AUTH, "No.")]
)
async def test_what_the_provider_did_is_written_down_once_the_bus_is_back(
    monkeypatch, operations, refusal
):
    monkeypatch.setattr(hold_rules, "WRITE_AGAIN_SECONDS", 0.0)
    world = submitting()

    async def task(hold):
        async def post():
            world.posts += 1
            world.bus_away = operations
            if refusal is not None:
                raise refusal
            return Handle(provider="flux", task_id="task")

        await hold.submit(post, timeout=POST_SECONDS)

    world.task = task
    await world.deliver(Actor("only"))

    assert world.last.facts.submitting is None
    assert (world.last.facts.handle is not None) == (refusal is None)


async def test_an_outage_may_outlast_the_time_limit_of_the_run(monkeypatch):
    monkeypatch.setattr(hold_rules, "WRITE_AGAIN_SECONDS", 0.02)
    world = submitting(replace(SUBMIT, limit_seconds=0.1))

    async def task(hold):
        async def post():
            world.bus_away = 20
            return Handle(provider="flux", task_id="task")

        await hold.submit(post, timeout=POST_SECONDS)

    world.task = task
    await world.deliver(Actor("only"))

    assert world.last.facts.handle is not None


async def test_an_error_after_the_body_was_sent_is_judged_later_not_retried():
    world = submitting()

    async def task(hold):
        async def post():
            world.posts += 1
            raise TransientError("connection reset")

        await hold.submit(post, timeout=POST_SECONDS)

    world.task = task
    await world.deliver(Actor("first"))
    assert world.last.facts.submitting is not None
    # This POST is over: nobody has to wait until the longest that it might have taken.
    world.skew = timedelta(seconds=SUBMIT_MARGIN_SECONDS + 1)

    await world.until_acked()

    assert world.posts == 1
    assert world.last.public.error_code is ErrorCode.PROVIDER_UNCERTAIN


async def test_a_stored_result_is_looked_for_before_a_submission_is_given_up():
    async def recover(_):
        return {"raw": raw()} if world.objects else None

    world = submitting_whole(replace(RENDER, recover=recover))
    await world.deliver(Actor("first", crash_after=5))
    assert world.objects
    world.skew = LATER

    await world.until_acked()

    assert world.posts == 1
    assert world.last.facts.raw is not None
    assert world.announced


async def test_a_result_is_recorded_within_the_submission():
    world = submitting_whole(RENDER)

    await world.deliver(Actor("only"))

    assert world.last.facts.raw is not None
    assert world.last.facts.submitting is None
    assert world.announced


def answering(world, answer=None):
    """A provider whose answer is waited for: the moments when it was asked and may answer."""
    posted, answered = asyncio.Event(), asyncio.Event()

    async def task(hold):
        async def post():
            world.posts += 1
            posted.set()
            await answered.wait()
            if answer is not None:
                raise answer
            return Handle(provider="flux", task_id="task")

        await hold.submit(post, timeout=POST_SECONDS)

    world.task = task
    return posted, answered


async def test_a_submission_under_way_is_not_cut_off_by_stopping():
    world = submitting()
    posted, answered = answering(world)
    running = world.start(Actor("stopped"))
    await posted.wait()

    running.cancel()
    await asyncio.sleep(0)
    running.cancel()
    await asyncio.sleep(0)
    assert not running.done()
    answered.set()
    await asyncio.wait([running])

    assert running.cancelled()
    assert world.last.facts.handle is not None
    await world.until_acked()
    assert world.posts == 1


async def test_what_came_of_a_submission_goes_before_the_stop():
    world = submitting()
    posted, answered = answering(world, PermanentError(ErrorCode.NOT_UNDERSTOOD, "Nothing made."))
    running = world.start(Actor("stopped"))
    await posted.wait()

    running.cancel()
    answered.set()
    await asyncio.wait([running])

    await world.until_acked()
    assert world.posts == 1
    assert world.last.public.error_code is ErrorCode.NOT_UNDERSTOOD


@pytest.mark.parametrize("limit_seconds", [0.02, 60.0], ids=["its time is over", "it is stopped"])
async def test_a_task_of_an_ended_job_is_seen_to_though(limit_seconds):
    world = submitting(replace(SUBMIT, limit_seconds=limit_seconds))
    posted, answered = answering(world)
    running = world.start(Actor("stopped"))
    await posted.wait()
    world.write(world.last.advance(Stage.CANCELLED))

    if limit_seconds > 1:
        running.cancel()
    await asyncio.sleep(0.05)
    answered.set()
    await asyncio.wait([running])
    await world.until_acked()

    assert world.publisher.stored


async def test_stopping_does_not_lose_a_task_that_is_told_of_in_an_outage(monkeypatch):
    monkeypatch.setattr(hold_rules, "WRITE_AGAIN_SECONDS", 0.001)
    world = submitting()
    posted, answered = answering(world)
    running = world.start(Actor("stopped"))
    await posted.wait()
    world.write(world.last.advance(Stage.CANCELLED))
    away = asyncio.Event()
    world.before_next("publish", lambda: (away.set(), setattr(world, "bus_away", 5)))

    answered.set()
    await away.wait()
    running.cancel()
    await asyncio.wait([running])

    assert world.publisher.stored


def in_hand(monkeypatch, world, *outages):
    """A result that was paid for, and a store that is away once for each of these, which happen."""
    monkeypatch.setattr(hold_rules, "WRITE_AGAIN_SECONDS", 0.0)
    happening = list(outages)

    async def keep(_):
        if happening:
            happening.pop(0)()
            raise TransientError("the store is away")
        fact = raw()
        world.objects.add(fact.image.key)
        return {"raw": fact}

    async def task(hold):
        async def post():
            world.posts += 1

        timeout = POST_SECONDS + hold_rules.KEEP_SECONDS
        await hold.submit_whole(post, keep, timeout=timeout)

    world.task = task


async def test_others_wait_for_a_result_in_hand_however_long_the_store_is_away(monkeypatch):
    world = submitting_whole(RENDER)

    def ten_seconds():
        world.skew += timedelta(seconds=10)
        assert world.last.facts.submitting.deadline > world.now()

    in_hand(monkeypatch, world, *[ten_seconds] * 30)

    await world.deliver(Actor("only"))

    assert world.last.facts.raw is not None
    assert world.posts == 1
    assert world.last.index <= 20, "told in large steps"


async def test_a_result_in_hand_is_recorded_though_another_attempt_has_begun(monkeypatch):
    world = submitting_whole(RENDER)

    def overtaken():
        attempt = world.last.facts.attempt + 1
        world.write(world.last.follow(work={"attempt": attempt, "submitting": None}))

    in_hand(monkeypatch, world, overtaken)

    await world.deliver(Actor("overtaken"))

    assert world.last.facts.raw is not None


async def test_a_result_in_hand_is_kept_though_the_job_has_ended(monkeypatch):
    world = submitting_whole(RENDER)
    in_hand(monkeypatch, world, lambda: world.write(world.last.advance(Stage.CANCELLED)))

    await world.deliver(Actor("late"))

    assert world.objects
    assert MESSAGE in world.acked


async def test_a_result_in_hand_of_an_erased_job_is_kept_nowhere(monkeypatch):
    world = submitting_whole(RENDER)

    def erased():
        ending = world.last.advance(Stage.CANCELLED)
        public = ending.public.model_copy(update={"stage": Stage.ERASED})
        world.write(ending.model_copy(update={"work": None, "public": public}))

    in_hand(monkeypatch, world, erased)

    await world.deliver(Actor("late"))

    assert not world.objects
    assert MESSAGE in world.acked


async def test_a_task_whose_job_ends_while_it_is_handed_in_is_seen_to(monkeypatch):
    monkeypatch.setattr(hold_rules, "WRITE_AGAIN_SECONDS", 0.0)
    world, sent = submitting(), Handle(provider="flux", task_id="task")

    async def task(hold):
        async def post():
            world.write(world.last.advance(Stage.CANCELLED))
            world.bus_away = 5
            return sent

        await hold.submit(post, timeout=POST_SECONDS)

    world.task = task
    await world.deliver(Actor("only"))

    [(_, told)] = world.publisher.stored.values()
    assert told.task == sent
    assert MESSAGE in world.acked
    assert world.last.stage is Stage.CANCELLED


async def test_one_more_try_to_store_never_outlasts_what_others_wait(monkeypatch):
    world = submitting_whole(RENDER)

    def slow_put():
        before = world.last.facts.submitting.deadline
        world.skew += timedelta(seconds=hold_rules.KEEP_SECONDS)
        assert before > world.now()

    in_hand(monkeypatch, world, *[slow_put] * 6)

    await world.deliver(Actor("only"))

    assert world.last.facts.raw is not None


async def test_a_try_to_store_has_an_end(monkeypatch):
    monkeypatch.setattr(hold_rules, "KEEP_SECONDS", 0.01)
    monkeypatch.setattr(hold_rules, "WRITE_AGAIN_SECONDS", 0.0)
    world, tries = submitting_whole(RENDER), itertools.count()

    async def task(hold):
        async def post():
            world.posts += 1

        async def keep(_):
            if next(tries) == 0:
                await asyncio.Event().wait()
            return {"raw": raw()}

        await hold.submit_whole(post, keep, timeout=POST_SECONDS)

    world.task = task
    await world.deliver(Actor("only"))

    assert world.last.facts.raw is not None


async def test_a_result_in_hand_outlives_a_lost_race(monkeypatch):
    world = submitting_whole(RENDER)

    def raced():
        world.skew += timedelta(seconds=POST_SECONDS)
        world.before_next("append", lambda: world.write(world.last.advance(Stage.CANCELLED)))

    in_hand(monkeypatch, world, raced)

    await world.deliver(Actor("late"))

    assert world.objects
