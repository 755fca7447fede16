"""The ports to whoever writes an instruction and what it is written from."""

from dataclasses import dataclass
from typing import Final, Protocol

from contracts.journal import Enhanced, JournalEntry
from contracts.styles import Guide, Style
from services.chassis.step import Retries
from services.enhancer.domain.brief import Brief, Seen, brief_of

WHO: Final = "The language service"
"""Whom a person waits for."""

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
COMPOSED_NOTE: Final = (
    "The language service could not help this time: what you asked for was passed on as it is."
)
"""The same where there was more than words."""


class Writer(Protocol):
    """Whoever writes the instruction for the renderer."""

    async def write(self, brief: Brief) -> Enhanced:
        """The instruction, in the language of the person's words.

        Raises TransientError when asking again may help, else PermanentError; never
        UnavailableError, which would wait for ever.
        """


class Guides(Protocol):
    """The stored guides of styles."""

    async def of(self, style: Style) -> Guide | None:
        """The style's guide, None where it is gone for good. Raises UnavailableError."""


class Looks(Protocol):
    """Looks at a job's pictures; one that cannot be seen is done without, so nothing is raised."""

    async def at(self, brief: Brief) -> Seen:
        """All that a model is given of them."""

    async def layout(self, brief: Brief) -> str:
        """The layout alone; see Seen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """Everything that instructions are written with."""

    guides: Guides
    writer: Writer
    """As configured: a model or the rules."""
    composer: Writer
    """Puts together what there is, for whoever wants no more, and when the writer fails."""

    async def brief(self, job: JournalEntry) -> Brief:
        """What is known of the job. Raises UnavailableError while its style cannot be read."""
        style = job.facts.style
        return brief_of(job, await self.guides.of(style) if style else None)


def as_they_are(prompt: str) -> Enhanced:
    """The person's own words, when nobody may or can make them more precise."""
    return Enhanced(instruction=prompt)


def excuse(brief: Brief) -> str:
    """What a person reads when a model was asked and did not help."""
    told = OWN_WORDS_NOTE if brief.is_plain else COMPOSED_NOTE
    return f"{told} {brief.note}" if brief.note else told
