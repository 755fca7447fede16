"""The knobs of this emulator, and the models it knows."""

from typing import Final

from pydantic import JsonValue

from tests.emulators.core.desk import Behaviour

MODELS: Final = frozenset(
    {"gpt-6-luna", "gpt-6.1-terra", "gpt-5.6-luna", "gpt-5.4-mini", "gpt-5.4-nano"}
    # Until the eleventh of December 2026 and the fourteenth of January 2027.
    | {"gpt-5", "gpt-5-mini", "gpt-5-nano", "gpt-4o", "gpt-4o-mini", "gpt-4.1", "gpt-4.1-mini"}
)


class OpenAIBehaviour(Behaviour):
    """How models answer when nothing goes wrong."""

    answer: JsonValue = None
    """Said instead of what the schema and the sentence give; text as it is, else as JSON.

    `{"obeying": text}`: a model that was taken over says the text in every field of the schema.
    """
    models: tuple[str, ...] = ()
    """Known beside those that answer in November 2026."""
