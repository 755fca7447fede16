"""Every way for a language model to fail: the person's own words are used, and no job fails."""

from functools import partial
from typing import Any, Final

from services.enhancer.adapters.vendor import CALL_SECONDS
from tests.e2e import gemini_rows
from tests.e2e.failing import Row

TRIES: Final = (("retrying", 3), ("retrying", 6))
SHORT: Final = (("retrying", 2), ("retrying", 2))
CALLS: Final = 3
"""The first and two more."""


def refused(name: str, outcome: str, *, operation: str, alert: bool = False, **fault: Any) -> Row:
    """What no other try mends: one call, and the person's own words."""
    return Row(
        name=name,
        faults=({"operation": operation, **fault},),
        calls={operation: 1},
        outcome=f"enhance:{outcome}",
        alert=alert,
        own_words=True,
    )


def passing(
    name: str,
    *,
    operation: str,
    pauses: tuple[tuple[str, int], ...] = TRIES,
    outcome: str = "enhance:transient",
    **fault: Any,
) -> Row:
    """What may pass: two more tries, and then the person's own words."""
    return Row(
        name=name,
        faults=({"operation": operation, "times": None, **fault},),
        calls={operation: CALLS},
        pauses=pauses,
        outcome=outcome,
        own_words=True,
    )


def taken(name: str, *, operation: str, posts: int = 1, **more: Any) -> Row:
    """A plan that is used in the end."""
    faults = tuple({"operation": operation, **fault} for fault in more.pop("faults", ()))
    return Row(name=name, faults=faults, calls={operation: posts}, own_words=False, **more)


def cut(passing: Any) -> tuple[Row, ...]:
    """Connections that end."""
    return (
        passing("cut before the work", cut="before"),
        passing("cut after the work", cut="after"),
        passing("cut within the answer", cut="midway"),
    )


def useless(passing: Any) -> tuple[Row, ...]:
    """Answers that are no plan, which is not the provider's outage."""
    return (
        passing("half a plan", outcome="enhance:ok", preset="invalid_json_text"),
        passing("another object", outcome="enhance:ok", preset="misfit_json"),
        passing("no plan at all", outcome="enhance:ok", preset="no_json"),
    )


def wordless(passing: Any, *presets: str) -> tuple[Row, ...]:
    """Answers without text, which is not the provider's outage either."""
    names = {preset: preset.replace("_", " ") for preset in presets}
    return tuple(
        passing(f"no text: {name}", outcome="enhance:ok", preset=preset)
        for preset, name in names.items()
    )


def once(taken: Any) -> tuple[Row, ...]:
    """What has passed at the second try."""
    return (
        taken("500 once", posts=2, pauses=TRIES[:1], faults=({"preset": "internal"},)),
        taken(
            "beyond the deadline once",
            posts=2,
            pauses=TRIES[:1],
            faults=({"delay_seconds": CALL_SECONDS + 1},),
            outcome="enhance:timeout",
        ),
    )


ELSEWHERE: Final[dict[str, Any]] = {
    "status": 302,
    "headers": {"location": "http://127.0.0.1:9/"},
}
"""Sends us to where nobody listens."""
DECLINED: Final = "content_moderated"
GEMINI: Final = "generate"
OPENAI: Final = "respond"

_gemini_taken = partial(taken, operation=GEMINI)
_gemini_refused = partial(refused, operation=GEMINI)
_gemini_passing = partial(passing, operation=GEMINI)
_openai_taken = partial(taken, operation=OPENAI)
_openai_refused = partial(refused, operation=OPENAI)
_openai_passing = partial(passing, operation=OPENAI)

