"""What others hear of a job, and which failures cost nothing."""

import pytest

from contracts.errors import ErrorCode
from contracts.events import FeedEvent, JobAccepted, JobCancelled, JobCompleted, JobFailed
from contracts.journal import Enhanced, Slot, Stage
from services.storage.domain.feed import feed_id, returned, told
from tests.samples import job

SLOTS = (Slot(policy="daily", sequence=3), Slot(policy="burst", sequence=4))


@pytest.mark.parametrize(
    ("stage", "event"),
    [
        (Stage.ENHANCING_PROMPT, None),
        (Stage.UPLOADING_RESULT, None),
        (Stage.COMPLETED, JobCompleted),
        (Stage.FAILED, JobFailed),
        (Stage.CANCELLED, JobCancelled),
        (Stage.ERASED, None),
    ],
)
def test_beginnings_and_endings_are_told(stage: Stage, event: type[FeedEvent] | None) -> None:
    opened = job(correlation_id="theirs")

    assert isinstance(told(opened), JobAccepted)
    assert type(told(opened.advance(stage))) is (event or type(None))


def test_nothing_that_a_person_said_is_told() -> None:
    spoken = job(
        prompt="my secret", enhanced=Enhanced(instruction="my secret"), correlation_id="theirs"
    )
    event = told(spoken.advance(Stage.COMPLETED))

    assert event is not None
    assert event.correlation_id == "theirs"
    assert "my secret" not in event.model_dump_json()
    assert "owner" not in event.model_dump_json()


def test_the_same_news_has_the_same_id() -> None:
    opened = job()
    event = told(opened)

    assert event is not None
    assert feed_id(event) == f"{opened.job_id}:job.accepted"


@pytest.mark.parametrize(
    ("code", "places"),
    [
        (ErrorCode.PROVIDER_FAILED, SLOTS),
        (ErrorCode.RESULT_INVALID, SLOTS),
        (ErrorCode.TIMED_OUT, SLOTS),
        (ErrorCode.NOT_UNDERSTOOD, ()),
        (ErrorCode.CONTENT_MODERATED, ()),
    ],
)
def test_a_failure_costs_the_caller_only_what_the_wish_itself_caused(
    code: ErrorCode, places: tuple[Slot, ...]
) -> None:
    assert returned(job(quota=SLOTS).fail(code, "No.")) == places


@pytest.mark.parametrize("stage", [Stage.AI_PROCESSING, Stage.COMPLETED, Stage.CANCELLED])
def test_what_did_not_fail_gives_nothing_back(stage: Stage) -> None:
    assert returned(job(quota=SLOTS).advance(stage)) == ()
