"""Descriptions as their own addresses speak of them, and which jobs can be rated."""

import pytest

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Stage, Written
from services.chassis.errors import PermanentError
from services.gateway.domain.descriptions import a_description, result_of, status_of, taken
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.ratings import rateable
from tests import hostile
from tests.pictures import plain
from tests.samples import job

WRITTEN = Written(text="A cat.", provider="gemini", model="gemini-3")
OPENED = job(kind=Kind.DESCRIPTION, prompt="")
LOOKING = OPENED.advance(Stage.DESCRIBING, work={"written": WRITTEN})
DONE = LOOKING.advance(Stage.COMPLETED)
FAILED = OPENED.fail(ErrorCode.TIMED_OUT, "It took too long.")
CANCELLED = OPENED.advance(Stage.CANCELLED)


@pytest.mark.parametrize(
    ("entry", "status", "error"),
    [
        (OPENED, "queued", None),
        (LOOKING, "processing", None),
        (DONE, "done", None),
        (FAILED, "failed", "It took too long."),
        (CANCELLED, "failed", "Description cancelled."),
    ],
)
def test_a_status_is_one_of_four_and_says_why_there_is_none(
    entry: JournalEntry, status: str, error: str | None
):
    told = status_of(entry)

    assert set(told) - {"error"} == {"job_id", "status", "created_at", "updated_at"}
    assert (told["status"], told.get("error")) == (status, error)
    assert told["created_at"].endswith("Z")


def test_a_result_names_the_model_that_wrote_it():
    told = result_of(DONE)

    assert (told["status"], told["description"]) == ("done", "A cat.")
    assert told["_generated_by"] == "gemini-3"


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        (OPENED, "The description has not been written yet."),
        (LOOKING, "The description has not been written yet."),
        (FAILED, "It took too long."),
        (CANCELLED, "Description cancelled."),
    ],
)
def test_without_a_result_the_reason_is_told(entry: JournalEntry, reason: str):
    with pytest.raises(RefusalError) as refused:
        result_of(entry)

    assert (refused.value.status, refused.value.code) == (409, ErrorCode.JOB_NOT_COMPLETED)
    assert refused.value.sentence == reason


@pytest.mark.parametrize("kind", set(Kind) - {Kind.DESCRIPTION})
def test_a_job_of_another_kind_is_no_description(kind: Kind):
    with pytest.raises(RefusalError) as refused:
        a_description(job(kind=kind))

    assert (refused.value.status, refused.value.code) == (404, ErrorCode.JOB_NOT_FOUND)


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
def test_jpeg_and_png_are_taken_as_they_came(suffix: str):
    picture = plain(8, 6, suffix=suffix)

    assert taken(picture) is picture


@pytest.mark.parametrize(
    ("picture", "code"),
    [
        (plain(8, 6, suffix=".webp"), ErrorCode.UNSUPPORTED_IMAGE),
        (plain(8, 6, suffix=".tif"), ErrorCode.UNSUPPORTED_IMAGE),
        (hostile.gif(), ErrorCode.UNSUPPORTED_IMAGE),
        (hostile.heic(), ErrorCode.UNSUPPORTED_IMAGE),
        (b"not a picture", ErrorCode.INVALID_IMAGE),
    ],
)
def test_other_types_are_refused_with_what_is_taken(picture: bytes, code: ErrorCode):
    with pytest.raises(PermanentError) as refused:
        taken(picture)

    assert refused.value.code is code
    assert refused.value.sentence.endswith("send a JPEG or PNG.")


@pytest.mark.parametrize("kind", set(Kind) - {Kind.DESCRIPTION})
def test_what_has_completed_with_a_picture_can_be_rated(kind: Kind):
    done = job(kind=kind).advance(Stage.COMPLETED)

    assert rateable(done) is done
    with pytest.raises(RefusalError) as refused:
        rateable(job(kind=kind))
    assert refused.value.status == 400
    assert refused.value.code in {ErrorCode.EDIT_NOT_COMPLETED, ErrorCode.JOB_NOT_COMPLETED}


def test_a_description_cannot_be_rated():
    with pytest.raises(RefusalError) as refused:
        rateable(DONE)

    assert (refused.value.status, refused.value.code) == (400, ErrorCode.INVALID_REQUEST)
