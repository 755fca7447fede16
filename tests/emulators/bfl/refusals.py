"""How this API says no."""

import json
from collections.abc import Mapping
from typing import Any, Final

from pydantic import ValidationError

from tests.emulators.core.calls import RefusedError, Reply, as_html, as_json
from tests.emulators.core.desk import Answer

WRONG_KEY: Final = "Not authenticated - Invalid Authentication"
NO_KEY: Final = "Not authenticated"
NO_CREDITS: Final = "Insufficient credits"
TOO_MANY_TASKS: Final = "Too many active tasks"


def detail(status: int, said: object) -> Reply:
    """The one shape of its errors."""
    return as_json({"detail": said}, status)


def invalid(error: ValidationError) -> Reply:
    """Every field that is wrong, with what was sent in it, as FastAPI lists them."""
    found = json.loads(error.json(include_url=False))
    return detail(422, [{**one, "loc": ["body", *one["loc"]]} for one in found])


def no_json(error: ValueError) -> Reply:
    """A body that is no JSON."""
    position = getattr(error, "pos", 0)
    one = {
        "type": "json_invalid",
        "loc": ["body", position],
        "msg": "JSON decode error",
        "input": {},
        "ctx": {"error": getattr(error, "msg", "Expecting value")},
    }
    return detail(422, [one])


def wrong_picture(field: str, said: str, sent: str) -> RefusedError:
    """One picture that cannot be used."""
    place: list[str | int] = [int(part) if part.isdigit() else part for part in field.split(".")]
    one: dict[str, Any] = {
        "type": "value_error",
        "loc": ["body", *place],
        "msg": f"Value error, {said}",
        "input": sent,
        "ctx": {"error": {}},
    }
    return RefusedError(detail(422, [one]))


def _expired(_: object = None) -> Reply:
    return as_xml(403, "AuthenticationFailed", "Server failed to authenticate the request.")


def as_xml(status: int, code: str, message: str) -> Reply:
    """An error of the storage that samples come from."""
    text = (
        '<?xml version="1.0" encoding="utf-8"?>'
        f"<Error><Code>{code}</Code><Message>{message}</Message></Error>"
    )
    return Reply(status=status, body=text.encode(), headers={"content-type": "application/xml"})


ANSWERS: Final[Mapping[str, Answer]] = {
    "wrong_key": lambda _: detail(403, WRONG_KEY),
    "no_credits": lambda _: detail(402, NO_CREDITS),
    "too_many_tasks": lambda _: detail(429, TOO_MANY_TASKS),
    "server_error": lambda _: detail(500, "Internal Server Error"),
    "overloaded": lambda _: detail(503, "Service Unavailable"),
    "html_500": lambda _: as_html(500, "Internal Server Error"),
    "html_502": lambda _: as_html(502, "Bad Gateway"),
    "broken_json": lambda _: Reply(
        body=b'{"id": "0b7c', headers={"content-type": "application/json"}
    ),
    "empty": lambda _: Reply(headers={"content-type": "application/json"}),
    "expired": _expired,
}
"""Given instead of an answer, on any operation."""
