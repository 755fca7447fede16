"""OpenAI's answers, as its documents have them, read without its SDK."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorCode
from services.chassis.errors import MisconfiguredError, PermanentError, TransientError
from services.enhancer.adapters.openai_answers import read_answer, refusal


def answer(*content: object, **more: object) -> bytes:
    """A body with some reasoning, and a message of this content."""
    message = {"type": "message", "role": "assistant", "content": list(content)}
    output = [{"type": "reasoning", "id": "rs_1", "summary": []}, message]
    return json.dumps({"status": "completed", "model": "m-1", "output": output, **more}).encode()


def text(words: str) -> dict[str, object]:
    return {"type": "output_text", "text": words, "annotations": []}


def refused(status: int, *words: str, **headers: str):
    return refusal(status, frozenset(words), headers)


def test_the_texts_of_messages_are_joined_and_the_model_told():
    said = read_answer(answer(text("a"), text("b")))

    assert (said.text, said.model) == ("ab", "m-1")


@pytest.mark.parametrize(
    ("model", "known"), [("m" * 100, "m" * 100), ("m" * 101, None), (7, None), (None, None)]
)
def test_a_name_that_is_none_takes_nothing_from_the_answer(model: object, known: str | None):
    said = read_answer(answer(text("a"), model=model))

    assert (said.text, said.model) == ("a", known)


@pytest.mark.parametrize("body", [b"", b"{", b"<html>", b"[]", b"\xff", b'{"output": 3}'])
def test_a_body_that_is_no_answer_may_be_one_next_time(body: bytes):
    with pytest.raises(TransientError, match="a broken answer"):
        read_answer(body)


@pytest.mark.parametrize(
    "body",
    [
        answer(error={"code": "server_error", "message": "hush"}),
        answer(error={"code": "rate_limit_exceeded", "message": "hush"}),
    ],
)
def test_a_failure_that_may_pass_is_told_without_its_words(body: bytes):
    with pytest.raises(TransientError) as error:
        read_answer(body)

    assert "hush" not in str(error.value)


CUT = {"reason": "max_output_tokens"}


@pytest.mark.parametrize(
    ("body", "ended"),
    [
        (b"{}", "completed"),
        (answer(), "completed"),
        (answer(text("")), "completed"),
        (answer(status="incomplete", incomplete_details=CUT), "cut short"),
    ],
)
def test_an_answer_without_text_is_an_answer(body: bytes, ended: str):
    said = read_answer(body)

    assert (said.text, said.ended) == ("", ended)


@pytest.mark.parametrize(
    "body",
    [
        answer({"type": "refusal", "refusal": "hush"}),
        answer(text("half"), incomplete_details={"reason": "content_filter"}),
        answer(error={"code": "image_content_policy_violation", "message": "hush"}),
    ],
)
def test_a_refusal_is_final(body: bytes):
    with pytest.raises(PermanentError) as error:
        read_answer(body)

    assert error.value.code is ErrorCode.CONTENT_MODERATED
    assert "hush" not in str(error.value)


@pytest.mark.parametrize("code", ["invalid_prompt", None, "hush"])
def test_a_failure_for_another_reason_is_final_too(code: str | None):
    with pytest.raises(PermanentError) as error:
        read_answer(answer(error={"code": code}))

    assert error.value.code is ErrorCode.PROVIDER_FAILED
    assert "hush" not in str(error.value)


@pytest.mark.parametrize(
    ("status", "word", "code"),
    [
        (401, "invalid_api_key", ErrorCode.PROVIDER_AUTH),
        (403, "unsupported_country_region_territory", ErrorCode.PROVIDER_AUTH),
        (402, "", ErrorCode.PROVIDER_CREDITS),
        (429, "insufficient_quota", ErrorCode.PROVIDER_CREDITS),
        (400, "billing_hard_limit_reached", ErrorCode.PROVIDER_CREDITS),
        (400, "content_policy_violation", ErrorCode.CONTENT_MODERATED),
        (404, "model_not_found", ErrorCode.PROVIDER_FAILED),
        (400, "invalid_request_error", ErrorCode.PROVIDER_FAILED),
        (422, "", ErrorCode.PROVIDER_FAILED),
        (302, "", ErrorCode.PROVIDER_FAILED),
    ],
)
def test_what_will_never_work_has_a_code(status: int, word: str, code: ErrorCode):
    found = refused(status, word)

    assert isinstance(found, PermanentError)
    assert found.code is code


@pytest.mark.parametrize(
    ("status", "word"), [(404, "model_not_found"), (404, ""), (400, "model_not_found")]
)
def test_a_model_that_is_gone_is_our_setups_fault(status: int, word: str):
    assert type(refused(status, word)) is MisconfiguredError
    assert type(refused(400, "invalid_request_error")) is PermanentError


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503, 504])
def test_what_says_nothing_of_the_request_may_work_next_time(status: int):
    assert type(refused(status, "rate_limit_exceeded")) is TransientError


@pytest.mark.parametrize(
    ("headers", "pause"),
    [
        ({"retry-after": "7"}, 7.0),
        ({"retry-after": "3600"}, 60.0),
        ({"retry-after-ms": "250", "retry-after": "9"}, 0.25),
        ({"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, None),
        ({"retry-after": "-3"}, None),
        ({"retry-after": "nan"}, None),
        ({}, None),
    ],
)
def test_the_pause_it_asks_for_is_kept_up_to_a_minute(headers: dict[str, str], pause):
    found = refused(429, **headers)

    assert isinstance(found, TransientError)
    assert found.retry_after == pause


def test_words_that_we_do_not_know_are_not_repeated():
    assert "hush" not in str(refused(500, "hush")) + str(refused(400, "hush"))


@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=5))
def test_no_body_gets_past_the_kinds_of_errors(value):
    for body in (value, {"output": value, "error": value, "incomplete_details": value}):
        try:
            read_answer(json.dumps(body).encode())
        except (TransientError, PermanentError):
            continue
