"""The wire format of generateContent."""

import base64
import json
from typing import Any

import httpx
import pytest

from services.chassis.images.formats import type_of
from tests.emulators.running import Emulator
from tests.pictures import means, pixels, plain

SCHEMA = {"type": "OBJECT", "properties": {"instruction": {"type": "STRING"}}}
PICTURE = plain(96, 64)


class Asker:
    """Asks with nothing but HTTP."""

    def __init__(self, emulator: Emulator, http: httpx.Client) -> None:
        self.emulator = emulator
        self.headers = {"x-goog-api-key": emulator.key}
        self._http = http

    def ask(
        self,
        *parts: dict[str, Any],
        model: str = "gemini-3.5-flash-lite",
        version: str = "v1",
        method: str = "generateContent",
        **body: Any,
    ) -> httpx.Response:
        said = [*parts] or [{"text": "make it blue"}]
        url = f"{self.emulator.url}/{version}/models/{model}:{method}"
        content = {"contents": [{"role": "user", "parts": said}], **body}
        return self._http.post(url, json=content, headers=self.headers)

    def draw(self, *parts: dict[str, Any], **config: Any) -> httpx.Response:
        wanted = {"responseModalities": ["IMAGE"], **config}
        said = [*parts] or [inline(PICTURE), {"text": "make it blue"}]
        return self.ask(*said, model="gemini-nano-banana-2.1", generationConfig=wanted)

    def first(self, answer: httpx.Response) -> dict[str, Any]:
        return dict(answer.json()["candidates"][0])


def inline(data: bytes, kind: str = "image/jpeg") -> dict[str, Any]:
    encoded = base64.urlsafe_b64encode(data).decode()
    return {"inlineData": {"data": encoded, "mime_type": kind}}


def picture_in(parts: list[dict[str, Any]]) -> bytes:
    (found,) = [part for part in parts if "inlineData" in part and not part.get("thought")]
    return base64.b64decode(found["inlineData"]["data"], validate=True)


@pytest.fixture
def asker(google, http) -> Asker:
    return Asker(google, http)


def test_an_answer_has_a_candidate_its_reason_to_finish_and_what_it_used(asker: Asker):
    answer = asker.ask().json()
    (candidate,) = answer["candidates"]

    assert candidate["content"]["role"] == "model"
    assert candidate["content"]["parts"][0]["text"].startswith("Make it blue.")
    assert candidate["finishReason"] == "STOP"
    assert answer["modelVersion"] == "gemini-3.5-flash-lite"
    assert answer["usageMetadata"]["totalTokenCount"] > 0


@pytest.mark.parametrize("field", ["responseSchema", "responseJsonSchema", "response_schema"])
def test_json_fits_the_schema(asker: Asker, field: str):
    config = {"responseMimeType": "application/json", field: SCHEMA}
    answer = asker.ask(inline(PICTURE), {"text": "make it blue"}, generationConfig=config)
    text = asker.first(answer)["content"]["parts"][0]["text"]

    assert json.loads(text) == {"instruction": "Make it blue. Keep everything else unchanged."}


