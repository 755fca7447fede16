"""Every way for Gemini to fail as the editor of pictures, which answers within the call."""

from dataclasses import replace
from typing import Any, Final

from tests.e2e.failing import Row

NO_ACCESS: Final = "does not let us in"
NO: Final = "cannot carry this out"
NO_ROOM: Final = "has no room left for us"
UNKNOWN: Final = "could not find out"
NOTHING: Final = "made no picture of this"

BECAUSE: Final = {
    "safety": "it goes against its safety rules",
    "image_safety": "the picture goes against its safety rules",
    "prohibited_content": "it shows or asks for prohibited content",
    "image_prohibited_content": "the picture would show prohibited content",
    "recitation": "it would copy somebody's work",
    "image_recitation": "the picture would copy somebody's work",
    "blocklist": "it contains a blocked word",
    "spii": "it contains personal data",
    "model_armor": "it goes against the rules of the account",
}
BLOCKED: Final = {
    "safety": "it goes against its safety rules",
    "other": "it goes against its rules",
    "blocklist": "it contains a blocked word",
    "prohibited_content": "it shows or asks for prohibited content",
    "image_safety": "the picture goes against its safety rules",
    "model_armor": "it goes against the rules of the account",
    "jailbreak": "it looks like an attempt to get around its rules",
}
VAIN: Final = (
    *("stop", "max_tokens", "language", "other", "image_other", "no_image"),
    *("malformed_response", "missing_thought_signature", "continuation", "a_reason_nobody_knows"),
    *("malformed_function_call", "unexpected_tool_call", "too_many_tool_calls", "escalation"),
    "pup_limited_disabled",
)
"""Reasons to finish that stand for no refusal: an answer with nothing in it."""


def answer_with(data: str) -> dict[str, Any]:
    """An answer whose picture is these bytes in base64."""
    part = {"inlineData": {"mimeType": "image/png", "data": data}}
    return {"candidates": [{"content": {"role": "model", "parts": [part]}, "finishReason": "STOP"}]}


def only_words() -> dict[str, Any]:
    """An answer that talks instead of drawing."""
    parts = [{"text": "I would rather not, but what a lovely mug."}]
    return {"candidates": [{"content": {"role": "model", "parts": parts}, "finishReason": "STOP"}]}


def _row(name: str, *, posts: int, times: int | None = 1, **more: Any) -> Row:
    fault = {"operation": "generate", "times": times, **more.pop("fault")}
    return Row(name=name, faults=(fault,), calls={"generate": posts}, **more)


def refused(name: str, code: str, says: str, *, alert: bool = False, **fault: Any) -> Row:
    """One call, and the end."""
    outcome = f"edit:{code.lower()}"
    return _row(name, posts=1, fault=fault, code=code, says=says, outcome=outcome, alert=alert)


def unknown(name: str, **fault: Any) -> Row:
    """Nobody knows what became of it: made once more, and then it is over."""
    return _row(
        name,
        posts=2,
        times=None,
        fault=fault,
        code="PROVIDER_UNCERTAIN",
        says=UNKNOWN,
        outcome="edit:transient",
    )


def put_off(name: str, *, seconds: int = 1, **fault: Any) -> Row:
    """Certainly not carried out: it waits, and is made again."""
    return _row(
        name, posts=2, fault=fault, pauses=(("waiting", seconds),), outcome="edit:transient"
    )


def in_vain(name: str, **fault: Any) -> Row:
    """An answer without a picture, and without a refusal."""
    return _row(name, posts=1, fault=fault, code="NOT_UNDERSTOOD", says=NOTHING)


FINAL: Final = (
    Row(name="a good day with thoughts", calls={"generate": 1}),
    *(
        refused(f"finished with {reason}", "CONTENT_MODERATED", because, preset=f"finish_{reason}")
        for reason, because in BECAUSE.items()
    ),
    *(
        refused(f"blocked for {reason}", "CONTENT_MODERATED", because, preset=f"blocked_{reason}")
        for reason, because in BLOCKED.items()
    ),
    refused("400 wrong key", "PROVIDER_AUTH", NO_ACCESS, alert=True, preset="wrong_key"),
    refused("403", "PROVIDER_AUTH", NO_ACCESS, alert=True, preset="no_permission"),
    refused("400 wrong country", "PROVIDER_AUTH", NO_ACCESS, alert=True, preset="no_billing"),
    replace(
        refused("404", "PROVIDER_FAILED", NO, alert=True, preset="gone"),
        outcome="edit:provider_setup",
    ),
    refused("429 for the day", "PROVIDER_CREDITS", NO_ROOM, alert=True, preset="daily_quota"),
    refused("400 a field", "PROVIDER_FAILED", NO, status=400, body={"error": {"code": 400}}),
    refused("400 as a page", "PROVIDER_FAILED", NO, status=400, body="<html>400</html>"),
    refused("302", "PROVIDER_FAILED", NO, status=302, headers={"location": "http://127.0.0.1:9/"}),
    *(in_vain(f"finished with {reason}", preset=f"finish_{reason}") for reason in VAIN),
    in_vain("only words", body=only_words()),
    in_vain("an empty object", preset="empty_object"),
    _row(
        "no picture at all",
        posts=1,
        fault={"body": answer_with("bm8gcGljdHVyZQ==")},
        code="RESULT_INVALID",
        says="something that is no picture",
    ),
)

PASSING: Final = (
    put_off("503", preset="overloaded"),
    put_off("429 with a pause", seconds=11, preset="quota"),
    put_off("429", status=429, body={"error": {"code": 429}}),
    unknown("500", preset="internal"),
    unknown("504", preset="deadline"),
    unknown("500 as a page", preset="html_500"),
    unknown("502 as a page", preset="html_502"),
    unknown("500 with broken JSON", preset="broken_json_500"),
    unknown("broken JSON", preset="broken_json_200"),
    unknown("an empty answer", preset="empty_body"),
    unknown("201", preset="created_201"),
    unknown("broken base64", body=answer_with("!")),
    unknown("cut before the work", cut="before"),
    unknown("reset before the work", cut="before", reset=True),
    unknown("cut after the work", cut="after"),
    unknown("cut within the answer", cut="midway"),
    _row("500 once", posts=2, fault={"preset": "internal"}, outcome="edit:transient"),
)
