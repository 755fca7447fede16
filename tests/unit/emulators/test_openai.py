"""The wire format of the Responses API."""

import base64
import json
from typing import Any

import httpx
import pytest

from tests.emulators.running import Emulator
from tests.pictures import plain

SCHEMA = {
    "type": "object",
    "properties": {"instruction": {"type": "string"}},
    "required": ["instruction"],
    "additionalProperties": False,
}
PICTURE = plain(96, 64)
DATA_URL = "data:image/jpeg;base64," + base64.b64encode(PICTURE).decode()


class Asker:
    """Asks with nothing but HTTP."""

    def __init__(self, emulator: Emulator, http: httpx.Client) -> None:
        self.emulator = emulator
        self.headers = {"authorization": f"Bearer {emulator.key}"}
        self._http = http

    def ask(self, **body: Any) -> httpx.Response:
        content = {"model": "gpt-6-luna", "input": "make it blue", **body}
        url = f"{self.emulator.url}/v1/responses"
        return self._http.post(url, json=content, headers=self.headers)

    def ask_json(self, schema: dict[str, Any], **body: Any) -> httpx.Response:
        form = {"type": "json_schema", "name": "o", "schema": schema, "strict": True}
        return self.ask(text={"format": form}, **body)


def turn(*parts: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"role": "user", "content": [*parts]}]


def text_of(answer: httpx.Response) -> str:
    (message,) = [one for one in answer.json()["output"] if one["type"] == "message"]
    return str(message["content"][0]["text"])


@pytest.fixture
def asker(openai, http) -> Asker:
    return Asker(openai, http)


def test_an_answer_is_a_completed_response_with_a_message(asker: Asker):
    answer = asker.ask(reasoning={"effort": "none"}, store=False, max_output_tokens=200)
    body = answer.json()

    assert (body["object"], body["status"], body["model"]) == (
        "response",
        "completed",
        "gpt-6-luna",
    )
    assert [one["type"] for one in body["output"]] == ["message"]
    assert text_of(answer).startswith("Make it blue.")
    assert body["usage"]["total_tokens"] > 0
    assert answer.headers["x-request-id"].startswith("req_")


def test_a_model_that_reasons_says_so_first(asker: Asker):
    assert [one["type"] for one in asker.ask().json()["output"]] == ["reasoning", "message"]


def test_json_fits_the_schema(asker: Asker):
    picture = {"type": "input_image", "image_url": DATA_URL, "detail": "low"}
    words = {"type": "input_text", "text": "make it blue"}
    answer = asker.ask_json(SCHEMA, input=turn(picture, words), instructions="sys")

    assert json.loads(text_of(answer)) == {
        "instruction": "Make it blue. Keep everything else unchanged."
    }


@pytest.mark.parametrize(
    "change",
    [
        {"additionalProperties": True},
        {"required": []},
        {"properties": {"instruction": {"type": "object", "properties": {}}}},
    ],
)
def test_a_strict_schema_leaves_nothing_open(asker: Asker, change: dict[str, Any]):
    answer = asker.ask_json({**SCHEMA, **change})

    assert answer.status_code == 400
    assert answer.json()["error"]["code"] == "invalid_json_schema"


def test_a_wrong_key_is_unauthorised(asker: Asker):
    asker.headers = {"authorization": "Bearer wrong-key-of-somebody"}
    wrong = asker.ask()
    asker.headers = {}
    none = asker.ask()

    assert (wrong.status_code, none.status_code) == (401, 401)
    assert wrong.json()["error"]["code"] == "invalid_api_key"
    assert "wrong-key-of" not in wrong.text
    assert "x-request-id" in wrong.headers


