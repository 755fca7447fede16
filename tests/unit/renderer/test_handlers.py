"""Handing pictures in and collecting results, with what the account allows counted."""

import asyncio
from contextlib import nullcontext
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import EditSubmitted
from contracts.journal import (
    Enhanced,
    Handle,
    JournalEntry,
    Kind,
    Options,
    Raw,
    Slot,
    Stage,
    Submitting,
)
from services.chassis import hold
from services.chassis.collect import Collected, Pending
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.chassis.hold import NotSubmittedError
from services.chassis.limits import account_policies
from services.chassis.settings import AccountSettings
from services.renderer.adapters.flux import Deadlines
from services.renderer.domain.editing import Ready, Running
from services.renderer.domain.polling import PollTimer
from services.renderer.domain.workshop import HAND_SECONDS, RESULTS_IN_HAND
from services.renderer.handlers import collecting as collected
from services.renderer.handlers.collecting import (
    COLLECT_SECONDS,
    HANDS_FULL_SECONDS,
    collecting,
    on_edit_submitted,
)
from services.renderer.handlers.rendering import on_edit_enhanced, rendering
from tests.samples import job
from tests.unit.chassis.rules.world import COPY, Actor, World, paused_at
from tests.unit.renderer.shops import FLUX, GEMINI, LOCAL, RAW, Fakes

ENHANCED = Enhanced(instruction="Make the picture blue, keep the rest.")
SOON_SECONDS = 5.0
SLOT = Slot(policy="flux", sequence=7)


def world(fakes: Fakes, **work: Any) -> World:
    step = rendering(fakes.shop)
    opened = job(**{"enhanced": ENHANCED, **work})
    return World(step, opened, lambda _: partial(on_edit_enhanced, shop=fakes.shop))


def submitted(*, seconds_ago: float = 5.0, progress: int = 65) -> JournalEntry:
    at = utcnow() - timedelta(seconds=seconds_ago)
    task = Handle(provider="flux", task_id="task", model=FLUX.name, submitted_at=at)
    facts: dict[str, Any] = {"enhanced": ENHANCED, "handle": task, "places": (SLOT,)}
    entry = job(**facts).advance(Stage.AI_PROCESSING)
    return entry.follow(public={"progress_percent": progress})


def uncertain(entry: JournalEntry) -> JournalEntry:
    """The ending of a job of which nobody knows whether its task runs."""
    submitting = Submitting(deadline=utcnow())
    return entry.advance(Stage.FAILED, work={"handle": None, "submitting": submitting})


def event(entry: JournalEntry, *, wake_up: bool = False) -> EditSubmitted:
    return EditSubmitted(
        job_id=entry.job_id, request_id="request", occurred_at=utcnow(), wake_up=wake_up
    )


async def test_a_task_is_handed_in_once_with_its_place_and_what_it_costs():
    fakes = Fakes()
    one = world(fakes)

    await one.until_acked()

    handle = one.last.facts.handle
    assert handle is not None
    assert (handle.task_id, handle.cost_credits) == ("task-1", 4.5)
    assert one.last.facts.places == tuple(fakes.places.taken.values())
    assert fakes.places.used == 1
    assert one.last.public.provider == "flux"
    assert one.last.public.model == "flux-2-pro"


async def test_a_provider_is_told_the_instruction_and_the_options():
    fakes = Fakes()

    await world(fakes, options=Options(seed=7)).until_acked()

    (wish,) = fakes.flux.wishes
    assert wish.instruction == ENHANCED.instruction
    assert wish.prompt == "make it blue"
    assert wish.options.seed == 7


async def test_a_job_that_finds_no_place_waits_and_its_picture_is_not_touched():
    fakes = Fakes()
    fakes.places.most = 0
    one = world(fakes)

    await one.deliver(Actor("first"))

    assert fakes.pictures.fetched == 0
    assert one.last.public.retry_reason == "waiting"
    assert one.last.facts.tries == 0
    fakes.places.most = 1
    await one.until_acked()
    assert one.last.facts.handle is not None


@pytest.mark.parametrize(
    "refusal",
    [
        PermanentError(ErrorCode.CONTENT_MODERATED, "Refused."),
        PermanentError(ErrorCode.PROVIDER_CREDITS, "Try later."),
    ],
)
async def test_what_was_refused_gives_its_place_back(refusal: Exception):
    fakes = Fakes()
    fakes.flux.refuses = refusal

    await world(fakes).deliver(Actor("first"))

    assert fakes.places.taken
    assert fakes.places.used == 0


async def test_where_nobody_knows_whether_the_task_runs_its_place_stays_used():
    fakes = Fakes()
    fakes.flux.refuses = TransientError("cut")

    await world(fakes).deliver(Actor("first"))

    assert fakes.places.used == 1


