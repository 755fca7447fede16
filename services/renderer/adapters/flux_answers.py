"""What Black Forest Labs answers, in our words.

An answer's free text is repeated nowhere, for it may quote the prompt, with one exception: the
names of the filters that moderated a task go, as few and short plain words, into the sentence that
a person reads. What is logged has status codes, words of ours, and plain names of fields.
"""

import json
import logging
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from math import isfinite
from typing import Final

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.journal import Handle
from services.chassis.errors import (
    MisconfiguredError,
    MizualError,
    PermanentError,
    TransientError,
    UnavailableError,
)
from services.chassis.hold import NotSubmittedError
from services.renderer.domain.editing import Ready, Running
from services.renderer.domain.models import PROVIDER

log = logging.getLogger(__name__)

UNKNOWN_GRACE_SECONDS: Final = 10.0
"""A fresh task may be unknown to another cluster for a moment."""
MAX_SECONDS: Final = 3600.0
"""A task that says that it took longer is not believed."""
MAX_REASONS: Final = 5
# Looked at to find them.
MAX_NAMES: Final = 50
MAX_REASON_CHARACTERS: Final = 60
MAX_FIELDS: Final = 5
# A UUID has 36.
MAX_ID_CHARACTERS: Final = 200
# What most software takes for a URL, and their documents for a webhook's.
MAX_URL_CHARACTERS: Final = 2083

BUSY_SENTENCE: Final = "The image service cannot take your edit right now. Please try again later."
REFUSED_SENTENCE: Final = "The image service refused this edit."
FAILED_SENTENCE: Final = "The image service could not finish this edit. Please try again."

_NOT_NOW: Final = frozenset({429, 503})
_NO_ACCESS: Final = frozenset({401, 402, 403})
_NOT_FOUND: Final = 404
# The model was switched off, or our address of the API is wrong.
_NO_SUCH_PLACE: Final = frozenset({404, 405})
_REFUSALS: Final[Mapping[int, tuple[ErrorCode, str]]] = {
    402: (ErrorCode.PROVIDER_CREDITS, BUSY_SENTENCE),
    401: (ErrorCode.PROVIDER_AUTH, BUSY_SENTENCE),
    403: (ErrorCode.PROVIDER_AUTH, BUSY_SENTENCE),
    **dict.fromkeys((400, 413, 415, 422), (ErrorCode.PROVIDER_FAILED, REFUSED_SENTENCE)),
}

_READY: Final = "ready"
_UNKNOWN: Final = "task not found"
_FAILED: Final = frozenset({"error", "failed"})
_MODERATED: Final[Mapping[str, str]] = {
    "request moderated": "The image service refused this request{}. Please change your words "
    "or your picture.",
    "content moderated": "The image service made a picture and withheld it{}. Please change your "
    "words or your picture.",
}
_ENDINGS: Final = frozenset({_READY, _UNKNOWN, *_FAILED, *_MODERATED})

_FIELD: Final = re.compile(r"[a-z0-9_]{1,40}")
_UNPRINTABLE: Final = re.compile(r"[^A-Za-z0-9 &-]+")


@dataclass(frozen=True)
class Answer:
    """One answer, its body read whole; `retry_after` is the wait in seconds that it asks for."""

    status: int
    body: bytes = b""
    retry_after: float | None = None

    @property
    def is_ok(self) -> bool:
        """Whether HTTP says that all is well."""
        return 200 <= self.status < 300  # noqa: PLR2004

    @cached_property
    def said(self) -> Mapping[str, object]:
        """The body's JSON object; empty when it is none."""
        try:
            said = json.loads(self.body)
        except (ValueError, RecursionError):
            return {}
        return said if isinstance(said, dict) else {}

    @cached_property
    def word(self) -> str | None:
        """The task's status in lower case.

        A failed task may come as a 503, so beside a status that is no success it counts only in a
        whole result that names its task, and as an ending.
        """
        status = self.said.get("status")
        if not isinstance(status, str):
            return None
        word = status.strip().lower()
        is_result = isinstance(self.said.get("id"), str) and word in _ENDINGS
        return word if self.is_ok or is_result else None


def accepted(answer: Answer, *, model: str) -> Handle:
    """The task that a submission was given.

    Raises NotSubmittedError when there certainly is none, PermanentError for a refusal, and
    TransientError when nobody knows.
    """
    if answer.word in _MODERATED:
        raise _moderated(answer)
    task_id = answer.said.get("id")
    # Whatever the code, an answer in a result's form that names a task means that there is one.
    is_named = isinstance(task_id, str) and 0 < len(task_id) <= MAX_ID_CHARACTERS
    if not is_named or not (answer.is_ok or answer.word):
        raise _not_accepted(answer)
    url = answer.said.get("polling_url")
    cost = _number(answer.said.get("cost"))
    return Handle(
        provider=PROVIDER,
        task_id=str(task_id),
        polling_url=url if isinstance(url, str) and 0 < len(url) <= MAX_URL_CHARACTERS else None,
        model=model,
        submitted_at=utcnow(),
        cost_credits=cost if cost is not None and cost >= 0 else None,
    )


