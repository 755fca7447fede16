"""Descriptions: the port to whoever writes them, and what is accepted of a model."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Final, Protocol

from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError

from contracts.journal import Written
from contracts.objects import ObjectRef
from services.chassis.errors import TransientError
from services.chassis.step import Retries
from services.enhancer.domain.enhancing import WHO
from services.enhancer.domain.instruction import Instruction
from services.enhancer.domain.languages import is_english
from services.enhancer.domain.question import Form
from services.enhancer.domain.quotes import unquoted
from services.enhancer.domain.suspicions import is_no_plain_text, suspicion
from services.enhancer.domain.validation import leaks
from services.enhancer.domain.words import tokens

FETCH_RETRIES: Final = Retries(more=2, base_seconds=5.0)
"""As for pictures that are edited."""
ASK_RETRIES: Final = Retries(more=2, base_seconds=3.0)
"""As for instructions; but nothing can take a description's place."""

MAX_CHARACTERS: Final = 2000
"""Of a description, and about twice what the instruction asks for."""
LANGUAGE: Final = "English"
"""Nobody says in which language a picture should be described, and the local ones are in it."""

USELESS_SENTENCE: Final = (
    f"{WHO} could not describe this picture. Please try again, or try another picture."
)
"""What a person reads once no try has brought a description."""

_LEAST_WORDS: Final = 3
"""A description of fewer is an answer to something else."""
_WHITESPACE: Final = re.compile(r"\s+")

FORM: Final = Form(
    "description",
    {
        "type": "object",
        "properties": {"description": {"type": "string"}},
        "required": ["description"],
        "additionalProperties": False,
    },
)
MATERIAL: Final = json.dumps({"language": LANGUAGE})
"""What stands beside the picture: nothing that anybody wrote."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A picture as it is looked at, and how many pixels it has."""

    data: bytes
    pixels: int


class Describer(Protocol):
    """Whoever says what a picture shows."""

    provider: str
    model: str

    async def look(self, original: ObjectRef) -> Shown:
        """The picture as it is going to be looked at.

        Raises PermanentError for one that cannot be read, TransientError for one that is not to be
        had, UnavailableError while the store is away or too many pictures are waiting.
        """

    async def describe(self, shown: Shown) -> Written:
        """What it shows, in words. Raises TransientError when asking again may help, else
        PermanentError.
        """


class _Answer(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    description: Annotated[str, StringConstraints(max_length=2 * MAX_CHARACTERS)]


def described(answer: str, *, told: Instruction, provider: str, model: str) -> Written:
    """The description out of a model's answer. Raises TransientError for one that cannot be used,
    with the sentence for when no try is left; none of its words is in the error.
    """
    said = _read(answer)
    text = _WHITESPACE.sub(" ", said).strip()
    checks: tuple[tuple[str, Callable[[], bool]], ...] = (
        ("too_short", lambda: len(tokens(text)) < _LEAST_WORDS),
        ("too_long", lambda: len(text) > MAX_CHARACTERS),
        ("suspicious", lambda: _is_suspicious(said) or _is_suspicious(text)),
        ("other_language", lambda: not is_english(unquoted(text))),
        ("leak", lambda: leaks(text, system=told.text)),
    )
    if found := next((name for name, fails in checks if fails()), None):
        raise useless(f"the description of {provider} was not used: {found}")
    return Written(text=text, provider=provider, model=model, version=told.version)


def useless(reason: str) -> TransientError:
    """What is raised for an answer that is no description."""
    return TransientError(reason, sentence=USELESS_SENTENCE)


def _read(answer: str) -> str:
    try:
        return _Answer.model_validate_json(answer).description
    except ValidationError as error:
        kinds = sorted({detail["type"] for detail in error.errors(include_input=False)})
        raise useless(f"the answer is no description: {', '.join(kinds)}") from None


def _is_suspicious(text: str) -> bool:
    """A text in the picture may say anything, as long as it stands in quotation marks.

    But links are links, and what hides is hidden, wherever they stand.
    """
    return is_no_plain_text(text) or suspicion(unquoted(text), written="") is not None