@pytest.mark.parametrize(
    ("body", "parameter"),
    [
        ({"colour": "blue"}, "colour"),
        ({"input": None}, "input"),
        ({"max_output_tokens": 1}, "max_output_tokens"),
        ({"reasoning": {"effort": "much"}}, "reasoning.effort"),
        ({"reasoning": {"effort": "none"}, "model": "gpt-4o"}, "reasoning.effort"),
        ({"reasoning": {"effort": "none"}, "model": "gpt-5-mini"}, "reasoning.effort"),
        ({"input": turn({"type": "text", "text": "x"})}, "input[0].content[0].type"),
        (
            {"input": turn({"type": "input_image", "image_url": "data:image/png;base64,QUJD"})},
            "input[0].content[0].image_url",
        ),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(
    asker: Asker, body: dict[str, Any], parameter: str
):
    answer = asker.ask(**body)

    assert (answer.status_code, answer.json()["error"]["param"]) == (400, parameter)


def test_a_model_that_is_gone_is_not_found(asker: Asker):
    answer = asker.ask(model="gpt-4")
    asker.emulator.set(models=["gpt-4"])

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "model_not_found")
    assert asker.ask(model="gpt-4").status_code == 200


def test_too_few_tokens_leave_the_response_incomplete(asker: Asker):
    body = asker.ask(input="make it blue " * 20, max_output_tokens=16).json()

    assert body["status"] == "incomplete"
    assert body["incomplete_details"] == {"reason": "max_output_tokens"}
    assert body["output"][-1]["status"] == "incomplete"


@pytest.mark.parametrize("reason", ["max_output_tokens", "content_filter"])
def test_a_response_may_break_off_with_nothing_said(asker: Asker, reason: str):
    asker.emulator.fault("respond", preset=f"incomplete_{reason}")
    body = asker.ask().json()

    assert (body["status"], body["incomplete_details"]["reason"]) == ("incomplete", reason)
    assert all(one["type"] != "message" for one in body["output"])


def test_a_model_may_refuse(asker: Asker):
    asker.emulator.fault("respond", preset="refusal")
    (part,) = asker.ask().json()["output"][-1]["content"]

    assert part["type"] == "refusal"


def test_a_response_may_have_failed(asker: Asker):
    asker.emulator.fault("respond", preset="failed")
    answer = asker.ask()

    assert (answer.status_code, answer.json()["status"]) == (200, "failed")


@pytest.mark.parametrize(
    ("preset", "code", "again"),
    [("rate_limited", "rate_limit_exceeded", "7"), ("no_quota", "insufficient_quota", None)],
)
def test_too_many_requests_have_two_meanings(asker: Asker, preset: str, code: str, again: str):
    asker.emulator.fault("respond", preset=preset)
    answer = asker.ask()

    assert (answer.status_code, answer.json()["error"]["code"]) == (429, code)
    assert answer.headers.get("retry-after") == again


@pytest.mark.parametrize(
    ("preset", "status"),
    [
        ("bad_request", 400),
        ("no_permission", 403),
        ("gone", 404),
        ("internal", 500),
        ("html_500", 500),
        ("broken_json_200", 200),
    ],
)
def test_failures_have_their_status_and_a_number(asker: Asker, preset: str, status: int):
    asker.emulator.fault("respond", preset=preset)
    answer = asker.ask()

    assert answer.status_code == status
    assert "x-request-id" in answer.headers


def test_an_answer_can_be_given_word_for_word(asker: Asker):
    asker.emulator.set(answer="{not json")

    assert text_of(asker.ask_json(SCHEMA)) == "{not json"


def test_every_post_is_counted(asker: Asker):
    asker.emulator.fault("respond", cut="after")
    with pytest.raises(httpx.RemoteProtocolError):
        asker.ask()
    asker.ask()

    assert asker.emulator.counters()["posts"] == 2


def test_pictures_are_remembered_by_their_digest(asker: Asker):
    asker.ask(input=turn({"type": "input_image", "image_url": DATA_URL}))
    (request,) = asker.emulator.requests("respond")

    assert request["body"]["input"][0]["content"][0]["image_url"]["bytes"] == len(PICTURE)
