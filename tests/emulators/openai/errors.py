"""How this API says no, and every other bad answer that was seen of it, by name."""

import json
from collections.abc import Mapping
from typing import Final

from pydantic import JsonValue

from tests.emulators.core.calls import Call, RefusedError, Reply, as_html, as_json
from tests.emulators.core.desk import Answer
from tests.emulators.openai.responses import failed, incomplete, refusal, response, text_part

INVALID: Final = "invalid_request_error"
KEYS_PAGE: Final = "You can find your API key at https://platform.openai.com/account/api-keys."
RETRY_SECONDS: Final = 7
MAX_ECHO_BYTES: Final = 2_000


def error(
    status: int,
    message: str,
    *,
    kind: str = INVALID,
    code: str | None = None,
    parameter: str | None = None,
    headers: Mapping[str, str] | None = None,
) -> Reply:
    """The one shape of its errors."""
    body: JsonValue = {"message": message, "type": kind, "param": parameter, "code": code}
    return as_json({"error": body}, status, headers)


def refused(message: str, parameter: str, code: str | None = None) -> RefusedError:
    """A parameter that cannot be used."""
    return RefusedError(error(400, message, parameter=parameter, code=code))


def no_key() -> Reply:
    """Nobody said who asks."""
    return error(401, f"You didn't provide an API key. {KEYS_PAGE}")


def wrong_key(presented: str) -> Reply:
    """Repeats the key that it was given, as the real one does, all but a few letters hidden."""
    shown = f"{presented[:4]}{'*' * 8}{presented[-4:]}"
    message = f"Incorrect API key provided: {shown}. {KEYS_PAGE}"
    return error(401, message, code="invalid_api_key")


def unknown_model(name: str) -> Reply:
    """Also for what was switched off."""
    message = f"The model `{name}` does not exist or you do not have access to it."
    return error(404, message, code="model_not_found")


def _rate_limited(_: Call) -> Reply:
    return error(
        429,
        f"Rate limit reached for requests. Please try again in {RETRY_SECONDS}s.",
        kind="requests",
        code="rate_limit_exceeded",
        headers={
            "retry-after": str(RETRY_SECONDS),
            "x-ratelimit-limit-requests": "500",
            "x-ratelimit-remaining-requests": "0",
            "x-ratelimit-reset-requests": f"{RETRY_SECONDS}s",
        },
    )


def _no_quota(_: Call) -> Reply:
    message = "You exceeded your current quota, please check your plan and billing details."
    return error(429, message, kind="insufficient_quota", code="insufficient_quota")


def _echo(call: Call) -> Reply:
    """An error that repeats what was sent, as errors of parsers do."""
    said = call.body[:MAX_ECHO_BYTES].decode(errors="replace")
    return error(400, f"Invalid value: {said}", code="invalid_value", parameter="input")


def _text(text: str) -> Answer:
    return lambda call: as_json(response(call, [text_part(text)]))


def _raw(status: int, body: bytes) -> Answer:
    return lambda _: Reply(status=status, body=body, headers={"content-type": "application/json"})


ANSWERS: Final[Mapping[str, Answer]] = {
    "incomplete_max_output_tokens": lambda call: as_json(incomplete(call, "max_output_tokens")),
    "incomplete_content_filter": lambda call: as_json(incomplete(call, "content_filter")),
    "refusal": lambda call: as_json(refusal(call)),
    "failed": lambda call: as_json(failed(call)),
    "no_output": lambda call: as_json(response(call, [])),
    "invalid_json_text": _text('{"instruction": "make the mu'),
    "misfit_json": _text(json.dumps({"something": ["else", 7]})),
    "no_json": _text("I would be glad to help with that!"),
    "empty_body": _raw(200, b""),
    "broken_json_200": _raw(200, b'{"id": "resp_1", "output"'),
    "broken_json_500": _raw(500, b'{"error": {"message":'),
    "echo": _echo,
    "bad_request": lambda _: error(400, "Invalid value for 'input'.", parameter="input"),
    "wrong_key": lambda _: wrong_key("sk-presented-key"),
    "no_permission": lambda _: error(
        403, "Country, region, or territory not supported", code="unsupported_country"
    ),
    "gone": lambda _: unknown_model("gpt-4"),
    "conflict": lambda _: error(409, "Conflict, please try again."),
    "unprocessable": lambda _: error(422, "The request could not be processed."),
    "rate_limited": _rate_limited,
    "no_quota": _no_quota,
    "internal": lambda _: error(
        500, "The server had an error while processing your request.", kind="server_error"
    ),
    "overloaded": lambda _: error(
        503, "The engine is currently overloaded, please try again later.", kind="server_error"
    ),
    "html_500": lambda _: as_html(500, "Internal Server Error"),
    "html_502": lambda _: as_html(502, "Bad Gateway"),
}
"""Given instead of an answer."""
