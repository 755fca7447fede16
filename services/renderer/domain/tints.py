"""Reading the colours that a clause asks for."""

from collections.abc import Sequence
from typing import Final

from services.renderer.domain.amounts import TINT_SIZES, tint_strength
from services.renderer.domain.finding import Finding
from services.renderer.domain.targets import (
    Target,
    governor_of,
    is_plain,
    names_whole,
    narrowest,
    object_of,
    place_of,
    target_of,
)
from services.renderer.domain.vocabulary import (
    COLOURS,
    DEEP,
    EFFECTS,
    GREYS,
    LESS,
    LIGHT,
    SHADE_WORDS,
    SHADES_OF,
    SKY,
    STOPS,
    TINT_NOUNS,
)
from services.renderer.domain.wishes import Adjust, Look, Region, Tint

_WHITENED: Final = 0.4
_DEEPENED: Final = 0.45
_MORE: Final = frozenset({"more", "some", "abit", "extra"})


def find_tints(words: Sequence[str], inherited: Target) -> list[Finding]:
    """The colours to lay over the picture."""
    found = [
        _read(words, at, inherited)
        for at, word in enumerate(words)
        if word in COLOURS or word in SHADES_OF or word in GREYS
    ]
    return [finding for finding in found if finding is not None]


def _read(words: Sequence[str], at: int, inherited: Target) -> Finding | None:
    start = at
    while start > 0 and words[start - 1] in SHADE_WORDS:
        start -= 1
    if not _is_wished(words, start, at):
        return None
    if any(word in LESS for word in words[:start]) or "too" in words[max(start - 1, 0) : start]:
        return Finding(at, Adjust(Look.BALANCE, TINT_SIZES[2]))
    where = _target(words, start, at, inherited)
    if where is None:
        return Finding(at)
    if words[at] in GREYS:
        return Finding(at, Adjust(Look.GREYSCALE, 1.0, where))
    return Finding(at, _tint(words, start, at, where))


def _is_wished(words: Sequence[str], start: int, at: int) -> bool:
    """Whether the colour is said of the picture, and not of a thing that has it."""
    following = words[at + 1] if at + 1 < len(words) else ""
    if following in TINT_NOUNS or (following in SKY and words[at] in SHADES_OF):
        return True
    if following and following not in STOPS and not is_plain(following):
        return False
    if governor_of(words, start) is not None or words[at] in SHADES_OF:
        return True
    is_bare = all(is_plain(word) or word in SKY for word in words[:start])
    return bool(_MORE & set(words[:start])) or is_bare


def _target(words: Sequence[str], start: int, at: int, inherited: Target) -> Target:
    tail = words[at + 1 :]
    if tail and tail[0] in SKY:
        return Region.SKY
    while tail and tail[0] in TINT_NOUNS:
        tail = tail[1:]
    governor = governor_of(words, start)
    elsewhere = target_of(place_of(tail))
    lead = words[0 if governor is None else governor + 1 : start]
    # "A warm orange": what describes the colour is no thing. "Change red to blue" is about things.
    about = target_of(word for word in lead if word not in EFFECTS)
    if governor is None:
        found = narrowest((about, elsewhere))
        return found if found is not Region.WHOLE or names_whole(lead) else inherited
    return narrowest((about, elsewhere, target_of(object_of(tail))))


def _tint(words: Sequence[str], start: int, at: int, where: Region) -> Tint:
    name = SHADES_OF.get(words[at], words[at])
    shades = words[start:at]
    red, green, blue = (_shaded(value, shades) for value in COLOURS[name])
    called = " ".join((*shades, "sky blue" if name == "skyblue" else name))
    near = (*words[:start], *words[at + 1 :])
    return Tint(called, red, green, blue, tint_strength(near), where)


def _shaded(value: int, shades: Sequence[str]) -> int:
    if any(shade in LIGHT for shade in shades):
        return round(value + (255 - value) * _WHITENED)
    return round(value * (1 - _DEEPENED)) if any(shade in DEEP for shade in shades) else value
