"""What a model is asked in one structured call."""

from dataclasses import dataclass

from services.enhancer.domain.instruction import Instruction


@dataclass(frozen=True, slots=True)
class Form:
    """The shape of an answer: its name, and a JSON Schema as every strict mode takes it."""

    name: str
    schema: dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """One call: what the model is told, and the material that it works on."""

    told: Instruction
    material: str
    form: Form
    pictures: tuple[bytes, ...] = ()
    """JPEGs, in the order in which they are shown, before the material."""
