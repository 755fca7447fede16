"""What others hear of a job, and which failures cost nothing."""

import pytest

from contracts.errors import ErrorCode
from contracts.events import FeedEvent, JobAccepted, JobCancelled, JobCompleted, JobFailed
from contracts.journal import Enhanced, Slot, Stage
from services.storage.domain.feed import feed_id, returned, told
from tests.samples import job

UNDER_WAY = Slot(policy="active", sequence=5)
SLOTS = (UNDER_WAY, Slot(policy="burst", sequence=4), Slot(policy="daily", sequence=3))


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


def test_an_announcement_names_the_request_that_began_it() -> None:
    event = told(job(request_id="my-request").advance(Stage.COMPLETED))

    assert event is not None
    assert event.request_id == "my-request"


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
        (ErrorCode.NOT_UNDERSTOOD, (UNDER_WAY,)),
        (ErrorCode.CONTENT_MODERATED, (UNDER_WAY,)),
    ],
)
def test_a_failure_costs_the_caller_only_what_the_wish_itself_caused(
    code: ErrorCode, places: tuple[Slot, ...]
) -> None:
    assert returned(job(quota=SLOTS).fail(code, "No.")) == places


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.CANCELLED])
def test_a_job_that_ended_otherwise_is_merely_not_under_way_any_more(stage: Stage) -> None:
    assert returned(job(quota=SLOTS).advance(stage)) == (UNDER_WAY,)


def test_a_job_under_way_and_one_without_content_give_nothing_back() -> None:
    running = job(quota=SLOTS)
    erased = running.advance(Stage.ERASED).model_copy(update={"work": None})

    assert returned(running.advance(Stage.AI_PROCESSING)) == returned(erased) == ()
