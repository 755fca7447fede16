"""Answers as this API gives them: candidates of parts, whole or streamed."""

import json
import secrets
from typing import Any, Final

from pydantic import JsonValue

from tests.emulators.core.calls import Call, Reply, as_json
from tests.emulators.gemini.models import INPUT_IMAGE_TOKENS, find

STREAM: Final = ":streamGenerateContent"
CHARACTERS_PER_TOKEN: Final = 4
CATEGORIES: Final = (
    "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS_CONTENT",
)
PIECES: Final = 3


def candidate(
    call: Call,
    parts: list[dict[str, JsonValue]],
    *,
    finish: str = "STOP",
    message: str | None = None,
    tokens: int | None = None,
) -> dict[str, JsonValue]:
    """A response with one candidate; without parts it has no content."""
    one: dict[str, JsonValue] = {"finishReason": finish, "index": 0}
    if parts:
        one["content"] = {"role": "model", "parts": [*parts]}
        one["safetyRatings"] = _ratings("NEGLIGIBLE")
    if message is not None:
        one["finishMessage"] = message
    written = sum(len(str(part.get("text", ""))) for part in parts) // CHARACTERS_PER_TOKEN
    return {"candidates": [one], **_around(call, written if tokens is None else tokens)}


def nothing_said(call: Call, reason: str) -> dict[str, JsonValue]:
    """A response to a prompt that was blocked."""
    feedback: JsonValue = {"blockReason": reason, "safetyRatings": _ratings("HIGH")}
    return {"promptFeedback": feedback, **_around(call, 0)}


def said(call: Call, response: dict[str, JsonValue]) -> Reply:
    """The response in the form that was asked for."""
    if not call.path.endswith(STREAM):
        return as_json(response)
    chunks = [json.dumps(chunk) for chunk in _chunks(response)]
    if call.asked.get("alt") != "sse":
        return as_json([json.loads(chunk) for chunk in chunks])
    events = "".join(f"data: {chunk}\r\n\r\n" for chunk in chunks)
    return Reply(body=events.encode(), headers={"content-type": "text/event-stream"}, sized=False)


def tokens_of(text: str) -> int:
    """About how many."""
    return len(text) // CHARACTERS_PER_TOKEN


def _chunks(response: dict[str, JsonValue]) -> list[dict[str, Any]]:
    """The parts one by one, long text in pieces; the reason to finish and the usage come last."""
    candidates: Any = response.get("candidates")
    content = candidates[0].get("content") if candidates else None
    if not content:
        return [response]
    pieces = [piece for part in content["parts"] for piece in _pieces(part)]
    heads = [
        {"candidates": [{"content": {"role": "model", "parts": [piece]}, "index": 0}]}
        | {"modelVersion": response["modelVersion"]}
        for piece in pieces[:-1]
    ]
    last = {**candidates[0], "content": {"role": "model", "parts": pieces[-1:]}}
    return [*heads, {**response, "candidates": [last]}]


def _pieces(part: dict[str, Any]) -> list[dict[str, Any]]:
    text = part.get("text")
    if text is None or len(text) < PIECES:
        return [part]
    step = -(-len(text) // PIECES)
    return [{**part, "text": text[at : at + step]} for at in range(0, len(text), step)]


def _around(call: Call, written: int) -> dict[str, JsonValue]:
    model = find(call.parameters.get("version", ""), call.parameters.get("model", ""))
    pictures = call.body.count(b'"inlineData"') + call.body.count(b'"inline_data"')
    text = 10
    prompt = text + pictures * INPUT_IMAGE_TOKENS
    details: list[JsonValue] = [{"modality": "TEXT", "tokenCount": text}]
    if pictures:
        details.append({"modality": "IMAGE", "tokenCount": pictures * INPUT_IMAGE_TOKENS})
    return {
        "usageMetadata": {
            "promptTokenCount": prompt,
            "candidatesTokenCount": written,
            "thoughtsTokenCount": 0,
            "totalTokenCount": prompt + written,
            "promptTokensDetails": details,
        },
        "modelVersion": model.answers_as if model else call.parameters.get("model", ""),
        "responseId": secrets.token_urlsafe(12),
    }


def _ratings(probability: str) -> JsonValue:
    return [{"category": category, "probability": probability} for category in CATEGORIES]