@pytest.mark.parametrize("when", ["crash_before", "crash_after"])
async def test_a_renderer_that_dies_leaves_its_place_to_the_next_one(when: str):
    for operation in range(12):
        fakes = Fakes()
        one = world(fakes)
        stopped: dict[str, Any] = {when: operation}
        await one.deliver(Actor("first", **stopped))
        one.skew = timedelta(seconds=60)

        await one.until_acked()

        # Also where the outcome is unknown: the task may be under way.
        assert len(fakes.places.taken) == fakes.places.used == 1
        assert fakes.flux.submissions <= 1


async def test_a_renderer_that_was_overtaken_frees_no_place_of_its_successor():
    for operation in range(12):
        fakes = Fakes()
        one = world(fakes)
        slow, running = await paused_at(one, operation)
        if one.last.facts.submitting is not None:
            slow.resume.set()
            await running
            continue
        await one.deliver(Actor("second"), sequence=COPY)
        slow.resume.set()
        await running
        await one.until_acked()
        assert one.last.facts.handle is not None
        assert await fakes.places.are_held(one.last.facts.places)
        assert fakes.flux.submissions == 1


async def test_a_job_whose_provider_is_away_waits_and_nothing_is_tried():
    fakes = Fakes()
    shop = replace(fakes.shop, turn_of=lambda _: nullcontext(enter_result=False))
    one = World(
        rendering(shop), job(enhanced=ENHANCED), lambda _: partial(on_edit_enhanced, shop=shop)
    )

    await one.deliver(Actor("first"))

    assert one.last.public.retry_reason == "waiting"
    assert not fakes.places.taken
    assert fakes.flux.submissions == 0


async def test_a_job_that_waits_keeps_its_place():
    fakes = Fakes()
    fakes.flux.refuses = NotSubmittedError("503")
    one = world(fakes)
    for _ in range(4):
        await one.deliver(Actor("refused"))
    fakes.flux.refuses = None

    await one.until_acked()

    assert len(fakes.places.taken) == 1
    assert fakes.places.used == 1


async def test_a_place_that_expired_while_a_job_waited_is_taken_anew():
    fakes = Fakes()
    fakes.flux.refuses = NotSubmittedError("503")
    one = world(fakes)
    await one.deliver(Actor("refused"))
    (expired,) = one.last.facts.places
    fakes.places.taken.clear()
    fakes.places.freed.add(expired.sequence)
    fakes.places.first = 7
    fakes.flux.refuses = None

    await one.until_acked()

    assert one.last.facts.places == tuple(fakes.places.taken.values())
    assert fakes.places.used == 1


async def test_nothing_is_bought_for_a_job_that_is_about_to_be_stopped():
    fakes = Fakes()
    one = world(fakes, deadline=utcnow() + timedelta(seconds=5))

    await one.deliver(Actor("only"))

    assert one.last.public.error_code is ErrorCode.TIMED_OUT
    assert fakes.flux.submissions == 0


async def test_an_unknown_outcome_of_a_task_is_not_repeated_but_one_of_a_whole_call_is():
    fakes = Fakes()
    studio = fakes.shop.studio

    assert studio.repeats_of(Kind.EDIT, job(enhanced=ENHANCED).facts) == 0
    assert studio.repeats_of(Kind.EDIT, job(options=Options(model=GEMINI.name)).facts) == 1
    assert replace(studio, uncertain_repeats=2).repeats_of(Kind.EDIT, job().facts) == 2


async def test_a_provider_that_answers_at_once_needs_no_place_and_no_collecting():
    fakes = Fakes()
    one = world(fakes, options=Options(model=GEMINI.name))

    await one.until_acked()

    assert one.last.facts.raw is not None
    assert one.last.facts.handle is None
    assert fakes.gemini.edits == 1
    assert not fakes.places.taken


