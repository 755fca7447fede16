"""The port to whoever makes a sentence precise, and what is used when nobody does."""

from typing import Final, Protocol

from contracts.journal import Enhanced
from contracts.objects import ObjectRef
from services.chassis.step import Retries

RETRIES: Final = Retries(more=2, base_seconds=3.0)
"""Pauses of 3 and 6 seconds, or of 6 each where the model asks for longer ones: 12 at the most in
all. The three tries come on top, each with a look at the picture and a call that have limits of
their own.
"""
LONGEST_PAUSE_SECONDS: Final = RETRIES.delay(RETRIES.more)
"""A model that asks for a longer pause than any of ours is away: it is not waited for."""

OWN_WORDS_NOTE: Final = (
    "Your own words were used as they are: the language service could not help this time."
)
"""What a person reads when a model was asked and did not help."""


class LanguageModel(Protocol):
    """Whoever makes a sentence precise."""

    async def enhance(self, prompt: str, *, original: ObjectRef | None) -> Enhanced:
        """The instruction for the renderer, in the language of the prompt.

        `original` is the picture that is going to be edited. Raises TransientError when asking
        again may help, else PermanentError; never UnavailableError, which would wait for ever.
        """


def as_they_are(prompt: str) -> Enhanced:
    """The person's own words, when nobody may or can make them more precise."""
    return Enhanced(instruction=prompt)
