"""Models that answer in November 2026; every other name is not found."""

from dataclasses import dataclass
from typing import Final

RATIOS: Final = frozenset(
    {"1:1", "1:4", "4:1", "1:8", "8:1", "2:3", "3:2"}
    | {"3:4", "4:3", "4:5", "5:4", "9:16", "16:9", "21:9"}
)
SIDES: Final = {"1K": 1024, "2K": 2048, "4K": 4096}
"""The side of a square of that size, in pixels."""
IMAGE_TOKENS: Final = {"1K": 1120, "2K": 1680, "4K": 2520}
INPUT_IMAGE_TOKENS: Final = 258


LEVELS: Final = frozenset({"MINIMAL", "LOW", "MEDIUM", "HIGH", "XHIGH"})


@dataclass(frozen=True, slots=True)
class Model:
    """A name, who answers to it, and the sizes that it draws (none: it writes)."""

    name: str
    answers_as: str
    sizes: tuple[str, ...] = ()
    levels: frozenset[str] = LEVELS
    """Of thinking, which it can be told."""

    @property
    def draws(self) -> bool:
        """Whether it makes pictures."""
        return bool(self.sizes)


ALL_SIZES: Final = ("1K", "2K", "4K")
_WRITERS: Final = (
    "gemini-3.5-flash-lite",
    "gemini-3.1-flash-lite",
    "gemini-2.5-flash-lite",
    "gemini-3.8-flash",
    "gemini-3.7-flash",
    "gemini-3.6-flash",
    "gemini-3.5-flash",
)
# Retired on the first of December 2026, from when on requests are routed without a word.
_ROUTED: Final = {
    "gemini-2.5-flash": "gemini-3.5-flash-lite",
    "gemini-2.5-pro": "gemini-3.8-flash",
}
_BETA_ALIASES: Final = {
    "gemini-flash-latest": "gemini-3.8-flash",
    "gemini-flash-lite-latest": "gemini-3.5-flash-lite",
}
_DRAWERS: Final = {
    "gemini-nano-banana-2.1": ALL_SIZES,
    "gemini-3-pro-image": ALL_SIZES,
    "gemini-3.1-flash-lite-image": ("1K",),
}
VERSIONS: Final = ("v1", "v1beta")


def _levels(name: str) -> frozenset[str]:
    """The second generation knows a budget only, and of the third only the smallest do without."""
    if name.startswith("gemini-2"):
        return frozenset()
    return LEVELS if name.endswith("-lite") else LEVELS - {"MINIMAL"}


MODELS: Final = {
    **{name: Model(name, name, levels=_levels(name)) for name in _WRITERS},
    **{name: Model(name, routed, levels=_levels(name)) for name, routed in _ROUTED.items()},
    **{name: Model(name, name, sizes) for name, sizes in _DRAWERS.items()},
}
BETA_MODELS: Final = MODELS | {
    name: Model(name, real, levels=_levels(real)) for name, real in _BETA_ALIASES.items()
}


def find(version: str, name: str) -> Model | None:
    """The model, as that version of the API knows it."""
    return (BETA_MODELS if version == "v1beta" else MODELS).get(name)
