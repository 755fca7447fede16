"""The system instructions: each a file of its own, whose name is its version."""

from dataclasses import dataclass
from importlib.resources import files
from typing import Final

EDIT: Final = "edit-1"
STYLED_EDIT: Final = "styled-edit-1"
VARIATION: Final = "variation-1"
DESCRIPTION: Final = "description-1"
"""The versions in use. A change of a text is a new file, so that a job tells what it was given."""


@dataclass(frozen=True, slots=True)
class Instruction:
    """What a model is told before it sees what a person wrote or drew."""

    version: str
    text: str


def load_instruction(version: str = EDIT) -> Instruction:
    """The instruction that ships with the service. Raises FileNotFoundError for another name."""
    file = files("services.enhancer") / "instructions" / f"{version}.md"
    return Instruction(version, file.read_text("utf-8").strip())
