"""Styles: how pictures are to look, as an operator's guide and reference picture say it."""

from typing import Annotated, Final

from pydantic import JsonValue, StringConstraints

from contracts.base import Message
from contracts.objects import ObjectRef

STYLE_ID: Final = r"^[a-z0-9-]{1,64}$"
MAX_RULES_CHARACTERS: Final = 4000
"""They are part of each instruction that a model is given, and of the journal with it."""
MAX_PROFILE_BYTES: Final = 4096
"""Of the JSON, for the same reason."""

StyleId = Annotated[str, StringConstraints(pattern=STYLE_ID)]


class Style(Message):
    """One version of a style; a job keeps the one that it was accepted with."""

    id: StyleId
    version: str
    """A digest of everything in it: the same content is the same version."""
    name: str
    """As people are shown it."""
    guide: ObjectRef
    """A stored `Guide`."""
    reference: ObjectRef | None = None
    """A picture that looks as the style is meant."""


class Guide(Message):
    """What the language and image models are told of a style, as it is stored."""

    name: str
    rules: Annotated[str, StringConstraints(max_length=MAX_RULES_CHARACTERS)]
    profile: dict[str, JsonValue] | None = None
    """More about it in figures and words, for whoever can read them."""
