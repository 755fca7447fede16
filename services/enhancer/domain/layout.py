"""How a picture is laid out, measured on a small copy, and told to a model in words."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Final, Literal

from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import small_copy
from services.chassis.images.steps import fit_pixels
from services.chassis.images.vips import Image
from services.enhancer.domain.margins import Margins, margins_of
from services.enhancer.domain.palette import Swatch, palette_of
from services.enhancer.domain.subject import Box, subject_of

MEASURED_PIXELS: Final = 16_384
"""A square of 128 a side: a box is right to a hundredth, within a tenth of a second."""

LARGEST_TERM: Final = 20
"""Of the smaller number of an aspect ratio: past it, ratios are no longer ones that people name."""
SAME_RATIO: Final = 0.01

FILLING: Final = 0.8
"""A subject whose box covers this share of the picture fills it."""

_SQUARE: Final = "1:1"
_MIDDLE: Final = 0.5
_ASIDE: Final = 0.1
"""A subject is off the centre when its middle is farther from it than this."""

_WORTH_TELLING: Final = 0.05

Orientation = Literal["portrait", "landscape", "square"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """What can be measured of a picture's composition. Boxes and margins are in shares (0 to 1)."""

    orientation: Orientation
    aspect: str
    """Width to height in small whole numbers: "3:2"."""
    subject: Box | None
    """What stands out from its surroundings; None when nothing does."""
    palette: tuple[Swatch, ...]
    margins: Margins

    def hints(self) -> str:
        """A short paragraph for a language or an image model."""
        parts = (
            f"{self.orientation.capitalize()}, {self.aspect}.",
            _subject(self.subject),
            _margins(self.margins),
            _colours(self.palette),
        )
        return " ".join(filter(None, parts))

    def facts(self) -> dict[str, object]:
        """The same as plain values that JSON can hold."""
        return {
            "orientation": self.orientation,
            "aspect": self.aspect,
            "subject": asdict(self.subject) if self.subject else None,
            "palette": [{"colour": each.hex, "share": each.share} for each in self.palette],
            "margins": asdict(self.margins),
        }


def layout_of(data: bytes, limits: ImageLimits) -> Layout:
    """The layout of the picture as displayed; a preview of it has the same.

    Raises PermanentError when the bytes are refused or cannot be read.
    """
    picture = inspect(data, limits)
    copy = small_copy(data, limits, max_pixels=MEASURED_PIXELS)
    return layout_by(copy, width=picture.width_pixels, height=picture.height_pixels)


def layout_by(copy: Image, *, width: int, height: int) -> Layout:
    """The layout of a picture of this size in pixels, by a copy of it. Raises pyvips.Error."""
    small = fit_pixels(MEASURED_PIXELS)(copy).copy_memory()
    aspect = _aspect(width, height)
    return Layout(
        orientation=_orientation(width, height, aspect),
        aspect=aspect,
        subject=subject_of(small),
        palette=palette_of(small),
        margins=margins_of(small),
    )


def place_of(box: Box) -> str:
    """Where the middle of a box is, as people say it: "left of the centre"."""
    x, y = box.centre
    across = "left" if x < _MIDDLE - _ASIDE else "right" if x > _MIDDLE + _ASIDE else ""
    down = "upper" if y < _MIDDLE - _ASIDE else "lower" if y > _MIDDLE + _ASIDE else ""
    if across and down:
        return f"towards the {down} {across}"
    if across:
        return f"{across} of the centre"
    return {"upper": "above the centre", "lower": "below the centre"}.get(down, "in the centre")


def percent(share: float) -> str:
    """A share as people write it: "45 %"."""
    return f"{share:.0%}".replace("%", " %")


def _orientation(width: int, height: int, aspect: str) -> Orientation:
    if aspect == _SQUARE:
        return "square"
    return "landscape" if width > height else "portrait"


def _aspect(width: int, height: int) -> str:
    ratio = max(width, height) / min(width, height)
    terms = ((round(ratio * small), small) for small in range(1, LARGEST_TERM + 1))
    large, small = next(
        (pair for pair in terms if abs(pair[0] / pair[1] / ratio - 1) <= SAME_RATIO),
        (round(ratio * LARGEST_TERM), LARGEST_TERM),
    )
    return f"{large}:{small}" if width >= height else f"{small}:{large}"


def _subject(box: Box | None) -> str:
    if box is None:
        return "Nothing stands out from its surroundings."
    spans = (
        f"from {percent(box.left)} to {percent(box.right)} of the width",
        f"from {percent(box.top)} to {percent(box.bottom)} of the height",
    )
    verb = "fills most of the picture" if box.area >= FILLING else f"stands {place_of(box)}"
    return f"The subject {verb}, {spans[0]} and {spans[1]}."


def _margins(margins: Margins) -> str:
    sides = asdict(margins)
    if all(share == 1 for share in sides.values()):
        return "The whole picture is plain."
    empty = [f"{side} {percent(share)}" for side, share in sides.items() if share >= _WORTH_TELLING]
    return f"Empty margins: {', '.join(empty)}." if empty else "There are no empty margins."


def _colours(palette: Sequence[Swatch]) -> str:
    listed = ", ".join(f"{each.hex} ({percent(each.share)})" for each in palette)
    return f"Main colours: {listed}." if listed else "It is fully transparent."
