"""Names of colours that everybody reads alike."""

from collections.abc import Mapping
from functools import cache
from typing import Final

from services.enhancer.domain.lab import Lab, distance, labs

SAMPLES: Final[Mapping[str, tuple[str, ...]]] = {
    "black": ("#000000", "#141414"),
    "dark grey": ("#333333", "#4d4d4d"),
    "grey": ("#737373", "#8c8c8c"),
    "light grey": ("#b3b3b3", "#d0d0d0"),
    "white": ("#ffffff", "#f2f2f2"),
    "cream": ("#f7efd9", "#e9dfc8"),
    "beige": ("#d8c3a5", "#c4ad8f"),
    "light brown": ("#b08a60", "#9e785f"),
    "grey-brown": ("#5b4a3a", "#8a7a6a", "#b69d95"),
    "brown": ("#7a4a2a", "#8b5a2b"),
    "dark brown": ("#3d2314", "#2a1a10"),
    "red": ("#ff0000", "#d02020", "#e0483e"),
    "dark red": ("#8b1414", "#5e0f12"),
    "rust": ("#b0461e", "#a5502a"),
    "orange": ("#ff8c00", "#e8741e", "#d2603c"),
    "peach": ("#f7c6a0", "#e8a988"),
    "yellow": ("#ffff00", "#f4d83c"),
    "pale yellow": ("#faf3a8",),
    "gold": ("#c99a2e", "#b8862b"),
    "olive": ("#808000", "#5f6130"),
    "lime green": ("#a8d830", "#7fff00"),
    "light green": ("#a0d8a0", "#c5e6c0"),
    "green": ("#2f9e44", "#00ff00", "#008000", "#5a9a55"),
    "dark green": ("#1d4d2b", "#20361f"),
    "turquoise": ("#30c5b5", "#00ffff"),
    "teal": ("#1d7a7a", "#2c5f63"),
    "light blue": ("#a9cdea", "#c9dff2"),
    "sky blue": ("#62aee6", "#87b7e0"),
    "blue": ("#2b5fc8", "#0000ff", "#3c78c0"),
    "dark blue": ("#14285a", "#000080", "#141e6e", "#2d4f70"),
    "grey-blue": ("#6f8799", "#8ea3b5"),
    "dark grey-blue": ("#3c4a58",),
    "purple": ("#7a2f9a", "#800080", "#4b0082", "#b565c0"),
    "lavender": ("#c0aee0", "#a68fd0"),
    "magenta": ("#d0208a", "#ff00ff"),
    "pink": ("#f4a6bb", "#e87fa0", "#ff69b4"),
    "light pink": ("#f8dade",),
    "mauve": ("#9a7a8a", "#7d6075"),
}
"""Name -> what it is said of."""


def name_of(colour: Lab) -> str:
    """The name of the sample that looks most like it."""
    return min(_known(), key=lambda known: distance(known[0], colour))[1]


@cache
def _known() -> tuple[tuple[Lab, str], ...]:
    pairs = [(hexed, name) for name, samples in SAMPLES.items() for hexed in samples]
    named = (name for _, name in pairs)
    return tuple(zip(labs(hexed for hexed, _ in pairs), named, strict=True))
