"""Colours as the eye tells them apart: CIE Lab (D65), where a distance of about 2 is just seen."""

from array import array
from collections.abc import Iterable
from math import dist
from typing import Final

from services.chassis.images.steps import WHITE, flatten
from services.chassis.images.vips import Image, numbers

Lab = tuple[float, float, float]
"""L of 0 to 100, then a (green to red) and b (blue to yellow), each about -100 to 100."""

_BANDS: Final = 3


def lab_of(image: Image) -> Image:
    """The picture on white, in three float channels of Lab, held in memory."""
    return flatten(image).colourspace("srgb").colourspace("lab").copy_memory()


def opacity_of(image: Image) -> Image | None:
    """How opaque each pixel is, 0 to 255; None where there is no transparency at all."""
    if not image.hasalpha():
        return None
    alpha = image[image.bands - 1].copy_memory()
    return None if alpha.min() == WHITE else alpha


def channels_of(image: Image) -> list[Image]:
    """What can differ between two pixels: L, a and b, and opacity as 0 to 100."""
    lab, opacity = lab_of(image), opacity_of(image)
    channels = [lab[band].copy_memory() for band in range(_BANDS)]
    return channels if opacity is None else [*channels, (opacity * (100 / WHITE)).copy_memory()]


def distance(one: Lab, other: Lab) -> float:
    """How different two colours look (CIE 1976)."""
    return dist(one, other)


def hexes(colours: Iterable[Lab]) -> list[str]:
    """Each colour as #rrggbb, the nearest that a screen can show."""
    row = _row([value for colour in colours for value in colour])
    if row is None:
        return []
    data = bytes(row.copy(interpretation="lab").colourspace("srgb").write_to_memory())
    return [f"#{data[at : at + _BANDS].hex()}" for at in range(0, len(data), _BANDS)]


def labs(hexed: Iterable[str]) -> list[Lab]:
    """Each #rrggbb in Lab."""
    row = _row([float(value) for text in hexed for value in bytes.fromhex(text[1:])])
    if row is None:
        return []
    found = row.cast("uchar").copy(interpretation="srgb").colourspace("lab")
    values = numbers(found)
    return [(values[at], values[at + 1], values[at + 2]) for at in range(0, len(values), _BANDS)]


def _row(values: list[float]) -> Image | None:
    if not values:
        return None
    data = array("f", values).tobytes()
    return Image.new_from_memory(data, len(values) // _BANDS, 1, _BANDS, "float")