def test_a_request_may_mix_its_spellings(asker: Asker):
    config = {
        "maxOutputTokens": 256,
        "responseMimeType": "application/json",
        "responseSchema": SCHEMA,
        "thinkingConfig": {"thinking_level": "MINIMAL"},
    }
    settings = [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_ONLY_HIGH"}]
    system = {"parts": [{"text": "sys"}], "role": "user"}
    answer = asker.ask(generationConfig=config, safetySettings=settings, system_instruction=system)

    assert answer.status_code == 200


def test_a_wrong_key_is_a_bad_request(asker: Asker):
    asker.headers = {"x-goog-api-key": "wrong"}
    wrong = asker.ask()
    asker.headers = {}
    none = asker.ask()

    assert wrong.status_code == 400
    assert wrong.json()["error"]["details"][0]["reason"] == "API_KEY_INVALID"
    assert (none.status_code, none.json()["error"]["status"]) == (403, "PERMISSION_DENIED")


@pytest.mark.parametrize(
    ("model", "version", "status"),
    [
        ("gemini-3.5-flash-lite", "v1beta", 200),
        ("gemini-flash-lite-latest", "v1beta", 200),
        ("gemini-flash-lite-latest", "v1", 404),
        ("gemini-2.0-flash", "v1", 404),
        ("gemini-3.1-flash-image", "v1beta", 404),
        ("gemini-3.5-flash-lite", "v2", 404),
    ],
)
def test_a_model_that_is_gone_is_not_found(asker: Asker, model: str, version: str, status: int):
    answer = asker.ask(model=model, version=version)

    assert answer.status_code == status
    assert status == 200 or answer.json()["error"]["status"] == "NOT_FOUND"


def test_a_model_that_is_being_retired_is_routed_in_silence(asker: Asker):
    assert asker.ask(model="gemini-2.5-pro").json()["modelVersion"] == "gemini-3.8-flash"


@pytest.mark.parametrize(
    "body",
    [
        {"colour": "blue"},
        {"generationConfig": {"colour": "blue"}},
        {"generationConfig": {"temperature": 2.5}},
        {"generationConfig": {"responseModalities": ["IMAGE"]}},
        {"generationConfig": {"responseSchema": SCHEMA}},
        {"generationConfig": {"thinkingConfig": {"thinkingLevel": "LOW", "thinkingBudget": 1}}},
        {"contents": []},
        {"contents": [{"role": "model", "parts": [{"text": "hello"}]}]},
    ],
)
def test_a_request_that_makes_no_sense_is_refused(asker: Asker, body: dict[str, Any]):
    answer = asker.ask(**body)

    assert (answer.status_code, answer.json()["error"]["status"]) == (400, "INVALID_ARGUMENT")


@pytest.mark.parametrize(
    ("model", "level", "status"),
    [
        ("gemini-3.5-flash-lite", "MINIMAL", 200),
        ("gemini-3.6-flash", "MINIMAL", 400),
        ("gemini-3.6-flash", "LOW", 200),
        ("gemini-2.5-flash", "LOW", 400),
    ],
)
def test_not_every_model_can_be_told_how_much_to_think(
    asker: Asker, model: str, level: str, status: int
):
    config = {"thinkingConfig": {"thinkingLevel": level}}

    assert asker.ask(model=model, generationConfig=config).status_code == status


@pytest.mark.parametrize(
    "part", [inline(b"no picture"), inline(PICTURE, "image/gif"), {"inlineData": {"data": "!"}}]
)
def test_a_picture_that_cannot_be_used_is_refused(asker: Asker, part: dict[str, Any]):
    assert asker.ask(part).status_code == 400


def test_a_request_can_be_too_large(asker: Asker):
    asker.emulator.set(max_request_bytes=50)

    assert "exceeds the limit" in asker.ask().json()["error"]["message"]


def test_a_picture_comes_after_words_and_thoughts(asker: Asker):
    candidate = asker.first(asker.draw())
    parts = candidate["content"]["parts"]
    red, _, blue = means(picture_in(parts))

    assert [part.get("thought", False) for part in parts] == [True, True, False, False]
    assert parts[-1]["inlineData"]["mimeType"] == "image/png"
    assert "thoughtSignature" in parts[-1]
    assert blue > red + 40


def test_a_picture_can_come_alone(asker: Asker):
    asker.emulator.set(with_text=False, with_thought=False, picture_type="webp")
    (part,) = asker.first(asker.draw())["content"]["parts"]

    assert part["inlineData"]["mimeType"] == "image/webp"
    assert type_of(picture_in([part])) == "webp"


@pytest.mark.parametrize(
    ("config", "keeps", "size"),
    [
        ({}, False, (832, 1248)),
        ({}, True, (64, 96)),
        ({"imageConfig": {"aspectRatio": "1:1"}}, True, (1024, 1024)),
        ({"imageConfig": {"aspect_ratio": "1:1", "imageSize": "2K"}}, False, (2048, 2048)),
    ],
)
def test_a_picture_has_the_wanted_size(asker: Asker, config: dict[str, Any], keeps: bool, size):
    asker.emulator.set(keeps_size=keeps, with_thought=False, picture_type="jpeg")
    parts = asker.first(asker.draw(**config))["content"]["parts"]

    assert pixels(picture_in(parts)).shape[:2] == size


@pytest.mark.parametrize(
    "config",
    [
        {"responseMimeType": "application/json"},
        {"imageConfig": {"aspectRatio": "5:7"}},
        {"imageConfig": {"imageSize": "8K"}},
        {"imageConfig": {"outputMimeType": "image/png"}},
    ],
)
def test_a_picture_cannot_have_every_wish(asker: Asker, config: dict[str, Any]):
    assert asker.draw(**config).status_code == 400


def test_a_stream_is_the_same_answer_in_events(asker: Asker):
    answer = asker.ask(method="streamGenerateContent?alt=sse")
    events = [json.loads(event[6:]) for event in answer.text.strip().split("\r\n\r\n")]
    texts = [event["candidates"][0]["content"]["parts"][0]["text"] for event in events]

    assert answer.headers["content-type"] == "text/event-stream"
    assert len(events) > 1
    assert "".join(texts) == "Make it blue. Keep everything else unchanged."
    assert ["finishReason" in event["candidates"][0] for event in events].count(True) == 1
    assert "usageMetadata" in events[-1]


def test_an_answer_can_be_given_word_for_word(asker: Asker):
    asker.emulator.set(answer={"instruction": "x"})

    assert asker.first(asker.ask())["content"]["parts"] == [{"text": '{"instruction": "x"}'}]


def test_too_few_tokens_cut_the_text(asker: Asker):
    candidate = asker.first(asker.ask(generationConfig={"maxOutputTokens": 2}))

    assert candidate["finishReason"] == "MAX_TOKENS"
    assert candidate["content"]["parts"] == [{"text": "Make it "}]


@pytest.mark.parametrize("reason", ["SAFETY", "MAX_TOKENS", "NO_IMAGE", "IMAGE_SAFETY"])
def test_nothing_may_come_of_it(asker: Asker, reason: str):
    asker.emulator.fault("generate", preset=f"finish_{reason.lower()}")
    answer = asker.ask()

    assert answer.status_code == 200
    assert asker.first(answer)["finishReason"] == reason
    assert "content" not in asker.first(answer)


def test_a_prompt_may_be_blocked(asker: Asker):
    asker.emulator.fault("generate", preset="blocked_safety")
    answer = asker.ask().json()

    assert answer["promptFeedback"]["blockReason"] == "SAFETY"
    assert "candidates" not in answer


def test_a_quota_says_when_to_come_again(asker: Asker):
    asker.emulator.fault("generate", preset="quota")
    answer = asker.ask()
    details = {
        detail["@type"].rpartition(".")[2]: detail for detail in answer.json()["error"]["details"]
    }

    assert answer.status_code == 429
    assert "retry-after" not in answer.headers
    assert details["RetryInfo"]["retryDelay"] == "11s"


@pytest.mark.parametrize(
    ("preset", "status", "text"),
    [
        ("empty_body", 200, ""),
        ("broken_json_200", 200, '{"candidates": [{"content"'),
        ("broken_json_500", 500, '{"error": {"code": 500,'),
        ("created_201", 201, "{}"),
    ],
)
def test_an_answer_may_be_no_answer(asker: Asker, preset: str, status: int, text: str):
    asker.emulator.fault("generate", preset=preset)
    answer = asker.ask()

    assert (answer.status_code, answer.text) == (status, text)
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("preset", "status"), [("internal", 500), ("overloaded", 503), ("deadline", 504)]
)
def test_a_failure_has_its_name(asker: Asker, preset: str, status: int):
    asker.emulator.fault("generate", preset=preset)
    answer = asker.ask()

    assert (answer.status_code, answer.json()["error"]["code"]) == (status, status)


def test_an_error_may_repeat_the_request(asker: Asker):
    asker.emulator.fault("generate", preset="echo")

    assert "make it blue" in asker.ask().json()["error"]["message"]


def test_a_second_post_is_seen(asker: Asker):
    asker.emulator.fault("generate", cut="before")
    with pytest.raises(httpx.RemoteProtocolError):
        asker.ask()
    asker.ask()

    assert asker.emulator.counters()["posts"] == 2


def test_pictures_are_remembered_by_their_digest(asker: Asker):
    asker.ask(inline(PICTURE), {"text": "what is it?"})
    (request,) = asker.emulator.requests("generate")
    sent, text = request["body"]["contents"][0]["parts"]

    assert sent["inlineData"]["data"]["bytes"] == len(PICTURE)
    assert text == {"text": "what is it?"}


def test_a_model_can_be_looked_up(asker: Asker, http):
    url = f"{asker.emulator.url}/v1/models/gemini-3.5-flash-lite"

    assert http.get(url, headers=asker.headers).json()["name"].endswith("gemini-3.5-flash-lite")
    assert http.get(url).status_code == 403
