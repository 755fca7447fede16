"""The knobs of this emulator."""

from typing import Literal

from pydantic import Field, JsonValue

from tests.emulators.core.desk import Behaviour

MIB = 1024 * 1024


class GeminiBehaviour(Behaviour):
    """How models answer when nothing goes wrong."""

    answer: JsonValue = None
    """Said instead of what the schema and the sentence give; text as it is, else as JSON.

    `{"obeying": text}`: a model that was taken over says the text in every field of the schema.
    """
    with_text: bool = True
    """Whether a picture comes with words."""
    with_thought: bool = True
    """Whether pictures of its thoughts come before the right one."""
    keeps_size: bool = False
    """Whether a result without a wanted ratio has the input's size instead of a megapixel."""
    picture_type: Literal["jpeg", "png", "webp"] = "png"
    # The classic limit of a whole request; newer pages say 100 MB.
    max_request_bytes: int = Field(default=20 * MIB, ge=1)
