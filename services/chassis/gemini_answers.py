"""Gemini's answers with status 200, many of them failures: read tolerantly, judged strictly.

An answer is paid for, so a part of it that cannot be read takes nothing from the others.
"""

import binascii
import re
from base64 import b64decode
from dataclasses import dataclass
from typing import Annotated, Final

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    StringConstraints,
    ValidationError,
    ValidatorFunctionWrapHandler,
    WrapValidator,
)
from pydantic.alias_generators import to_camel

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError, TransientError

MODERATED: Final = {
    "SAFETY": "it goes against its safety rules",
    "IMAGE_SAFETY": "the picture goes against its safety rules",
    "PROHIBITED_CONTENT": "it shows or asks for prohibited content",
    "IMAGE_PROHIBITED_CONTENT": "the picture would show prohibited content",
    "RECITATION": "it would copy somebody's work",
    "IMAGE_RECITATION": "the picture would copy somebody's work",
    "BLOCKLIST": "it contains a blocked word",
    "SPII": "it contains personal data",
    "MODEL_ARMOR": "it goes against the rules of the account",
    "JAILBREAK": "it looks like an attempt to get around its rules",
}
"""Finish and block reasons that stand for a refusal -> the rest of "declined this because"."""

_Name = Annotated[str, StringConstraints(max_length=100)]
_WORD: Final = re.compile(r"[A-Z_]{1,40}")
_URL_SAFE: Final = str.maketrans("-_", "+/")


def _decoded(value: object) -> object:
    if not isinstance(value, str):
        return value
    plain = value.translate(_URL_SAFE)
    try:
        return b64decode(plain + "=" * (-len(plain) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError("not base64") from error


class _Wire(BaseModel):
    model_config = ConfigDict(
        frozen=True,
        extra="ignore",
        hide_input_in_errors=True,
        alias_generator=to_camel,
        populate_by_name=True,
    )


class Blob(_Wire):
    """Bytes within an answer. What type they are is for the bytes to say."""

    data: Annotated[bytes, BeforeValidator(_decoded)]


class _Part(_Wire):
    text: str | None = None
    thought: bool | None = None
    inline_data: Blob | None = None


def _or_none(value: object, read: ValidatorFunctionWrapHandler) -> object:
    try:
        return read(value)
    except ValidationError:
        return None


class _Content(_Wire):
    parts: tuple[Annotated[_Part | None, WrapValidator(_or_none)], ...] | None = None


class _Candidate(_Wire):
    content: _Content | None = None
    finish_reason: str | None = None


class _Feedback(_Wire):
    block_reason: str | None = None


class _Response(_Wire):
    candidates: tuple[_Candidate, ...] | None = None
    prompt_feedback: _Feedback | None = None
    model_version: Annotated[_Name | None, WrapValidator(_or_none)] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the model said and drew, its thoughts left out; both may be nothing.

    `finish` is the provider's word for why it ended there. `is_whole` is False where parts could
    not be read: those are left out.
    """

    text: str
    images: tuple[bytes, ...]
    finish: str
    model: str | None
    is_whole: bool


def read_answer(body: str, *, who: str) -> Answer:
    """The answer. Raises TransientError for a broken one, PermanentError where it declines."""
    response = _response(body)
    candidate = (response.candidates or (_Candidate(),))[0]
    block = response.prompt_feedback.block_reason if response.prompt_feedback else None
    finish = _word(block or candidate.finish_reason)
    if block or finish in MODERATED:
        raise _declined(finish, who=who)
    found = (candidate.content.parts if candidate.content else None) or ()
    parts = [part for part in found if part is not None and not part.thought]
    return Answer(
        text="".join(part.text or "" for part in parts),
        images=tuple(part.inline_data.data for part in parts if part.inline_data),
        finish=finish,
        model=response.model_version,
        is_whole=None not in found,
    )


def _response(body: str) -> _Response:
    try:
        return _Response.model_validate_json(body)
    except ValidationError as error:
        kinds = sorted({detail["type"] for detail in error.errors(include_input=False)})
        raise TransientError(f"gemini: a broken answer, {', '.join(kinds)}") from None


def _declined(reason: str, *, who: str) -> PermanentError:
    because = MODERATED.get(reason, "it goes against its rules")
    return PermanentError(
        ErrorCode.CONTENT_MODERATED,
        f"{who} declined this because {because}.",
        reason=f"gemini: {reason}",
    )


def _word(reason: str | None) -> str:
    # Known ones are single words in capitals; whatever else comes is not for our log.
    return reason if reason and _WORD.fullmatch(reason) else "UNKNOWN"
