"""The rules that make a sentence precise without a model."""

import re
from typing import Final

from contracts.journal import MAX_PROMPT_CHARACTERS, Enhanced
from services.enhancer.domain.enhancing import as_they_are

KEEP: Final = "Keep the subject, the composition and every other detail as they are."
LOCAL: Final = "local"
RULES: Final = "rules-1"
"""Version of the rules below, stored with every job as its model."""

_WHITESPACE: Final = re.compile(r"\s+")
_MAX_FOREIGN_SHARE: Final = 0.2


def rewrite(prompt: str) -> Enhanced:
    """The sentence tidied, with what must stay said as well; another script is left alone."""
    tidy = _WHITESPACE.sub(" ", prompt).strip()
    if _foreign(tidy):
        return as_they_are(prompt)
    instruction = f"{sentence(tidy)} {KEEP}"
    if len(instruction) > MAX_PROMPT_CHARACTERS:
        return as_they_are(prompt)
    return Enhanced(instruction=instruction, prompt=instruction, provider=LOCAL, model=RULES)


def sentence(text: str) -> str:
    """The text on one line, with a capital letter and an end."""
    text = _WHITESPACE.sub(" ", text).strip()
    ended = text if text[-1] in ".!?" else f"{text}."
    return ended[0].upper() + ended[1:]


def _foreign(text: str) -> bool:
    # English rules appended to a sentence in another script would mix languages.
    return sum(not char.isascii() for char in text) > len(text) * _MAX_FOREIGN_SHARE
