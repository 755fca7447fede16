"""Whether a change of the light leaves the edges of a picture what they are."""

from typing import Final

from services.chassis.images.vips import Image

EDGES_KEPT: Final = 0.84
"""Least likeness of the edges before and after: a little is lost again to 8 bits a channel."""

_SLOPES: Final = ([[-0.5, 0, 0.5]], [[-0.5], [0], [0.5]])
_NO_STRUCTURE: Final = 1e-6


def keeps_edges(before: Image, after: Image) -> bool:
    """Whether the light is as steep at the same places. Raises pyvips.Error."""
    return likeness(_edges_of(before), _edges_of(after)) >= EDGES_KEPT


def likeness(one: Image, other: Image) -> float:
    """The correlation of two channels: 1 for the same structure, whatever its strength.

    What has no structure at all has lost none: 1.
    """
    if one.width * one.height == 1:
        # Of one value there is no deviation, and libvips says so in the log.
        return 1.0
    spreads = one.deviate() * other.deviate()
    if spreads < _NO_STRUCTURE:
        return 1.0
    return float(((one - one.avg()) * (other - other.avg())).avg() / spreads)


def _edges_of(light: Image) -> Image:
    across, down = (light.conv(Image.new_from_array(mask)) for mask in _SLOPES)
    return ((across * across + down * down) ** 0.5).copy_memory()
