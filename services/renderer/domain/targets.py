"""What a wish is about: the whole picture, its sky, or a thing that cannot be told apart here."""

import re
from collections.abc import Iterable, Sequence
from itertools import takewhile
from typing import Final

from services.renderer.domain.vocabulary import (
    DOUBLE,
    EFFECTS,
    FILLERS,
    GOVERNORS,
    HALF,
    LESS,
    MORE,
    PLACES,
    SKY,
    SLIGHTLY,
    STOPS,
    STRONGLY,
)
from services.renderer.domain.wishes import Region

Target = Region | None
"""None: some thing in the picture."""

ALL_BUT_SKY: Final = "allbutsky"
_AMOUNT: Final = re.compile(r"(pct|deg)?\d+|ratio\d+x\d+")
_WHOLE: Final = frozenset(
    {"picture", "photo", "photograph", "image", "everything", "whole", "entire", "all"}
)
_PLAIN: Final = FILLERS | SLIGHTLY | STRONGLY | DOUBLE | HALF | MORE | LESS


def is_plain(word: str) -> bool:
    """Whether the word names no particular thing."""
    return word in _PLAIN or _AMOUNT.fullmatch(word) is not None


def target_of(phrase: Iterable[str]) -> Target:
    """What a phrase is about; one of plain words alone is about the whole picture."""
    things = [word for word in phrase if not is_plain(word) and word not in STOPS]
    if not things:
        return Region.WHOLE
    if all(word in SKY for word in things):
        return Region.SKY
    return Region.GROUND if all(word == ALL_BUT_SKY for word in things) else None


def names_whole(phrase: Iterable[str]) -> bool:
    """Whether the phrase names the picture outright: "the sky pink and the picture darker"."""
    return not _WHOLE.isdisjoint(phrase)


def object_of(words: Sequence[str]) -> tuple[str, ...]:
    """The direct object at the start of the words: up to a preposition or another wish."""
    return tuple(takewhile(lambda word: word not in STOPS and word not in EFFECTS, words))


def place_of(words: Sequence[str]) -> tuple[str, ...]:
    """The place named right at the start of the words: "to the sky"; empty when there is none."""
    rest = list(words)
    while rest and is_plain(rest[0]):
        rest.pop(0)
    return object_of(rest[1:]) if rest and rest[0] in PLACES else ()


def governor_of(words: Sequence[str], at: int) -> int | None:
    """Where the verb stands whose object comes before the wish at `at`."""
    return next((i for i in range(at - 1, -1, -1) if words[i] in GOVERNORS), None)


def narrowest(targets: Iterable[Target]) -> Target:
    """The most particular of several targets."""
    found = set(targets) - {Region.WHOLE}
    if not found:
        return Region.WHOLE
    return found.pop() if len(found) == 1 else None
