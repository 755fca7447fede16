"""What a job that does not move needs, judged by its last entry alone."""

from datetime import timedelta
from typing import Any

import pytest

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import EditEnhanced, EditRendered, EditRequested, EditSubmitted, JobEvent
from contracts.journal import Enhanced, Handle, JournalEntry, Raw, Stage, Submitting
from services.chassis.announce import again_id, announcement
from services.chassis.judge import (
    SILENCE_SECONDS,
    Verdict,
    given_up,
    judge_silence,
    judge_stuck,
    look_at,
    timed_out,
)
from tests.samples import job, reference

ENHANCED = Enhanced(instruction="Make it blue.")
RAW = Raw(image=reference(role="raw"), provider="local", model="libvips")
HANDLE = Handle(provider="flux", task_id="task")
SUBMITTING = Submitting(deadline=utcnow())

ENDINGS = (Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED, Stage.ERASED)


def at(stage: Stage, **facts: Any) -> JournalEntry:
    return job(**facts).advance(stage)


@pytest.mark.parametrize(
    ("entry", "event"),
    [
        (job(), EditRequested),
        (at(Stage.ENHANCING_PROMPT), EditRequested),
        (at(Stage.ENHANCING_PROMPT, enhanced=ENHANCED), EditEnhanced),
        (at(Stage.FETCHING_IMAGE, enhanced=ENHANCED), EditEnhanced),
        (at(Stage.AI_PROCESSING, enhanced=ENHANCED, submitting=SUBMITTING), EditEnhanced),
        (at(Stage.AI_PROCESSING, enhanced=ENHANCED, handle=HANDLE), EditSubmitted),
        (at(Stage.AI_PROCESSING, enhanced=ENHANCED, raw=RAW), EditRendered),
        (at(Stage.UPLOADING_RESULT, enhanced=ENHANCED, raw=RAW), EditRendered),
        *((at(ending, raw=RAW), None) for ending in ENDINGS),
    ],
)
def test_the_facts_say_which_event_must_have_been_published(
    entry: JournalEntry, event: type[JobEvent] | None
) -> None:
    assert announcement(entry) is event


def test_an_erased_job_has_nothing_to_announce() -> None:
    erased = at(Stage.ERASED).model_copy(update={"work": None})

    assert announcement(erased) is None
    assert look_at(erased) is None
    assert judge_silence(erased, now=utcnow() + timedelta(days=1)) is Verdict.LEAVE


@pytest.mark.parametrize("stage", SILENCE_SECONDS)
def test_a_stage_is_silent_after_its_limit_and_not_before(stage: Stage) -> None:
    entry = job() if stage is Stage.PENDING else at(stage)
    limit = entry.public.updated_at + timedelta(seconds=SILENCE_SECONDS[stage])

    assert judge_silence(entry, now=limit - timedelta(milliseconds=1)) is Verdict.LEAVE
    assert judge_silence(entry, now=limit) is Verdict.ANNOUNCE
    assert look_at(entry) == limit


def test_a_job_that_waits_for_a_retry_is_not_silent() -> None:
    retry_at = utcnow() + timedelta(seconds=120)
    waiting = at(Stage.FETCHING_IMAGE).follow(public={"retry_at": retry_at})

    assert judge_silence(waiting, now=retry_at) is Verdict.LEAVE
    assert judge_silence(waiting, now=retry_at + timedelta(seconds=60)) is Verdict.ANNOUNCE


def test_past_its_deadline_a_job_fails_however_lively() -> None:
    deadline = utcnow() + timedelta(seconds=1)
    entry = at(Stage.AI_PROCESSING, deadline=deadline, raw=RAW)

    assert judge_silence(entry, now=deadline) is Verdict.FAIL
    assert look_at(entry) == deadline


@pytest.mark.parametrize("ending", ENDINGS)
def test_a_job_that_ended_is_left_alone(ending: Stage) -> None:
    ended = at(ending)
    much_later = utcnow() + timedelta(days=1)

    assert judge_silence(ended, now=much_later) is Verdict.LEAVE
    assert judge_stuck(ended, EditRendered) is Verdict.LEAVE


@pytest.mark.parametrize(
    ("entry", "stuck", "verdict"),
    [
        (job(), EditRequested, Verdict.FAIL),
        (job(enhanced=ENHANCED), EditRequested, Verdict.ANNOUNCE),
        (at(Stage.FETCHING_IMAGE, enhanced=ENHANCED), EditRequested, Verdict.LEAVE),
        (at(Stage.FETCHING_IMAGE, enhanced=ENHANCED), EditEnhanced, Verdict.FAIL),
        (at(Stage.AI_PROCESSING, enhanced=ENHANCED, submitting=SUBMITTING), EditEnhanced,
         Verdict.ANNOUNCE),
        (at(Stage.AI_PROCESSING, enhanced=ENHANCED, handle=HANDLE), EditEnhanced,
         Verdict.ANNOUNCE),
        (at(Stage.AI_PROCESSING, raw=RAW), EditEnhanced, Verdict.ANNOUNCE),
        (at(Stage.UPLOADING_RESULT, raw=RAW), EditEnhanced, Verdict.LEAVE),
        (at(Stage.UPLOADING_RESULT, raw=RAW), EditRendered, Verdict.ANNOUNCE),
    ],
)  # fmt: skip
def test_a_stuck_message_fails_its_job_only_when_nothing_was_found_out(
    entry: JournalEntry, stuck: type[JobEvent], verdict: Verdict
) -> None:
    assert judge_stuck(entry, stuck) is verdict


def test_the_endings_say_why() -> None:
    entry = at(Stage.AI_PROCESSING)

    assert timed_out(entry).public.error_code is ErrorCode.TIMED_OUT
    assert given_up(entry).public.error_code is ErrorCode.PROVIDER_FAILED
    assert timed_out(entry).public.message.startswith("This took too long")


def test_a_fresh_id_is_not_the_deterministic_one() -> None:
    entry = job()

    assert again_id(EditRequested, entry, "r7") == f"{entry.job_id}:edit.requested:r7"
