"""The status object that a poll and a stream share."""

import json

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Enhanced, Kind, Options, Stage, Written
from services.chassis.keyring import Keyring
from services.gateway.domain.links import Links
from services.gateway.domain.status import StatusRenderer, readable
from tests.samples import job, reference

RENDERER = StatusRenderer(Links(Keyring((b"k" * 40,))))
FIELDS = {
    *("uuid", "job_id", "kind", "status", "processing_stage", "message", "progress_percent"),
    *("is_complete", "is_error", "edited_image_url", "original_image_url", "prompt"),
    *(
        "result_url",
        "description",
        "style_id",
        "enhanced_prompt",
        "provider",
        "model",
        "note",
        "parent_edit_uuid",
        "chain_position",
    ),
    *("attempt", "retry_at", "retry_reason", "error_code", "created_at", "updated_at"),
}


def status(entry) -> dict:
    return dict(json.loads(RENDERER.json(entry, "https://x")))


def test_an_accepted_edit_tells_all_documented_fields():
    told = status(job(prompt="make it blue"))

    assert set(told) == FIELDS
    assert told["status"] == told["processing_stage"] == "pending"
    assert told["prompt"] == "make it blue"
    assert told["original_image_url"].startswith("https://x/images/preview/edit/")
    assert told["created_at"].endswith("Z")
    assert not told["is_complete"]
    assert not told["is_error"]


def test_a_result_is_shown_once_the_edit_completed():
    work = {"result": reference(role="result"), "enhanced": Enhanced(instruction="i", prompt="p")}
    finishing = job().advance(Stage.UPLOADING_RESULT, work=work)

    assert status(finishing)["edited_image_url"] is None
    told = status(finishing.advance(Stage.COMPLETED))
    assert told["result_url"] == told["edited_image_url"]
    assert told["job_id"] == told["uuid"]
    assert told["edited_image_url"].startswith("https://x/images/")
    assert told["enhanced_prompt"] == "p"
    assert told["is_complete"]


@pytest.mark.parametrize("kind", [Kind.VARIATION, Kind.CUTOUT])
def test_the_result_of_another_kind_is_no_edited_image(kind: Kind):
    work = {"result": reference(role="result"), "options": Options(style_id="ink")}

    told = status(job(kind=kind, prompt="").advance(Stage.COMPLETED, work=work))

    assert told["result_url"].startswith("https://x/images/")
    assert told["edited_image_url"] is None
    assert told["prompt"] is None
    assert told["style_id"] == "ink"
    assert told["original_image_url"]


def test_a_description_is_told_once_it_is_complete_and_its_picture_is_gone_then():
    written = Written(text="A cat.", provider="gemini", model="gemini-3")
    looking = job(kind=Kind.DESCRIPTION, prompt="").advance(
        Stage.DESCRIBING, work={"written": written}
    )

    told, early = status(looking.advance(Stage.COMPLETED)), status(looking)

    assert (early["description"], told["description"]) == (None, "A cat.")
    assert early["original_image_url"]
    assert told["original_image_url"] is None
    assert told["result_url"] is None


def test_who_does_the_work_and_what_was_noted_on_the_way_are_told():
    noted = job().advance(
        Stage.AI_PROCESSING, provider="flux", model="flux-2-pro", note="Your words as they are."
    )

    told = status(noted.advance(Stage.COMPLETED))

    assert (told["provider"], told["model"]) == ("flux", "flux-2-pro")
    assert told["note"] == "Your words as they are."


def test_a_failed_and_a_cancelled_edit_are_errors_to_a_simple_client():
    failed = status(job().fail(ErrorCode.NOT_UNDERSTOOD, "I can crop and blur."))
    cancelled = status(job().advance(Stage.CANCELLED))

    assert (failed["status"], failed["message"]) == ("failed", "I can crop and blur.")
    assert failed["error_code"] == "NOT_UNDERSTOOD"
    assert failed["is_error"]
    assert cancelled["is_error"]
    assert cancelled["edited_image_url"] is None


def test_an_erased_edit_has_no_words_and_is_not_read():
    erased = job().advance(Stage.ERASED).model_copy(update={"work": None})

    assert status(erased)["prompt"] is None
    assert status(erased)["original_image_url"] is None
    assert not readable(erased)
