"""Gemini's answers with an error status, told apart by status and known words alone."""

import re
from typing import Final

from google.genai.errors import APIError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from contracts.errors import ErrorCode
from services.chassis.errors import MisconfiguredError, MizualError, PermanentError, TransientError
from services.chassis.vendor_http import pause, retry_after

_WRONG_KEY: Final = frozenset({"API_KEY_INVALID", "API_KEY_EXPIRED", "API_KEY_SERVICE_BLOCKED"})
_DAILY: Final = "PerDay"
"""In the id of a quota that no pause of a minute gives back."""
_DURATION: Final = re.compile(r"(\d+(?:\.\d+)?)s")

_FORBIDDEN: Final = frozenset({401, 403})
_UNPAID: Final = 402
# The model was switched off, or its name or our address of the API is wrong.
_GONE: Final = 404
_TOO_MANY: Final = 429
_NOT_NOW: Final = 503
# Of 4xx, the one that says nothing about the request itself.
_TOO_SLOW: Final = 408
_REDIRECTS: Final = range(300, 400)
_REFUSALS: Final = range(400, 500)

_NO_ACCESS: Final = "{who} does not let us in at the moment. Please try again later."
_NO_CREDIT: Final = "{who} has no room left for us at the moment. Please try again later."
_NO: Final = "{who} cannot carry this out. Please try again later, or ask for something else."


class NotAcceptedError(TransientError):
    """The provider certainly did not carry the request out (no connection, 429, 503)."""


class _Problem(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


class _Violation(_Problem):
    quota_id: str = Field(default="", alias="quotaId")


class _Detail(_Problem):
    reason: str = ""
    retry_delay: str = Field(default="", alias="retryDelay")
    violations: tuple[_Violation, ...] = ()


class _Error(_Problem):
    status: str = ""
    details: tuple[_Detail, ...] = ()


class _Body(_Problem):
    error: _Error = _Error()


def refusal(error: APIError, *, who: str) -> MizualError:
    """The kind of an error answer. Its text is left out: it may repeat what a person wrote."""
    said = _said(error.details)
    permanent = _permanent(error.code, said)
    if permanent is not None:
        code, sentence = permanent
        permanently = MisconfiguredError if error.code == _GONE else PermanentError
        return permanently(code, sentence.format(who=who), reason=f"gemini: HTTP {error.code}")
    kind = NotAcceptedError if error.code in {_TOO_MANY, _NOT_NOW} else TransientError
    return kind(f"gemini: HTTP {error.code}", retry_after=_pause(error, said))


def _permanent(status: int, said: _Error) -> tuple[ErrorCode, str] | None:
    reasons = {detail.reason for detail in said.details}
    # A wrong key is a 400, and a country or account that may not is a failed precondition.
    if status in _FORBIDDEN or reasons & _WRONG_KEY or said.status == "FAILED_PRECONDITION":
        return ErrorCode.PROVIDER_AUTH, _NO_ACCESS
    if status == _UNPAID or (status == _TOO_MANY and _is_used_up(said)):
        return ErrorCode.PROVIDER_CREDITS, _NO_CREDIT
    if status in {_TOO_MANY, _TOO_SLOW}:
        return None
    if status in _REFUSALS or status in _REDIRECTS:
        return ErrorCode.PROVIDER_FAILED, _NO
    return None


def _is_used_up(said: _Error) -> bool:
    ids = [found.quota_id for detail in said.details for found in detail.violations]
    return any(_DAILY in quota for quota in ids)


def _pause(error: APIError, said: _Error) -> float | None:
    for detail in said.details:
        if found := _DURATION.fullmatch(detail.retry_delay):
            return pause(found[1])
    headers = getattr(error.response, "headers", None)
    return retry_after(headers) if headers is not None else None


def _said(details: object) -> _Error:
    try:
        return _Body.model_validate(details).error
    except ValidationError:
        return _Error()
