"""The state machine of a job."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from contracts.errors import ErrorCode
from contracts.journal import PROGRESS, JournalEntry, Stage, Status
from contracts.succession import check_successor
from tests.samples import job

STAGES = [stage for stage in PROGRESS if stage is not Stage.COMPLETED]


def test_a_job_opens_at_index_0_pending_and_10_percent():
    opened = job()

    check_successor(None, opened)

    assert opened.public.status is Status.PENDING
    assert opened.public.progress_percent == 10


@given(st.lists(st.sampled_from(STAGES), max_size=12))
def test_stage_and_progress_never_step_back_whatever_is_entered(stages):
    entry = job()
    for stage in stages:
        following = entry.advance(stage)
        check_successor(entry, following)
        assert following.index == entry.index + 1
        entry = following


@pytest.mark.parametrize("ending", [Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED])
def test_nothing_follows_an_ending(ending):
    ended = job().advance(ending)

    with pytest.raises(ValueError, match="nothing follows an ending"):
        check_successor(ended, ended.follow())


def test_a_gap_in_the_index_is_refused():
    opened = job()

    with pytest.raises(ValueError, match="index counts by one"):
        check_successor(opened, opened.follow().follow())


def test_a_step_back_is_refused():
    later = job().advance(Stage.AI_PROCESSING)
    back = later.follow(public={"stage": Stage.FETCHING_IMAGE})

    with pytest.raises(ValueError, match="stage never steps back"):
        check_successor(later, back)


def test_a_failure_keeps_the_progress_that_was_reached_and_brings_its_sentence():
    failed = job().advance(Stage.AI_PROCESSING).fail(ErrorCode.NOT_UNDERSTOOD, "I can crop.")

    assert failed.public.progress_percent == 65
    assert failed.public.message == "I can crop."
    assert failed.public.status is Status.FAILED


def test_entering_a_stage_forgets_the_tries_of_the_one_before():
    tried = job().advance(Stage.FETCHING_IMAGE).follow(work={"tries": 2}, public={"attempt": 3})

    entered = tried.advance(Stage.AI_PROCESSING)

    assert entered.facts.tries == 0
    assert entered.public.attempt == 1


def test_taking_the_same_stage_again_keeps_its_tries():
    tried = job().advance(Stage.FETCHING_IMAGE).follow(work={"tries": 2}, public={"attempt": 3})

    again = tried.advance(Stage.FETCHING_IMAGE)

    assert again.facts.tries == 2
    assert again.public.attempt == 3


def test_only_an_erased_job_may_have_lost_its_work():
    lost = job().model_copy(update={"work": None})
    erased = lost.model_copy(
        update={"public": lost.public.model_copy(update={"stage": Stage.ERASED})}
    )

    assert JournalEntry.model_validate_json(erased.model_dump_json()) == erased
    with pytest.raises(ValidationError, match="only erasing forgets work"):
        JournalEntry.model_validate_json(lost.model_dump_json())
