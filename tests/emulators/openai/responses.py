"""Answers as the Responses API gives them."""

import secrets
import time
from typing import Any, Final

from pydantic import JsonValue

from tests.emulators.core.calls import Call

CHARACTERS_PER_TOKEN: Final = 4
PROMPT_TOKENS: Final = 10
# At detail "low".
IMAGE_TOKENS: Final = 85


def response(call: Call, content: list[dict[str, JsonValue]]) -> dict[str, JsonValue]:
    """A completed response with one message; without content there is no message."""
    asked = _asked(call)
    output: list[JsonValue] = []
    if (asked.get("reasoning") or {}).get("effort") != "none":
        output.append({"type": "reasoning", "id": _id("rs"), "summary": []})
    if content:
        output.append(
            {
                "type": "message",
                "id": _id("msg"),
                "status": "completed",
                "role": "assistant",
                "content": [*content],
            }
        )
    return {
        **_head(asked),
        "status": "completed",
        "error": None,
        "incomplete_details": None,
        "output": output,
        "usage": _usage(call, content),
    }


def text_part(text: str) -> dict[str, JsonValue]:
    """What a model wrote."""
    return {"type": "output_text", "text": text, "annotations": [], "logprobs": []}


def incomplete(call: Call, reason: str, text: str | None = None) -> dict[str, JsonValue]:
    """A response that broke off, with or without what was written until then."""
    whole = response(call, [] if text is None else [text_part(text)])
    output = [one | {"status": "incomplete"} if _is_message(one) else one for one in _list(whole)]
    details: JsonValue = {"reason": reason}
    return whole | {"status": "incomplete", "incomplete_details": details, "output": output}


def refusal(call: Call) -> dict[str, JsonValue]:
    """A model that will not."""
    return response(call, [{"type": "refusal", "refusal": "I'm sorry, I can't help with that."}])


def failed(call: Call) -> dict[str, JsonValue]:
    """A response that failed, with HTTP 200."""
    error: JsonValue = {"code": "server_error", "message": "The model failed."}
    return response(call, []) | {"status": "failed", "error": error, "output": [], "usage": None}


def _asked(call: Call) -> dict[str, Any]:
    """The request, or nothing where a fault came before its check."""
    try:
        body = call.json
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _head(asked: dict[str, Any]) -> dict[str, JsonValue]:
    return {
        "id": _id("resp"),
        "object": "response",
        "created_at": int(time.time()),
        "background": False,
        "instructions": asked.get("instructions"),
        "max_output_tokens": asked.get("max_output_tokens"),
        "metadata": asked.get("metadata") or {},
        "model": asked.get("model") or "gpt-6-luna",
        "parallel_tool_calls": True,
        "previous_response_id": None,
        "reasoning": asked.get("reasoning") or {"effort": None, "summary": None},
        "service_tier": "default",
        "store": asked.get("store", True),
        "temperature": 1.0,
        "text": asked.get("text") or {"format": {"type": "text"}},
        "tool_choice": "auto",
        "tools": [],
        "top_p": 1.0,
        "truncation": "disabled",
        "user": None,
    }


def _usage(call: Call, content: list[dict[str, JsonValue]]) -> JsonValue:
    read = PROMPT_TOKENS + IMAGE_TOKENS * call.body.count(b'"input_image"')
    written = sum(len(str(part.get("text", ""))) for part in content) // CHARACTERS_PER_TOKEN
    return {
        "input_tokens": read,
        "input_tokens_details": {"cached_tokens": 0},
        "output_tokens": written,
        "output_tokens_details": {"reasoning_tokens": 0},
        "total_tokens": read + written,
    }


def _list(whole: dict[str, JsonValue]) -> list[Any]:
    output = whole["output"]
    return output if isinstance(output, list) else []


def _is_message(one: dict[str, JsonValue]) -> bool:
    return one["type"] == "message"


def _id(kind: str) -> str:
    return f"{kind}_{secrets.token_hex(24)}"
