"""Refusals, and every error as a problem document (RFC 9457 with the documented fields)."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from math import ceil
from typing import Final

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import Problem
from contracts.stages import Kind
from services.chassis.errors import (
    PermanentError,
    RefusedError,
    TransientError,
    UnavailableError,
)
from services.chassis.limits import Policy, Standing

RETRY_SECONDS: Final = 2
"""What a client is asked to wait while something we need is away."""

_BUSY: Final = "The service is busy or restarting. Please try again in a moment."

_ABSENT: Final = {
    ErrorCode.NOT_FOUND: "There is nothing at this address.",
    ErrorCode.EDIT_NOT_FOUND: "Edit not found",
    ErrorCode.JOB_NOT_FOUND: "Job not found",
    ErrorCode.STYLE_NOT_FOUND: "The style was not found.",
    ErrorCode.PARENT_NOT_FOUND: "The parent edit was not found.",
    ErrorCode.IMAGE_NOT_FOUND: "The image was not found.",
}

_STATUS: Final = {
    ErrorCode.PAYLOAD_TOO_LARGE: 413,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.OPTION_UNSUPPORTED: 422,
    ErrorCode.INVALID_PROMPT: 422,
    ErrorCode.INVALID_REQUEST: 422,
}
"""Codes that a check below HTTP raises, where their status is not 400."""


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; the input is never repeated."""

    field: str
    message: str


class RefusalError(PermanentError):
    """The request is refused: an HTTP status, a public code, one readable sentence."""

    def __init__(
        self,
        status: int,
        code: ErrorCode,
        sentence: str,
        *,
        headers: Mapping[str, str] | None = None,
        errors: tuple[FieldError, ...] = (),
    ) -> None:
        super().__init__(code, sentence)
        self.status = status
        self.headers = dict(headers or {})
        self.errors = errors


class PostponedError(UnavailableError):
    """Not now: over HTTP the person reads `sentence`, over the bus the message waits."""

    sentence: str

    def __init__(self, sentence: str, *, retry_after: float) -> None:
        super().__init__(sentence, retry_after=retry_after, sentence=sentence)


@dataclass(frozen=True, slots=True)
class Trouble:
    """An error as it is answered."""

    status: int
    problem: Problem
    headers: Mapping[str, str] = field(default_factory=dict)


def trouble_of(error: Exception, request_id: str) -> Trouble:
    """Any error as a problem; one that is not ours says nothing about itself."""
    if isinstance(error, RefusalError):
        return _trouble(error, error.status, request_id, headers=error.headers)
    if isinstance(error, RefusedError):
        return _trouble(error, error.status, request_id)
    if isinstance(error, PermanentError):
        return _trouble(error, _STATUS.get(error.code, 400), request_id)
    if isinstance(error, TransientError):
        wait = round(error.retry_after or RETRY_SECONDS) or 1
        sentence = error.sentence if isinstance(error, PostponedError) else _BUSY
        return _trouble(
            unavailable(wait, sentence), 503, request_id, headers={"Retry-After": str(wait)}
        )
    sentence = "Something went wrong on our side. Please try again later."
    return _trouble(RefusalError(500, ErrorCode.INTERNAL_ERROR, sentence), 500, request_id)


def not_found(code: ErrorCode) -> RefusalError:
    """404 for what has no such id, or is not the caller's."""
    return RefusalError(404, code, _ABSENT[code])


def absent_of(kind: Kind) -> ErrorCode:
    """What a job of the kind is called where there is none."""
    return ErrorCode.EDIT_NOT_FOUND if kind is Kind.EDIT else ErrorCode.JOB_NOT_FOUND


def unavailable(retry_after: int = RETRY_SECONDS, sentence: str = _BUSY) -> RefusalError:
    """503 with the wait in seconds."""
    return RefusalError(
        503,
        ErrorCode.SERVICE_UNAVAILABLE,
        sentence,
        headers={"Retry-After": str(retry_after)},
    )


def too_many(
    policy: Policy,
    retry_after: int,
    sentence: str,
    *,
    code: ErrorCode = ErrorCode.RATE_LIMITED,
) -> RefusalError:
    """429 with the wait and the policy that was used up."""
    headers = limit_headers(Standing(policy, 0, retry_after))
    return RefusalError(429, code, sentence, headers={"Retry-After": str(retry_after), **headers})


def pause_of(seconds: int) -> str:
    """A wait as a person says it, in the largest unit that it is two of, and never too short."""
    for unit, of in (("hour", 3600), ("minute", 60)):
        if seconds >= 2 * of:
            return f"{ceil(seconds / of)} {unit}s"
    return "1 second" if seconds == 1 else f"{seconds} seconds"


def limit_headers(*standings: Standing) -> dict[str, str]:
    """The fields of draft-ietf-httpapi-ratelimit-headers; none where no limit is in force."""
    if not standings:
        return {}
    policies = (standing.policy for standing in standings)
    return {
        "RateLimit": ", ".join(f'"{s.policy.name}";r={s.left};t={s.seconds}' for s in standings),
        "RateLimit-Policy": ", ".join(
            f'"{p.name}";q={p.places};w={round(p.window_seconds)}' for p in policies
        ),
    }


def _trouble(
    error: PermanentError,
    status: int,
    request_id: str,
    *,
    headers: Mapping[str, str] | None = None,
) -> Trouble:
    errors = error.errors if isinstance(error, RefusalError) else ()
    problem = Problem(
        title=HTTPStatus(status).phrase,
        status=status,
        detail=error.sentence,
        error_code=error.code,
        timestamp=utcnow(),
        request_id=request_id,
        errors=tuple({"field": e.field, "message": e.message} for e in errors),
    )
    return Trouble(status, problem, headers or {})
