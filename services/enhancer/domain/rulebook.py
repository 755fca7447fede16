"""The rules of a style as plain sentences, and whether a text quotes them."""

import re
from typing import Final

from contracts.styles import Guide
from services.enhancer.domain.suspicions import misleads
from services.enhancer.domain.words import runs, tokens

MAX_NAME_CHARACTERS: Final = 80
"""A name is a few words; a longer one is no name."""

_QUOTED_WORDS: Final = 8
"""So many words in a row in common with the rules are the rules."""

_BLOCK: Final = re.compile(r"\n\s*\n|\n(?=\s*(?:[-*+•#>|]|\d{1,3}[.)]\s))")
"""Between paragraphs, and before each item and heading of a list."""
_MARKER: Final = re.compile(r"^\s*(?:[-*+•>|]+|#{1,6}|\d{1,3}[.)])\s+")
_EMPHASIS: Final = re.compile(r"\*{1,3}|_{2,3}|`+|(?<!\w)_|_(?!\w)")
_SENTENCE: Final = re.compile(r"(?<=[.!?。！？])\s+")
_ENDS: Final = ".!?:。！？："


def name_of(guide: Guide) -> str:
    """The style's name on one line; empty where it is none."""
    name = _plain(guide.name)
    return "" if len(name) > MAX_NAME_CHARACTERS or misleads(name) else name


def rules_of(guide: Guide) -> tuple[str, ...]:
    """The rules, sentence by sentence, without markup.

    What addresses a model, leads elsewhere or hides something is left out: rules say how a picture
    looks, and nothing else.
    """
    blocks = (_plain(_MARKER.sub("", block)) for block in _BLOCK.split(guide.rules))
    sentences = (sentence for block in blocks for sentence in _SENTENCE.split(block))
    return tuple(_ended(each) for each in sentences if each and not misleads(each))


def quotes(text: str, guide: Guide) -> bool:
    """Whether the text has the guide's rules word for word."""
    return not _runs(guide.rules).isdisjoint(_runs(text))


def _plain(text: str) -> str:
    return " ".join(_EMPHASIS.sub("", text).split())


def _ended(sentence: str) -> str:
    return sentence if sentence[-1] in _ENDS else f"{sentence}."


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(runs(tokens(text), _QUOTED_WORDS))
