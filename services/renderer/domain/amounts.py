"""How much of a look is wished for."""

import re
from collections.abc import Sequence
from typing import Final

from services.renderer.domain.vocabulary import DOUBLE, HALF, SLIGHTLY, STRONGLY
from services.renderer.domain.wishes import Look

# Slightly, by default, strongly: judged by eye on photographs.
_SIZES: Final = {
    Look.BRIGHTNESS: (0.12, 0.28, 0.5),
    Look.CONTRAST: (0.12, 0.28, 0.55),
    Look.SATURATION: (0.18, 0.4, 0.8),
    Look.WARMTH: (0.25, 0.5, 0.9),
    Look.DRAMA: (0.3, 0.6, 1.0),
    Look.GREYSCALE: (1.0, 1.0, 1.0),
    Look.SEPIA: (0.5, 0.9, 1.0),
    Look.BALANCE: (0.5, 0.9, 1.0),
    Look.BLUR: (0.2, 0.5, 1.0),
    Look.SHARPEN: (0.25, 0.5, 1.0),
    Look.VIGNETTE: (0.25, 0.5, 0.85),
    Look.PIXELATE: (0.25, 0.5, 1.0),
    Look.POSTERISE: (0.25, 0.5, 1.0),
}
TINT_SIZES: Final = (0.3, 0.55, 0.8)
TWO_WAY: Final = frozenset({Look.BRIGHTNESS, Look.CONTRAST, Look.SATURATION, Look.WARMTH})
"""Looks that can also become less."""

MOST_UP: Final = 2.0
MOST_DOWN: Final = 0.95
_PERCENT: Final = re.compile(r"pct(\d{1,4})")


def size(look: Look, near: Sequence[str]) -> float:
    """How strongly a look is to change, by the words around it: always above 0."""
    most = MOST_UP if look in TWO_WAY - {Look.WARMTH} else 1.0
    return _size(near, _SIZES[look], most)


def tint_strength(near: Sequence[str]) -> float:
    """How strongly a colour is to lie over the picture, 0..1."""
    return _size(near, TINT_SIZES, 1.0)


def percent_of(words: Sequence[str]) -> int | None:
    """The percentage among the words, when there is one."""
    found = (_PERCENT.fullmatch(word) for word in words)
    return next((int(match[1]) for match in found if match and int(match[1])), None)


def _size(near: Sequence[str], sizes: tuple[float, float, float], most: float) -> float:
    slight, usual, strong = sizes
    percent = percent_of(near)
    if percent is not None:
        return min(percent / 100, most)
    if any(word in DOUBLE for word in near):
        return min(1.0, most)
    if any(word in HALF for word in near):
        return min(0.5, most)
    if any(word in SLIGHTLY for word in near):
        return slight
    return strong if any(word in STRONGLY for word in near) else usual