async def test_a_bought_picture_is_kept_once_the_store_is_back(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(hold, "WRITE_AGAIN_SECONDS", 0.0)
    fakes = Fakes()
    fakes.pictures.away = 3
    one = world(fakes, options=Options(model=GEMINI.name))

    await one.deliver(Actor("only"))

    assert one.last.facts.raw is not None
    assert fakes.gemini.edits == 1


async def test_waiting_for_the_pool_before_the_call_is_no_submission_of_unknown_outcome():
    fakes = Fakes()
    fakes.gemini.pool_full = 2
    one = world(fakes, options=Options(model=GEMINI.name))

    await one.deliver(Actor("first"))
    assert one.last.facts.submitting is None
    await one.until_acked()

    assert one.last.facts.raw is not None
    assert fakes.gemini.edits == 1


async def test_a_bought_picture_waits_for_the_pool_and_is_not_bought_again(
    monkeypatch: pytest.MonkeyPatch,
):
    monkeypatch.setattr(hold, "WRITE_AGAIN_SECONDS", 0.0)
    fakes = Fakes()
    one = world(fakes, options=Options(model=GEMINI.name))
    fakes.gemini.answered.clear()
    running = one.start(Actor("only"))
    async with asyncio.timeout(5):
        while not fakes.gemini.edits:
            await asyncio.sleep(0)
    fakes.gemini.pool_full = 3
    fakes.gemini.answered.set()
    await running

    assert one.last.facts.raw is not None
    assert fakes.gemini.edits == 1


async def test_places_of_a_job_that_ends_before_they_are_noted_are_free_again():
    fakes = Fakes()
    one = world(fakes)
    fakes.places.then = lambda: one.write(one.last.advance(Stage.CANCELLED))

    await one.deliver(Actor("only"))

    assert fakes.places.taken
    assert fakes.places.used == 0


async def test_a_picture_that_cost_nothing_waits_on_the_bus_for_the_store():
    fakes = Fakes()
    fakes.pictures.away = 1
    one = world(fakes, options=Options(model=LOCAL.name))

    await one.deliver(Actor("first"))

    assert one.last.public.retry_reason == "waiting"
    assert one.last.facts.tries == 0


async def test_the_local_editor_is_tried_again_after_a_failure_since_it_costs_nothing():
    fakes = Fakes()
    fakes.gemini.refuses = TransientError("hiccup")
    one = world(fakes, options=Options(model=LOCAL.name))

    await one.deliver(Actor("first"))

    assert one.last.facts.submitting is None
    assert one.last.facts.tries == 1


async def test_a_model_that_is_not_offered_any_more_ends_the_job_in_words():
    one = world(Fakes(), options=Options(model="flux-1-gone"))

    await one.deliver(Actor("only"))

    assert one.last.public.error_code is ErrorCode.OPTION_UNSUPPORTED


async def test_a_task_that_was_just_handed_in_is_not_asked_for():
    fakes, entry = Fakes(), submitted(seconds_ago=0)

    found = await on_edit_submitted(entry, event(entry), shop=fakes.shop)

    assert isinstance(found, Pending)
    assert fakes.flux.polls == 0


async def test_a_wake_up_is_believed_at_once():
    fakes, entry = Fakes(), submitted(seconds_ago=0)

    found = await on_edit_submitted(entry, event(entry, wake_up=True), shop=fakes.shop)

    assert isinstance(found, Collected)


async def test_progress_moves_the_number_inside_the_stages_band():
    fakes, entry = Fakes(), submitted()
    shown = []
    for progress in (0.0, 0.1, 0.5, 1.0):
        fakes.flux.says = Running(progress)
        found = await on_edit_submitted(entry, event(entry), shop=fakes.shop)
        assert isinstance(found, Pending)
        shown.append(found.progress_percent)

    assert shown == [None, None, 77, 89]


async def test_a_result_is_kept_and_told_with_its_model():
    fakes, entry = Fakes(), submitted()

    found = await on_edit_submitted(entry, event(entry), shop=fakes.shop)

    assert isinstance(found, Collected)
    assert found.work["raw"].image == RAW
    assert found.public == {"provider": "flux", "model": "flux-2-pro"}


async def test_no_more_results_are_held_than_there_are_hands_and_the_rest_is_looked_at_again():
    fakes, entry = Fakes(), submitted()
    fakes.flux.sends.clear()
    shop = replace(fakes.shop, hand_seconds=0.05)
    looks = [
        asyncio.create_task(on_edit_submitted(entry, event(entry), shop=shop))
        for _ in range(3 * RESULTS_IN_HAND)
    ]

    async with asyncio.timeout(SOON_SECONDS):
        waiting = await asyncio.gather(*looks[RESULTS_IN_HAND:])
    fakes.flux.sends.set()
    collected = await asyncio.gather(*looks[:RESULTS_IN_HAND])

    assert waiting == [Pending(HANDS_FULL_SECONDS, is_known=False)] * 2 * RESULTS_IN_HAND
    assert all(isinstance(found, Collected) for found in collected)
    assert fakes.flux.most_in_hand == RESULTS_IN_HAND


async def test_a_hand_that_comes_free_takes_the_next_result_whatever_became_of_the_one_before():
    fakes, entry = Fakes(), submitted()
    fakes.pictures.away = RESULTS_IN_HAND
    shop = fakes.shop

    for _ in range(RESULTS_IN_HAND):
        with pytest.raises(UnavailableError):
            await on_edit_submitted(entry, event(entry), shop=shop)

    assert isinstance(await on_edit_submitted(entry, event(entry), shop=shop), Collected)


def test_waiting_for_a_hand_leaves_a_look_the_time_to_fetch_and_keep_its_result():
    deadlines = Deadlines()

    assert HAND_SECONDS + deadlines.poll + deadlines.download < COLLECT_SECONDS


async def test_a_result_is_learned_from_once_it_is_kept_and_not_at_each_attempt():
    fakes, entry = Fakes(), submitted()
    fakes.pictures.away = 3
    shop = fakes.shop
    for _ in range(3):
        with pytest.raises(UnavailableError):
            await on_edit_submitted(entry, event(entry), shop=shop)
    assert shop.timer.delay(FLUX.name, 0) == PollTimer().delay(FLUX.name, 0)

    await on_edit_submitted(entry, event(entry), shop=shop)

    assert shop.timer.delay(FLUX.name, 0) != PollTimer().delay(FLUX.name, 0)


async def test_a_task_that_runs_for_longer_than_allowed_ends_the_job():
    fakes, entry = Fakes(), submitted(seconds_ago=301)
    fakes.flux.says = Running()

    with pytest.raises(PermanentError) as raised:
        await on_edit_submitted(entry, event(entry), shop=fakes.shop)

    assert raised.value.code is ErrorCode.TIMED_OUT


async def test_looks_that_can_wait_for_long_fall_together(monkeypatch: pytest.MonkeyPatch):
    now = utcnow().replace(microsecond=100_000)
    monkeypatch.setattr(collected, "utcnow", lambda: now)
    fakes, entry = Fakes(), submitted(seconds_ago=60)
    fakes.flux.says = Running()

    found = await on_edit_submitted(entry, event(entry), shop=fakes.shop)

    assert isinstance(found, Pending)
    assert found.delay_seconds == pytest.approx(4.9)


async def test_a_task_whose_host_is_left_alone_is_asked_for_again_after_the_pause():
    fakes, entry = Fakes(), submitted()
    fakes.flux.says = Running(pause_seconds=7.5)

    found = await on_edit_submitted(entry, event(entry), shop=fakes.shop)

    assert found == Pending(7.5, is_known=False)


async def test_a_task_that_nobody_could_be_asked_for_is_not_given_up_unasked():
    fakes, entry = Fakes(), submitted(seconds_ago=301)
    fakes.flux.says = Running(pause_seconds=7.5)

    assert isinstance(await on_edit_submitted(entry, event(entry), shop=fakes.shop), Pending)


async def test_places_of_a_job_that_ends_during_a_refused_submission_are_free_again():
    fakes = Fakes()
    one = world(fakes)
    fakes.flux.then = lambda: one.write(one.last.advance(Stage.CANCELLED))
    fakes.flux.refuses = NotSubmittedError("429")

    await one.until_acked()

    assert fakes.places.taken
    assert fakes.places.used == 0


def test_nobody_asks_for_a_task_for_longer_than_its_place_is_kept():
    settings = AccountSettings()
    shop = replace(Fakes().shop, task_timeout_seconds=settings.flux_timeout_seconds)

    windows = {policy.window_seconds for policy in account_policies(settings)}

    assert {collecting(shop).task_seconds} == windows


async def test_a_late_result_is_still_a_result():
    fakes, entry = Fakes(), submitted(seconds_ago=301)
    fakes.flux.says = Ready("https://delivery.bfl.ai/x")

    assert isinstance(await on_edit_submitted(entry, event(entry), shop=fakes.shop), Collected)


@pytest.mark.parametrize("make", [rendering, collecting])
async def test_places_are_freed_once_the_task_has_ended_and_not_before(make):
    fakes, entry = Fakes(), submitted()
    release = make(fakes.shop).release

    for running in (entry, entry.advance(Stage.CANCELLED), uncertain(entry)):
        await release(running, has_ended=False)
        assert not fakes.places.freed
    raw = Raw(image=RAW, provider="flux", model="flux-2-pro")
    never_sent = entry.advance(Stage.CANCELLED, work={"handle": None})
    for ended in (entry.follow(work={"raw": raw}), never_sent):
        fakes.places.freed.clear()
        await release(ended, has_ended=False)
        assert fakes.places.freed == {SLOT.sequence}


async def test_the_places_of_a_cancelled_job_are_freed_once_its_task_is_seen_to_end():
    fakes, entry = Fakes(), submitted()

    await collecting(fakes.shop).release(entry.advance(Stage.CANCELLED), has_ended=True)

    assert fakes.places.freed == {SLOT.sequence}
