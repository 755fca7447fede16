"""How a vendor's model is asked a question, and what bounds each call."""

from dataclasses import dataclass
from typing import Final, Protocol

from services.enhancer.domain.question import Question

CALL_SECONDS: Final = 20.0
"""A few sentences take a cheap model two seconds; ten times that is an outage."""
MAX_ANSWER_BYTES: Final = 1024 * 1024
"""The longest text is a few thousand bytes; the rest of an answer is bookkeeping."""
MAX_OUTPUT_TOKENS: Final = 4096
"""A plan of the longest instruction, in a script that takes a token a character, twice over."""


@dataclass(frozen=True, slots=True)
class Said:
    """A vendor's answer: the text, which may be empty, and the model that wrote it, if it tells."""

    text: str
    model: str | None
    ended: str = ""
    """Why there is no more text: a word for the log."""


class Vendor(Protocol):
    """One vendor's model."""

    name: str
    model: str

    def using(self, model: str) -> "Vendor":
        """The same vendor, asked for another model."""

    async def ask(self, question: Question) -> Said:
        """One call. Raises TransientError or PermanentError, and never UnavailableError."""
