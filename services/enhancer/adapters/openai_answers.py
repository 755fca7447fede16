"""OpenAI's answers: a plan, a refusal, an answer cut short, or an error told by status and code."""

from collections.abc import Mapping
from typing import Annotated, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from contracts.errors import ErrorCode
from services.chassis.errors import MisconfiguredError, MizualError, PermanentError, TransientError
from services.chassis.vendor_http import retry_after
from services.enhancer.adapters.vendor import Said
from services.enhancer.domain.enhancing import WHO

_UNSAFE: Final = frozenset(
    {
        "content_filter",
        "content_policy_violation",
        "moderation_blocked",
        "image_content_policy_violation",
        "bio_policy",
        "cyber_policy",
    }
)
_UNPAID: Final = frozenset(
    {"insufficient_quota", "billing_hard_limit_reached", "billing_not_active"}
)
_PASSING: Final = frozenset({"server_error", "rate_limit_exceeded", "vector_store_timeout"})
_NO_MODEL: Final = "model_not_found"
_KNOWN: Final = _UNSAFE | _UNPAID | _PASSING | {_NO_MODEL}
_FORBIDDEN: Final = frozenset({401, 403})
_PAYMENT: Final = 402
# The model was switched off, or its name or our address of the API is wrong.
_GONE: Final = 404
# Of 4xx, those that say nothing about the request itself: slow, in conflict, too many.
_AGAIN: Final = frozenset({408, 409, 429})
_REFUSALS: Final = range(300, 500)

_MAX_NAME_CHARACTERS: Final = 100
"""Of a model: what is longer is no name to keep with a job."""

_DECLINED: Final = f"{WHO} declined this because it goes against its rules."
_NO_ACCESS: Final = f"{WHO} does not let us in at the moment."
_NO_CREDIT: Final = f"{WHO} has no room left for us at the moment."
_NO: Final = f"{WHO} cannot carry this out."


class _Wire(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def _name(value: object) -> object:
    return value if isinstance(value, str) and len(value) <= _MAX_NAME_CHARACTERS else None


class _Content(_Wire):
    type: str = ""
    text: str | None = None


class _Item(_Wire):
    type: str = ""
    content: tuple[_Content, ...] | None = None


class _Error(_Wire):
    code: str | None = None


class _Incomplete(_Wire):
    reason: str | None = None


class _Response(_Wire):
    status: str | None = None
    model: Annotated[str | None, BeforeValidator(_name)] = None
    output: tuple[_Item, ...] | None = None
    error: _Error | None = None
    incomplete_details: _Incomplete | None = None


def read_answer(body: bytes) -> Said:
    """What the model wrote, which may be nothing.

    Raises PermanentError where it declines, TransientError where the provider failed.
    """
    response = _response(body)
    if response.error is not None:
        raise _failed(response.error.code)
    cut = response.incomplete_details.reason if response.incomplete_details else None
    parts = [part for item in response.output or () for part in _message(item)]
    if cut in _UNSAFE or any(part.type == "refusal" for part in parts):
        raise PermanentError(ErrorCode.CONTENT_MODERATED, _DECLINED, reason="openai: declined")
    text = "".join(part.text or "" for part in parts if part.type == "output_text")
    return Said(text, response.model, ended="cut short" if cut else "completed")


def refusal(status: int, words: frozenset[str], headers: Mapping[str, str]) -> MizualError:
    """The kind of an error answer with these words as code or type.

    Its text is left out: it may repeat what a person wrote.
    """
    reason = f"openai: HTTP {status} {' '.join(sorted(words & _KNOWN))}".strip()
    if words & _UNPAID or status == _PAYMENT:
        return PermanentError(ErrorCode.PROVIDER_CREDITS, _NO_CREDIT, reason=reason)
    if status in _FORBIDDEN:
        return PermanentError(ErrorCode.PROVIDER_AUTH, _NO_ACCESS, reason=reason)
    if words & _UNSAFE:
        return PermanentError(ErrorCode.CONTENT_MODERATED, _DECLINED, reason=reason)
    if status == _GONE or _NO_MODEL in words:
        return MisconfiguredError(ErrorCode.PROVIDER_FAILED, _NO, reason=reason)
    if status in _REFUSALS and status not in _AGAIN:
        return PermanentError(ErrorCode.PROVIDER_FAILED, _NO, reason=reason)
    return TransientError(reason, retry_after=retry_after(headers))


def _message(item: _Item) -> tuple[_Content, ...]:
    return (item.content or ()) if item.type == "message" else ()


def _failed(code: str | None) -> MizualError:
    reason = f"openai: failed, {code if code in _KNOWN else 'other'}"
    if code in _UNSAFE:
        return PermanentError(ErrorCode.CONTENT_MODERATED, _DECLINED, reason=reason)
    if code in _PASSING:
        return TransientError(reason)
    return PermanentError(ErrorCode.PROVIDER_FAILED, _NO, reason=reason)


def _response(body: bytes) -> _Response:
    try:
        return _Response.model_validate_json(body)
    except ValidationError as error:
        kinds = sorted({detail["type"] for detail in error.errors(include_input=False)})
        raise TransientError(f"openai: a broken answer, {', '.join(kinds)}") from None
