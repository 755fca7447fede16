"""How this API says no, and every other bad answer that was seen of it, by name."""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from tests.emulators.core.calls import Call, RefusedError, Reply, as_html, as_json
from tests.emulators.core.desk import Answer
from tests.emulators.gemini.responses import candidate, nothing_said, said

RPC: Final = "type.googleapis.com/google.rpc."
SERVICE: Final = "generativelanguage.googleapis.com"
STATUSES: Final = {
    400: "INVALID_ARGUMENT",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
    504: "DEADLINE_EXCEEDED",
}
FINISHES: Final = (
    *("STOP", "MAX_TOKENS", "SAFETY", "RECITATION", "LANGUAGE", "OTHER", "BLOCKLIST"),
    *("PROHIBITED_CONTENT", "SPII", "MALFORMED_FUNCTION_CALL", "IMAGE_SAFETY"),
    *("IMAGE_PROHIBITED_CONTENT", "IMAGE_OTHER", "NO_IMAGE", "IMAGE_RECITATION"),
    *("UNEXPECTED_TOOL_CALL", "TOO_MANY_TOOL_CALLS", "MISSING_THOUGHT_SIGNATURE"),
    *("MALFORMED_RESPONSE", "ESCALATION", "PUP_LIMITED_DISABLED", "CONTINUATION", "MODEL_ARMOR"),
    "A_REASON_NOBODY_KNOWS",
)
BLOCKS: Final = (
    *("SAFETY", "OTHER", "BLOCKLIST", "PROHIBITED_CONTENT", "IMAGE_SAFETY", "MODEL_ARMOR"),
    "JAILBREAK",
)
RETRY_SECONDS: Final = 11.6
MAX_ECHO_BYTES: Final = 2_000


def error(
    code: int, message: str, *, status: str | None = None, details: JsonValue = None
) -> Reply:
    """The one shape of its errors."""
    body: dict[str, JsonValue] = {
        "code": code,
        "message": message,
        "status": status or STATUSES[code],
    }
    return as_json({"error": body | ({"details": details} if details else {})}, code)


def refused(message: str, field: str = "") -> RefusedError:
    """A request that makes no sense, and where."""
    violation: JsonValue = {"field": field, "description": message}
    bad: JsonValue = [{"@type": f"{RPC}BadRequest", "fieldViolations": [violation]}]
    return RefusedError(error(400, message, details=bad if field else None))


def wrong_key() -> Reply:
    """400, not 401."""
    message = "API key not valid. Please pass a valid API key."
    details: JsonValue = [
        {
            "@type": f"{RPC}ErrorInfo",
            "reason": "API_KEY_INVALID",
            "domain": "googleapis.com",
            "metadata": {"service": SERVICE},
        },
        {"@type": f"{RPC}LocalizedMessage", "locale": "en-US", "message": message},
    ]
    return error(400, message, details=details)


def no_key() -> Reply:
    """Nobody said who asks."""
    return error(
        403,
        "Method doesn't allow unregistered callers (callers without established identity)."
        " Please use API Key or other form of API consumer identity to call this API.",
    )


def unknown_model(version: str, name: str) -> Reply:
    """Also for what was switched off."""
    return error(
        404,
        f"models/{name} is not found for API version {version}, or is not supported for"
        " generateContent. Call ModelService.ListModels to see the list of available models and"
        " their supported methods.",
    )


def _quota(call: Call, per: str = "Minute") -> Reply:
    limits = "https://ai.google.dev/gemini-api/docs/rate-limits"
    violation: JsonValue = {
        "quotaMetric": f"{SERVICE}/generate_content_free_tier_requests",
        "quotaId": f"GenerateRequestsPer{per}PerProjectPerModel-FreeTier",
        "quotaDimensions": {"model": call.parameters.get("model", ""), "location": "global"},
    }
    details: JsonValue = [
        {
            "@type": f"{RPC}Help",
            "links": [{"description": "Learn more about Gemini API quotas", "url": limits}],
        },
        {"@type": f"{RPC}QuotaFailure", "violations": [violation]},
        {"@type": f"{RPC}RetryInfo", "retryDelay": f"{int(RETRY_SECONDS)}s"},
    ]
    message = f"You exceeded your current quota. Please retry in {RETRY_SECONDS}s."
    return error(429, message, details=details)


def _finished(reason: str) -> Answer:
    def answer(call: Call) -> Reply:
        return said(call, candidate(call, [], finish=reason, message="Nothing came of it."))

    return answer


def _blocked(reason: str) -> Answer:
    return lambda call: said(call, nothing_said(call, reason))


def _text(text: str) -> Answer:
    return lambda call: said(call, candidate(call, [{"text": text}]))


def _raw(status: int, body: bytes) -> Answer:
    return lambda _: Reply(status=status, body=body, headers={"content-type": "application/json"})


def _echo(call: Call) -> Reply:
    """An error that repeats what was sent, as errors of parsers do."""
    return error(400, f"Invalid value: {call.body[:MAX_ECHO_BYTES].decode(errors='replace')}")


ANSWERS: Final[Mapping[str, Answer]] = {
    **{f"finish_{reason.lower()}": _finished(reason) for reason in FINISHES},
    **{f"blocked_{reason.lower()}": _blocked(reason) for reason in BLOCKS},
    "invalid_json_text": _text('{"instruction": "make the mu'),
    "misfit_json": _text(json.dumps({"something": ["else", 7]})),
    "no_json": _text("I would be glad to help with that!"),
    "empty_body": _raw(200, b""),
    "empty_object": lambda call: said(call, {}),
    "broken_json_200": _raw(200, b'{"candidates": [{"content"'),
    "broken_json_500": _raw(500, b'{"error": {"code": 500,'),
    "created_201": lambda _: as_json({}, 201),
    "wrong_key": lambda _: wrong_key(),
    "no_permission": lambda _: error(403, "The caller does not have permission"),
    "no_billing": lambda _: error(
        400, "User location is not supported for the API use.", status="FAILED_PRECONDITION"
    ),
    "gone": lambda call: unknown_model("v1", call.parameters.get("model", "")),
    "echo": _echo,
    "quota": _quota,
    "daily_quota": lambda call: _quota(call, "Day"),
    "internal": lambda _: error(500, "An internal error has occurred. Please retry."),
    "overloaded": lambda _: error(503, "The model is overloaded. Please try again later."),
    "deadline": lambda _: error(504, "The request timed out. Please try again."),
    "html_500": lambda _: as_html(500, "Internal Server Error"),
    "html_502": lambda _: as_html(502, "Bad Gateway"),
}
"""Given instead of an answer. Without a part: every finish reason and every block."""