def state_of(answer: Answer, *, age_seconds: float) -> Running | Ready | None:
    """Where the task stands; None: it is unknown, and too old to be unknown by chance.

    A status that nobody has heard of means that it is still under way. Raises PermanentError for
    a task that failed or was moderated, TransientError for no answer to the question.
    """
    word = answer.word
    if word == _UNKNOWN or (word is None and answer.status == _NOT_FOUND):
        return Running() if age_seconds < UNKNOWN_GRACE_SECONDS else None
    if word is None:
        raise _unanswered(answer)
    if word in _MODERATED:
        raise _moderated(answer)
    if word in _FAILED:
        reason = f"{PROVIDER} task: {word}"
        raise PermanentError(ErrorCode.PROVIDER_FAILED, FAILED_SENTENCE, reason=reason)
    return _ready(answer) if word == _READY else Running(_progress(answer))


def failure(operation: str, answer: Answer) -> TransientError:
    """An answer that says nothing but that it did not work."""
    reason = f"{PROVIDER} {operation}: HTTP {answer.status}"
    return TransientError(reason, retry_after=answer.retry_after)


def alert(operation: str, code: str) -> None:
    """Call for an operator: what no retry mends, but money has been spent, so it is retried."""
    where = {"provider": PROVIDER, "operation": operation, "code": code}
    log.error("provider_needs_operator", extra=where)


def _not_accepted(answer: Answer) -> MizualError:
    said = f"{PROVIDER} submit: HTTP {answer.status}"
    if answer.status in _NOT_NOW:
        return NotSubmittedError(said, retry_after=answer.retry_after)
    if answer.status in _NO_SUCH_PLACE:
        return MisconfiguredError(ErrorCode.PROVIDER_FAILED, BUSY_SENTENCE, reason=said)
    if answer.status in _REFUSALS:
        code, sentence = _REFUSALS[answer.status]
        return PermanentError(code, sentence, reason=f"{said}{_fields(answer)}")
    return TransientError(f"{said}, no task named")


def _unanswered(answer: Answer) -> TransientError:
    if answer.status in _NO_ACCESS:
        alert("poll", str(answer.status))
        return UnavailableError(f"{PROVIDER} poll: HTTP {answer.status}")
    if answer.is_ok:
        return TransientError(f"{PROVIDER} poll: unreadable answer")
    return failure("poll", answer)


def _moderated(answer: Answer) -> PermanentError:
    word = answer.word or ""
    reasons = ", ".join(_reasons(answer))
    sentence = _MODERATED[word].format(f" ({reasons})" if reasons else "")
    return PermanentError(ErrorCode.CONTENT_MODERATED, sentence, reason=f"{PROVIDER} task: {word}")


def _reasons(answer: Answer) -> list[str]:
    """The names of the filters, as far as they are plain words."""
    details = answer.said.get("details")
    found = details.get("Moderation Reasons") if isinstance(details, dict) else None
    names = [found] if isinstance(found, str) else found
    if not isinstance(names, list):
        return []
    words = (_words(name) for name in names[:MAX_NAMES] if isinstance(name, str))
    return list(islice(filter(None, words), MAX_REASONS))


def _words(name: str) -> str:
    # Cut first: cleaning a text without end would take its time.
    plain = _UNPRINTABLE.sub(" ", name[: 4 * MAX_REASON_CHARACTERS])
    return " ".join(plain.split())[:MAX_REASON_CHARACTERS].strip()


def _ready(answer: Answer) -> Ready:
    result = answer.said.get("result")
    url = result.get("sample") if isinstance(result, dict) else None
    if not isinstance(result, dict) or not isinstance(url, str) or len(url) > MAX_URL_CHARACTERS:
        raise TransientError(f"{PROVIDER} poll: ready without a result")
    return Ready(url, _seconds(result))


def _seconds(result: Mapping[str, object]) -> float | None:
    took = _number(result.get("duration"))
    if took is None:
        began, ended = _number(result.get("start_time")), _number(result.get("end_time"))
        took = ended - began if began is not None and ended is not None else None
    return took if took is not None and 0 < took <= MAX_SECONDS else None


def _progress(answer: Answer) -> float | None:
    """As a share: some models count to 1, some to 100."""
    told = _number(answer.said.get("progress"))
    if told is None or not 0 <= told <= 100:  # noqa: PLR2004
        return None
    return told / 100 if told > 1 else told


def _fields(answer: Answer) -> str:
    """The names of the fields that a 422 complains of."""
    detail = answer.said.get("detail")
    errors = detail[:MAX_FIELDS] if isinstance(detail, list) else []
    places = [error.get("loc") for error in errors if isinstance(error, dict)]
    named = [_path(place) for place in places if isinstance(place, list)]
    return f" ({', '.join(named)})" if named else ""


def _path(place: list[object]) -> str:
    parts = (str(part) for part in place[:MAX_FIELDS])
    return ".".join(part if _FIELD.fullmatch(part) else "?" for part in parts)


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if isfinite(number) else None
