"""The plan that a model writes in one structured answer, and what becomes of it."""

import json
from typing import Annotated, Final

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError

from contracts.journal import MAX_PROMPT_CHARACTERS, Enhanced
from services.chassis.errors import TransientError
from services.enhancer.domain.brief import Brief
from services.enhancer.domain.composing import REFERENCE
from services.enhancer.domain.instruction import EDIT, STYLED_EDIT, VARIATION, Instruction
from services.enhancer.domain.question import Form
from services.enhancer.domain.rulebook import quotes, rules_of
from services.enhancer.domain.validation import Candidate, flaw

MAX_CONSTRAINTS: Final = 20
"""More than the instruction asks for, since a list is only a means to the final sentence."""

MAX_TEXT_CHARACTERS: Final = 2 * MAX_PROMPT_CHARACTERS
"""Of each field: what the longest sentence of a person says, in other words and twice over. The
checks take some milliseconds for that, and seconds for an answer that is full of text.
"""


_Text = Annotated[str, StringConstraints(max_length=MAX_TEXT_CHARACTERS)]


class Plan(BaseModel):
    """Analysis first, the sentence last: a model writes better what it has thought through."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    subject_to_preserve: _Text
    change: _Text = Field(min_length=1)
    constraints: tuple[_Text, ...] = Field(max_length=MAX_CONSTRAINTS)
    final_instruction: _Text = Field(min_length=1)


SCHEMA: Final[dict[str, object]] = {
    "type": "object",
    "properties": {
        "subject_to_preserve": {"type": "string"},
        "change": {"type": "string"},
        "constraints": {"type": "array", "items": {"type": "string"}},
        "final_instruction": {"type": "string"},
    },
    "required": ["subject_to_preserve", "change", "constraints", "final_instruction"],
    "additionalProperties": False,
}
"""The plan as JSON Schema, in the part of it that every provider's strict mode takes."""


PLAN: Final = Form("plan", SCHEMA)


def material(brief: Brief, layout: str = "") -> str:
    """What others wrote, as data: quoted whole, so that nothing in it can end the quotation."""
    known: dict[str, object] = {"words": brief.words}
    if not brief.is_plain:
        known["style"] = brief.guide.model_dump() if brief.guide else None
    if brief.is_variation:
        known["layout"] = layout
    return json.dumps(known, ensure_ascii=False)


def version_of(brief: Brief) -> str:
    """The system instruction that the brief's plan follows."""
    if brief.is_variation:
        return VARIATION
    return EDIT if brief.is_plain else STYLED_EDIT


def enhanced(
    answer: str, *, brief: Brief, told: Instruction, provider: str, model: str
) -> Enhanced:
    """The instruction out of a model's answer. Raises TransientError for a plan that fails.

    Nobody is shown one that has a style's rules word for word: those are the operator's.
    """
    plan = _read(answer)
    candidate = Candidate(
        written=brief.words,
        change=plan.change,
        answered=plan.final_instruction,
        system=told.text,
        style=_style(brief),
    )
    if found := flaw(candidate):
        raise TransientError(f"the plan of {provider} was not used: {found}")
    said = candidate.instruction
    is_theirs = brief.guide is not None and quotes(said, brief.guide)
    return Enhanced(
        instruction=f"{said} {REFERENCE}" if brief.reference else said,
        prompt=None if is_theirs else said,
        provider=provider,
        model=model,
        version=told.version,
    )


def _style(brief: Brief) -> str | None:
    if brief.is_plain:
        return None
    return " ".join(rules_of(brief.guide)) if brief.guide else ""


def _read(answer: str) -> Plan:
    try:
        return Plan.model_validate_json(answer)
    except ValidationError as error:
        kinds = sorted({detail["type"] for detail in error.errors(include_input=False)})
        raise TransientError(f"the answer is no plan: {', '.join(kinds)}") from None
