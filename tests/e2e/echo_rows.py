"""Providers that repeat what they were told, the key and the sentence, wherever they can."""

from collections.abc import Iterator
from typing import Any, Final

from services.renderer.adapters.flux import Deadlines
from tests.e2e.failing import Row

STATUSES: Final = (400, 401, 402, 403, 404, 422, 429, 500, 502, 503)


def flux(word: str, echo: str) -> tuple[Row, ...]:
    """Flux says `echo` in every form; `word` goes into every sentence."""
    field = {"type": "x", "loc": ["body", word], "msg": echo, "input": echo}
    poll = {"id": "1", "status": "Error", "details": {"said": echo}, "result": echo}
    slow = Deadlines().poll + 1
    return (
        Row(name=f"{word} as it should be", calls={}),
        *_refusals(word, "submit", {"detail": echo}, headers={"Retry-After": echo}),
        _row(word, "fields", "submit", status=422, body={"detail": [field]}),
        _row(word, "moderated", "submit", body={"id": "1", "status": "Request Moderated"}),
        _row(word, "broken JSON", "submit", body=f'{{"id": "{echo}'),
        _row(word, "another status", "submit", body={"status": echo}),
        _row(word, "cut", "submit", cut="after"),
        _row(word, "failed", "poll", body=poll),
        _row(word, "broken poll", "poll", body=f'{{"id": "{echo}'),
        _row(word, "unheard of", "poll", body={"id": "1", "status": echo}),
        _row(word, "refused poll", "poll", status=403, body={"detail": echo}),
        _row(word, "page poll", "poll", status=502, body=f"<html>{echo}</html>"),
        _row(word, "slow poll", "poll", delay_seconds=slow),
        _row(word, "elsewhere", "poll", body=_ready(f"https://{word}.example/{echo}")),
        _row(word, "no picture", "download", body=echo),
        _row(word, "page instead", "download", status=500, body=f"<html>{echo}</html>"),
        _row(word, "sent elsewhere", "download", status=302, headers={"location": f"/{word}"}),
    )


def gemini(word: str, echo: str) -> tuple[Row, ...]:
    """The same of Gemini."""
    error = {"error": {"code": 400, "message": echo, "status": echo, "details": [{"x": echo}]}}
    finish = {"finishReason": "OTHER", "finishMessage": echo}
    strange = {"finishReason": echo, "content": {"parts": [{"text": echo}]}}
    block = {"blockReason": "SAFETY", "blockReasonMessage": echo}
    return (
        Row(name=f"{word} as it should be", calls={}),
        *_refusals(word, "generate", error),
        _row(word, "talks", "generate", body={"candidates": [finish]}),
        _row(word, "unheard of", "generate", body={"candidates": [strange]}),
        _row(word, "blocked", "generate", body={"promptFeedback": block}),
        _row(word, "broken JSON", "generate", body=f'{{"candidates": [{{"x": "{echo}'),
        _row(word, "another form", "generate", body={"candidates": echo}),
        _row(word, "cut", "generate", cut="after"),
    )


def openai(word: str, echo: str) -> tuple[Row, ...]:
    """The same of OpenAI."""
    error = {"error": {"code": echo, "type": echo, "message": echo, "param": echo}}
    said = {"type": "message", "content": [{"type": "output_text", "text": echo}]}
    refusal = {"type": "message", "content": [{"type": "refusal", "refusal": echo}]}
    return (
        Row(name=f"{word} as it should be", calls={}),
        *_refusals(word, "respond", error),
        _row(word, "echo", "respond", preset="echo"),
        _row(word, "no plan", "respond", body={"output": [said]}),
        _row(word, "refusal", "respond", body={"output": [refusal]}),
        _row(word, "failed", "respond", body={"error": {"code": echo, "message": echo}}),
        _row(word, "broken JSON", "respond", body=f'{{"output": "{echo}'),
        _row(word, "another form", "respond", body={"output": echo}),
        _row(word, "cut", "respond", cut="after"),
    )


def _refusals(word: str, operation: str, body: Any, **fault: Any) -> Iterator[Row]:
    for status in STATUSES:
        yield _row(word, f"{status}", operation, status=status, body=body, **fault)
        page = f"<html>{body}</html>"
        yield _row(word, f"{status} as a page", operation, status=status, body=page)


def _row(word: str, name: str, operation: str, **fault: Any) -> Row:
    return Row(name=f"{word} {name}", calls={}, faults=({"operation": operation, **fault},))


def _ready(sample: str) -> dict[str, Any]:
    return {"id": "1", "status": "Ready", "result": {"sample": sample}}
