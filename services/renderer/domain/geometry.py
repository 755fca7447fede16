"""Reading turns, mirrors and cuts."""

import re
from collections.abc import Sequence
from typing import Final, Literal

from services.renderer.domain.amounts import percent_of
from services.renderer.domain.finding import Finding
from services.renderer.domain.targets import governor_of, is_plain, target_of
from services.renderer.domain.vocabulary import HALF, SLIGHTLY, STOPS, STRONGLY
from services.renderer.domain.wishes import CropIn, CropTo, Flip, Region, Rotate

_ROTATE: Final = frozenset({"rotate", "rotated", "rotation", "spin"})
_FLIP: Final = frozenset({"flip", "flipped", "mirror", "mirrored"})
_CROP: Final = frozenset({"crop", "cropped", "cropping"})
_LEFT: Final = frozenset({"left", "counterclockwise"})
_TURNED: Final = _LEFT | {"right", "clockwise"}
_FRACTIONS: Final = {"quarter": 90, "half": 180, "upsidedown": 180}
_VERTICAL: Final = frozenset({"vertical", "vertically", "upsidedown"})
_UPRIGHT: Final = frozenset({"top", "bottom"})
_FLIP_WORDS: Final = _VERTICAL | _UPRIGHT | {"horizontal", "horizontally", "left", "right"}
_CROP_WORDS: Final = frozenset(
    {"square", "ratio", "aspect", "format", "tighter", "tight", "closer", "closely"}
    | {"centre", "center", "framing", "side", "sides"}
)
_ARTICLES: Final = frozenset({"a", "an", "the", "his", "her", "my"})
_ANGLE: Final = re.compile(r"(?:deg)?(\d{1,4})")
_RATIO: Final = re.compile(r"ratio(\d+)x(\d+)")
_DEGREES: Final[dict[int, Literal[90, 180, 270]]] = {90: 90, 180: 180, 270: 270}
_KEEPS: Final = (0.9, 0.8, 0.65)
_LEAST_KEPT: Final = 0.1
_LONGEST: Final = 10
"""How much longer than the other side a side may be asked to be."""

_OFTEN: Final = frozenset({"twice", "thrice", "times", "double"})
_NOTHING: Final = frozenset({"pct0", "pct00", "pct000"})
_NUMBER: Final = re.compile(r"\d+")
GEOMETRY_WORDS: Final = (
    _ROTATE | _FLIP | _CROP | _TURNED | _FRACTIONS.keys() | _FLIP_WORDS | _CROP_WORDS
)
"""All words that may belong to a turn, a mirror or a cut."""


def find_geometry(words: Sequence[str]) -> list[Finding]:
    """The turns, mirrors and cuts of a clause."""
    found: list[Finding] = []
    for at, word in enumerate(words):
        rest = words[at + 1 :]
        if word in _ROTATE or (word == "turn" and _is_turn(rest)):
            found.append(_rotation(at, rest))
        elif word in _FLIP and _is_flip(words, at):
            found.append(_flip(at, rest))
        elif word in _CROP or _is_zoom(words, at):
            found.append(_crop(at, words, rest))
        elif word == "upsidedown" and not found:
            found.append(_rotation(at, words))
    return found or _shape(words)


def _is_turn(rest: Sequence[str]) -> bool:
    is_towards = any(word in _TURNED or word in _FRACTIONS or word[:3] == "deg" for word in rest)
    return is_towards and target_of(_besides(rest, _TURNED | _FRACTIONS.keys())) is Region.WHOLE


def _rotation(at: int, rest: Sequence[str]) -> Finding:
    others = _besides(rest, _TURNED | _FRACTIONS.keys() | {"turn", "turns"})
    if target_of(others) is not Region.WHOLE or _OFTEN & set(rest):
        return Finding(at)
    angles = [int(match[1]) for word in rest if (match := _ANGLE.fullmatch(word))]
    named = [_FRACTIONS[word] for word in rest if word in _FRACTIONS]
    angle = (*angles, *named, 90)[0] % 360
    if any(word in _LEFT for word in rest):
        angle = (360 - angle) % 360
    return Finding(at, Rotate(_DEGREES[angle])) if angle in _DEGREES else Finding(at)


def _is_flip(words: Sequence[str], at: int) -> bool:
    is_noun = at > 0 and words[at - 1] in _ARTICLES
    return not is_noun or words[at + 1 : at + 2] == ("image",)


def _flip(at: int, rest: Sequence[str]) -> Finding:
    # "Mirror the left half to the right half" is about a part.
    is_odd = not _OFTEN.isdisjoint(rest) or not HALF.isdisjoint(rest)
    if is_odd or target_of(_besides(rest, _FLIP_WORDS)) is not Region.WHOLE:
        return Finding(at)
    is_vertical = any(word in _VERTICAL | _UPRIGHT for word in rest)
    return Finding(at, Flip("vertical" if is_vertical else "horizontal"))


def _is_zoom(words: Sequence[str], at: int) -> bool:
    return words[at] == "zoom" and tuple(words[at + 1 : at + 2]) == ("in",)


def _crop(at: int, words: Sequence[str], rest: Sequence[str]) -> Finding:
    # "Crop out the man" and "crop to her face" name a thing; so would any other word here.
    if "out" in rest or target_of(_besides(rest, _CROP_WORDS)) is not Region.WHOLE:
        return Finding(at)
    shape, kept = _shape_in(words), _kept(words)
    if shape is not None:
        return Finding(at, shape)
    is_unclear = any(_RATIO.fullmatch(word) or _NUMBER.fullmatch(word) for word in rest)
    is_possible = not is_unclear and _LEAST_KEPT <= kept < 1
    return Finding(at, CropIn(kept)) if is_possible else Finding(at)


def _kept(words: Sequence[str]) -> float:
    slight, usual, strong = _KEEPS
    percent = percent_of(words)
    if percent is not None:
        return percent / 100 if f"to pct{percent}" in " ".join(words) else 1 - percent / 100
    if any(word in _NOTHING for word in words):
        return 1.0
    if any(word in SLIGHTLY for word in words):
        return slight
    return strong if any(word in STRONGLY for word in words) else usual


def _shape(words: Sequence[str]) -> list[Finding]:
    """A shape without the word crop: "make it square", "16:9 please"."""
    shape = _shape_in(words)
    others = _besides(words, _CROP_WORDS)
    governor = governor_of(others, len(others))
    about = others if governor is None else others[governor + 1 :]
    is_bare = "square" in words and governor is None and len(others) < len(words) - 1
    is_asked = governor is not None or "square" not in words or is_bare
    if shape is None or not is_asked or target_of(about) is not Region.WHOLE:
        return []
    return [Finding(0, shape)]


def _shape_in(words: Sequence[str]) -> CropTo | None:
    for word in words:
        if word == "square":
            return CropTo(1, 1)
        match = _RATIO.fullmatch(word)
        if match and _is_shape(int(match[1]), int(match[2])):
            return CropTo(int(match[1]), int(match[2]))
    return None


def _is_shape(width: int, height: int) -> bool:
    return 0 < max(width, height) <= min(width, height) * _LONGEST


def _besides(words: Sequence[str], known: frozenset[str] | set[str]) -> list[str]:
    return [
        word for word in words if word not in known and not is_plain(word) and word not in STOPS
    ]
