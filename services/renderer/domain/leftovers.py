"""What is said beside the wishes: statements, and what was asked for and not understood."""

from collections.abc import Sequence
from itertools import takewhile
from typing import Final

from services.renderer.domain.finding import Finding
from services.renderer.domain.geometry import GEOMETRY_WORDS
from services.renderer.domain.targets import ALL_BUT_SKY, is_plain
from services.renderer.domain.vocabulary import (
    COLOURS,
    EFFECTS,
    FIXES,
    GOVERNORS,
    GREYS,
    SHADE_WORDS,
    SHADES_OF,
    SKY,
    STOPS,
    TINT_NOUNS,
    VERBS,
)
from services.renderer.domain.wishes import CropIn, CropTo, Flip, Rotate

_BEING: Final = frozenset({"is", "s", "are", "re", "was", "were", "am", "m"})
_LIKING: Final = frozenset({"love", "like", "adore", "hate", "enjoy", "looks", "seems"})
_SUBJECTS: Final = frozenset(
    {"i", "we", "they", "he", "she", "it", "this", "picture", "photo", "image"}
    | {"really", "also", "always", "do"}
)
_WISHING: Final = frozenset({"too", "enough", "should", "could", "would", "must", "d"}) | {
    *("want", "need", "needs", "let", "can", "wish", "prefer", "hope")
}
_REASONS: Final = frozenset({"for", "because", "since", "so", "when", "if", "than"})
_DEFINITE: Final = frozenset({"the", "this", "that", "my", "its", "these", "those"})
_COLOUR_WORDS: Final = COLOURS.keys() | SHADES_OF.keys() | GREYS
_KNOWN: Final = (
    _COLOUR_WORDS
    | EFFECTS.keys()
    | SHADE_WORDS
    | TINT_NOUNS
    | GOVERNORS
    | FIXES
    | SKY
    | STOPS
    | {ALL_BUT_SKY, "zoom", "enough", "turns", "thrice", "times"}
)


def is_statement(words: Sequence[str]) -> bool:
    """Whether something is only said to be so: "my dress is red", "I love blue"."""
    if any(word in _WISHING for word in words):
        return False
    if "favourite" in words or "favorite" in words:
        return not any(word in VERBS - {"colour"} for word in words)
    states = next((at for at in range(len(words)) if _states(words, at)), None)
    if states is None:
        return False
    first = next((word for word in words if not is_plain(word)), "")
    return first not in VERBS and not any(word in VERBS for word in words[states:])


def has_leftover(words: Sequence[str], found: Sequence[Finding]) -> bool:
    """Whether something is asked for besides what was found."""
    asked = list(takewhile(lambda word: word not in _REASONS, words))
    if not found:
        return any(_is_asking(word) for word in asked)
    is_geometry = any(isinstance(each.wish, Rotate | Flip | CropTo | CropIn) for each in found)
    known = _KNOWN | GEOMETRY_WORDS if is_geometry else _KNOWN
    if any(word not in known and not is_plain(word) for word in asked):
        return True
    if not is_geometry and any(word.isdigit() for word in asked):
        return True
    places = {each.at for each in found}
    lost = (at for at, word in enumerate(asked) if word in _COLOUR_WORDS and at not in places)
    return any(_DEFINITE.isdisjoint(words[max(at - 2, 0) : at]) for at in lost)


def _is_asking(word: str) -> bool:
    return word[-1].isdigit() or not (is_plain(word) or word in STOPS)


def _states(words: Sequence[str], at: int) -> bool:
    is_liking = words[at] in _LIKING and at > 0 and words[at - 1] in _SUBJECTS
    return words[at] in _BEING or is_liking
