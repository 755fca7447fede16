"""How much of a picture is empty, seen from each side."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import takewhile
from typing import Final

from services.chassis.images.vips import Image, numbers
from services.enhancer.domain.lab import channels_of

EMPTY_UNDER: Final = 6.0
"""Neighbours that differ by less, in units of Lab, are one plain surface: a wall, a clear sky."""

_WINDOW: Final = 3
_LEAST_PIXELS: Final = 2
_LEAST_SHARE: Final = 0.01
_WHITE: Final = 255


@dataclass(frozen=True, slots=True)
class Margins:
    """The share (0 to 1) of width or height that is empty from each side on.

    A picture with nothing in it is empty from every side: 1 each.
    """

    left: float
    top: float
    right: float
    bottom: float


def margins_of(image: Image) -> Margins:
    """The margins without anything but a plain background. Raises pyvips.Error.

    Colours that change slowly are plain. The picture should be a small copy.
    """
    busy = _busy(channels_of(image))
    columns, rows = (
        _filled(sums, of)
        for sums, of in zip(busy.project(), (image.height, image.width), strict=True)
    )
    return Margins(
        left=_empty(columns),
        top=_empty(rows),
        right=_empty(columns[::-1]),
        bottom=_empty(rows[::-1]),
    )


def _busy(channels: Sequence[Image]) -> Image:
    """255 where a pixel differs from a neighbour in any channel."""
    spreads = [_spread(channel) > EMPTY_UNDER for channel in channels]
    busy = spreads[0]
    for spread in spreads[1:]:
        busy |= spread
    return busy.copy_memory()


def _spread(channel: Image) -> Image:
    edge = _WINDOW // 2
    wide, high = channel.width, channel.height
    padded = channel.embed(edge, edge, wide + 2 * edge, high + 2 * edge, extend="copy")
    lowest, highest = (padded.rank(_WINDOW, _WINDOW, at) for at in (0, _WINDOW * _WINDOW - 1))
    return (highest - lowest).crop(edge, edge, wide, high)


def _filled(sums: Image, of: int) -> list[bool]:
    """Whether each column or row holds something, a speck apart."""
    least = _WHITE * min(max(_LEAST_PIXELS, _LEAST_SHARE * of), of)
    return [value >= least for value in numbers(sums)]


def _empty(filled: Sequence[bool]) -> float:
    return round(
        sum(1 for _ in takewhile(lambda is_filled: not is_filled, filled)) / len(filled), 3
    )
