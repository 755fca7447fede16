"""Gemini's answers, as its documents and its habits have them, read without its SDK."""

import json
from base64 import b64encode, urlsafe_b64encode

import pytest
from google.genai.errors import APIError
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError, TransientError
from services.chassis.gemini_answers import read_answer
from services.chassis.gemini_refusals import NotAcceptedError, refusal

WHO = "The image service"
BYTES = b"\xff\xef\xbe\x00picture"


def answer(*parts: object, finish: str | None = "STOP", **more: object) -> str:
    """A body with one candidate."""
    content = {"content": {"role": "model", "parts": list(parts)}} if parts else {}
    return json.dumps({"candidates": [{**content, "finishReason": finish}], **more})


def blob(data: str) -> dict[str, object]:
    return {"inlineData": {"mimeType": "image/png", "data": data}}


def read(body: str):
    return read_answer(body, who=WHO)


def problem(code: int, **error: object) -> APIError:
    """What the SDK makes of an error answer."""
    return APIError(code, {"error": {"code": code, "message": "hush", **error}})


def detail(**fields: object) -> dict[str, object]:
    return {"details": [{"@type": "type.googleapis.com/x", **fields}]}


def test_texts_are_joined_and_thoughts_left_out():
    body = answer({"text": "let me see", "thought": True}, {"text": "a"}, {"text": "b"})

    assert read(body).text == "ab"


@pytest.mark.parametrize("encode", [b64encode, urlsafe_b64encode])
def test_pictures_come_in_either_alphabet(encode):
    data = encode(BYTES).decode()

    assert read(answer(blob(data), blob(data.rstrip("=")))).images == (BYTES, BYTES)


def test_a_picture_that_is_a_thought_is_no_result():
    thought = {**blob(b64encode(b"draft").decode()), "thought": True}

    assert read(answer(thought, blob(b64encode(BYTES).decode()))).images == (BYTES,)


def test_the_model_that_answered_is_told():
    assert read(answer({"text": "x"}, modelVersion="gemini-x-002")).model == "gemini-x-002"


@pytest.mark.parametrize("name", ["x" * 101, 7, ["gemini"]])
def test_a_model_without_a_name_costs_nothing_of_the_answer(name: object):
    read_back = read(answer({"text": "x"}, modelVersion=name))

    assert (read_back.model, read_back.text) == (None, "x")


@pytest.mark.parametrize(
    "body",
    ["", "{", "<html>", "[]", "null", '{"candidates": 3}', "[" * 10_000],
)
def test_a_body_that_is_no_answer_may_be_one_next_time(body: str):
    with pytest.raises(TransientError, match="a broken answer"):
        read(body)


@pytest.mark.parametrize(
    "broken",
    [
        None,
        7,
        "text",
        [],
        blob("?!"),
        {"inlineData": {"mimeType": "image/png"}},
        {"inlineData": []},
        {"inlineData": {"data": 7}},
        {"text": 7},
        {"text": "a", "thought": "perhaps"},
    ],
    ids=str,
)
@pytest.mark.parametrize("is_first", [True, False])
def test_a_part_that_cannot_be_read_takes_nothing_from_the_others(broken, is_first):
    good = [{"text": "a"}, blob(b64encode(BYTES).decode())]

    found = read(answer(broken, *good) if is_first else answer(*good, broken))

    assert (found.text, found.images, found.is_whole) == ("a", (BYTES,), False)


def test_an_answer_whose_only_part_cannot_be_read_says_nothing_and_is_not_whole():
    found = read(answer(blob("?!")))

    assert (found.text, found.images, found.is_whole) == ("", (), False)


@pytest.mark.parametrize("part", [{"text": "a"}, blob(""), {}, {"functionCall": {}}])
def test_an_answer_whose_parts_can_all_be_read_is_whole(part):
    assert read(answer(part)).is_whole


@pytest.mark.parametrize("body", ["{}", '{"candidates": []}', '{"candidates": null}', answer()])
def test_an_answer_that_says_nothing_says_so(body: str):
    found = read(body)

    assert (found.text, found.images) == ("", ())