GEMINI_FINAL: Final = (
    _gemini_taken("a good day", outcome="enhance:ok"),
    _gemini_refused("400 wrong key", "provider_auth", alert=True, preset="wrong_key"),
    _gemini_refused("403", "provider_auth", alert=True, preset="no_permission"),
    _gemini_refused("400 wrong country", "provider_auth", alert=True, preset="no_billing"),
    # A long pause is an outage: an edit without help is possible.
    _gemini_refused("429 with a long pause", "transient", preset="quota"),
    _gemini_refused("404", "provider_setup", alert=True, preset="gone"),
    _gemini_refused("429 for the day", "provider_credits", alert=True, preset="daily_quota"),
    _gemini_refused("302", "provider_failed", **ELSEWHERE),
    _gemini_refused("400 a field", "provider_failed", status=400, body={"error": {}}),
    *(
        _gemini_refused(f"blocked for {reason}", DECLINED, preset=f"blocked_{reason}")
        for reason in gemini_rows.BLOCKED
    ),
    *(
        _gemini_refused(f"finished with {reason}", DECLINED, preset=f"finish_{reason}")
        for reason in gemini_rows.BECAUSE
    ),
)
GEMINI_PASSING: Final = (
    _gemini_passing(
        "429 with a short pause",
        pauses=SHORT,
        status=429,
        body={"error": {"code": 429, "details": [{"retryDelay": f"{SHORT[0][1]}s"}]}},
    ),
    _gemini_passing("429", status=429, body={"error": {"code": 429}}),
    *once(_gemini_taken),
    _gemini_passing("408", status=408, body={"error": {"code": 408}}),
    _gemini_passing("500", preset="internal"),
    _gemini_passing("503", preset="overloaded"),
    _gemini_passing("504", preset="deadline"),
    _gemini_passing("502 as a page", preset="html_502"),
    _gemini_passing("500 with broken JSON", preset="broken_json_500"),
    _gemini_passing("broken JSON", preset="broken_json_200"),
    _gemini_passing("an empty answer", preset="empty_body"),
    _gemini_passing("201", preset="created_201"),
    *wordless(
        _gemini_passing,
        *("empty_object", "finish_max_tokens", "finish_other", "finish_language", "finish_stop"),
        "finish_a_reason_nobody_knows",
    ),
    *cut(_gemini_passing),
    *useless(_gemini_passing),
)

OPENAI_FINAL: Final = (
    _openai_taken("a good day", outcome="enhance:ok"),
    _openai_refused("401", "provider_auth", alert=True, preset="wrong_key"),
    _openai_refused("403", "provider_auth", alert=True, preset="no_permission"),
    _openai_refused("429 no quota", "provider_credits", alert=True, preset="no_quota"),
    _openai_refused("429 with a long pause", "transient", preset="rate_limited"),
    _openai_refused("404", "provider_setup", alert=True, preset="gone"),
    _openai_refused("302", "provider_failed", **ELSEWHERE),
    _openai_refused("400", "provider_failed", preset="bad_request"),
    _openai_refused("400 with an echo", "provider_failed", preset="echo"),
    _openai_refused("422", "provider_failed", preset="unprocessable"),
    _openai_refused("a refusal", DECLINED, preset="refusal"),
    _openai_refused("a content filter", DECLINED, preset="incomplete_content_filter"),
)
OPENAI_PASSING: Final = (
    _openai_passing(
        "429 with a short pause",
        pauses=SHORT,
        status=429,
        body={"error": {"code": "rate_limit_exceeded"}},
        headers={"retry-after": f"{SHORT[0][1]}"},
    ),
    _openai_passing("429", status=429, body={"error": {"code": "rate_limit_exceeded"}}),
    *once(_openai_taken),
    _openai_passing("408", status=408, body={"error": {"code": "timeout"}}),
    _openai_passing("500", preset="internal"),
    _openai_passing("503", preset="overloaded"),
    _openai_passing("409", preset="conflict"),
    _openai_passing("502 as a page", preset="html_502"),
    _openai_passing("500 with broken JSON", preset="broken_json_500"),
    _openai_passing("broken JSON", preset="broken_json_200"),
    _openai_passing("an empty answer", preset="empty_body"),
    *wordless(_openai_passing, "no_output", "incomplete_max_output_tokens"),
    _openai_passing("a failed response", preset="failed"),
    *cut(_openai_passing),
    *useless(_openai_passing),
)

BESIDE_A_PICTURE: Final = (
    _openai_taken("a good day"),
    _openai_refused("401", "provider_auth", alert=True, preset="wrong_key"),
)
"""The note stays where the editor of the picture has nothing to add."""