@pytest.mark.parametrize("finish", ["MAX_TOKENS", "NO_IMAGE", "OTHER", "IMAGE_OTHER"])
def test_how_an_answer_ended_is_told(finish: str):
    assert read(answer(finish=finish)).finish == finish


def test_a_finish_reason_that_nobody_knows_yet_is_no_error():
    assert read(answer({"text": "x"}, finish="SOMETHING_NEW")).text == "x"


def test_of_a_finish_reason_only_a_plain_word_is_repeated():
    assert read(answer({"text": "x"}, finish="a person's words")).finish == "UNKNOWN"


@pytest.mark.parametrize(
    ("reason", "because"),
    [
        ("IMAGE_SAFETY", "the picture goes against its safety rules"),
        ("PROHIBITED_CONTENT", "it shows or asks for prohibited content"),
        ("RECITATION", "it would copy somebody's work"),
    ],
)
def test_what_it_declines_to_say_or_draw_is_said_in_words(reason: str, because: str):
    with pytest.raises(PermanentError) as refused:
        read(answer({"text": "half"}, finish=reason))

    assert refused.value.code is ErrorCode.CONTENT_MODERATED
    assert refused.value.sentence == f"{WHO} declined this because {because}."


@pytest.mark.parametrize("reason", ["SAFETY", "OTHER", "SOMETHING_NEW"])
def test_a_blocked_prompt_is_a_refusal_whatever_it_is_blocked_for(reason: str):
    body = json.dumps({"promptFeedback": {"blockReason": reason}})

    with pytest.raises(PermanentError) as refused:
        read(body)

    assert refused.value.code is ErrorCode.CONTENT_MODERATED


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_body_gets_past_the_kinds_of_errors(value):
    for body in (json.dumps(value), json.dumps({"candidates": value, "promptFeedback": value})):
        try:
            read(body)
        except (TransientError, PermanentError):
            continue


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (problem(400, status="INVALID_ARGUMENT", **detail(reason="API_KEY_INVALID")), "AUTH"),
        (problem(401), "AUTH"),
        (problem(403, status="PERMISSION_DENIED"), "AUTH"),
        (problem(400, status="FAILED_PRECONDITION"), "AUTH"),
        (problem(402), "CREDITS"),
        (problem(429, **detail(violations=[{"quotaId": "RequestsPerDayPerModel"}])), "CREDITS"),
        (problem(404, status="NOT_FOUND"), "FAILED"),
        (problem(400, status="INVALID_ARGUMENT"), "FAILED"),
        (problem(413), "FAILED"),
        (APIError(302, {"message": "hush", "status": "Found"}), "FAILED"),
    ],
)
def test_what_will_never_work_has_a_code(error: APIError, code: str):
    found = refusal(error, who=WHO)

    assert isinstance(found, PermanentError)
    assert found.code is ErrorCode(f"PROVIDER_{code}")
    assert found.sentence.startswith(WHO)
    assert "hush" not in str(found) + found.sentence


@pytest.mark.parametrize("status", [429, 503])
def test_what_was_turned_away_was_certainly_not_carried_out(status: int):
    assert isinstance(refusal(problem(status), who=WHO), NotAcceptedError)


@pytest.mark.parametrize("status", [201, 408, 500, 502, 504, 599])
def test_after_these_nobody_knows(status: int):
    found = refusal(problem(status), who=WHO)

    assert type(found) is TransientError


@pytest.mark.parametrize(
    ("delay", "pause"),
    [("11s", 11.0), ("11.66s", 11.66), ("3600s", 60.0), ("soon", None), ("-1s", None), ("", None)],
)
def test_the_pause_it_asks_for_is_kept_up_to_a_minute(delay: str, pause: float | None):
    found = refusal(problem(429, **detail(retryDelay=delay)), who=WHO)

    assert isinstance(found, TransientError)
    assert found.retry_after == pause


@pytest.mark.parametrize(
    "details", [None, "text", [], [1, 2], {"error": "x"}, {"error": {"details": {"a": 1}}}]
)
def test_an_error_of_any_shape_is_told_by_its_status(details: object):
    assert isinstance(refusal(APIError(503, details), who=WHO), NotAcceptedError)
    assert isinstance(refusal(APIError(404, details), who=WHO), PermanentError)
