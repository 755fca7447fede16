"""Where the subject of a picture stands: what is surrounded by something that looks different.

At many levels of each channel the picture is cut into what lies above and below, and what touches
the edges of the picture is background (Boolean map saliency, Zhang and Sclaroff, 2013). The lower
edge does not count as one: most subjects stand on it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from services.chassis.images.vips import Image, numbers
from services.enhancer.domain.lab import channels_of

STEP: Final = 8.0
"""Between two levels, in units of Lab: 13 levels of light at most, and fewer of colour."""
LEAST_CONTRAST: Final = 17.0
"""What stands out from its surroundings by less, in units of Lab over all channels, is no subject:
such patches are light and shade on one thing.
"""

_DENOISE: Final = 0.8
_GATHER_SHARE: Final = 0.02
"""Parts that are nearer to one another than this share of the side belong together."""
_OF_STRONGEST: Final = 0.2
_STRONGEST_PERCENT: Final = 98
_COMPANION: Final = 0.5
"""A second part with this share of the strongest's weight stands beside it."""
_OFF_CENTRE: Final = 0.5
"""What lies in the middle of a side weighs this much less than in the centre."""
_LEAST_FILL: Final = 0.2
_LEAST_OF_ALL: Final = 0.3
"""A scatter of small things has none that holds this share of all that stands out."""
_FRINGE: Final = 0.03
_MARK: Final = 128
_WHITE: Final = 255


@dataclass(frozen=True, slots=True)
class Box:
    """A part of the picture, its sides as shares (0 to 1) of the whole width and height."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def centre(self) -> tuple[float, float]:
        """The middle, in shares of width and height."""
        return (self.left + self.right) / 2, (self.top + self.bottom) / 2

    @property
    def area(self) -> float:
        """The share of the picture that it covers."""
        return (self.right - self.left) * (self.bottom - self.top)


def subject_of(image: Image) -> Box | None:
    """The box around what stands out; None when nothing does. Raises pyvips.Error.

    The picture should be a small copy: each level costs a few passes over it.
    """
    standing_out = _attention(channels_of(image))
    side = max(image.width, image.height)
    gathered = standing_out.gaussblur(max(_GATHER_SHARE * side, _DENOISE)).copy_memory()
    strongest = gathered.cast("uchar").percent(_STRONGEST_PERCENT)
    least = max(LEAST_CONTRAST, _OF_STRONGEST * strongest)
    part_of, weights = _parts(gathered, least)
    hard = (standing_out > least).copy_memory()
    return _box(hard, part_of, weights) if any(weights) else None


def _attention(channels: Sequence[Image]) -> Image:
    """By how much, in units of Lab, each pixel differs from all that leads to an edge."""
    found = Image.black(channels[0].width, channels[0].height)
    for channel in channels:
        soft = channel.gaussblur(_DENOISE).copy_memory()
        for level in _levels(soft):
            above = (soft > level).copy_memory()
            found = (found + _surrounded(above) * (STEP / _WHITE)).copy_memory()
    return found


def _levels(channel: Image) -> Iterator[float]:
    low, high = channel.min(), channel.max()
    count = int((high - low - STEP / 2) / STEP) + 1 if high - low > STEP / 2 else 0
    return (low + STEP / 2 + STEP * at for at in range(count))


def _surrounded(above: Image) -> Image:
    """255 where neither what is above nor what is below leads to the frame, else 0."""
    leads = _flooded(above, 0) | _flooded(above, _WHITE)
    return leads ^ _WHITE


def _flooded(above: Image, value: int) -> Image:
    """255 where pixels of a value lead to the frame at the left, the top or the right."""
    wide, high = above.width, above.height
    framed = above.embed(1, 1, wide + 2, high + 1, extend="background", background=[value])
    flooded = framed.copy_memory().draw_flood([_MARK], 0, 0, equal=True)
    return flooded.crop(1, 1, wide, high) == _MARK


def _parts(gathered: Image, least: float) -> tuple[Image, Sequence[float]]:
    """The number of the part that each pixel belongs to, and what each part weighs.

    Parts of the background weigh nothing.
    """
    stands_out = (gathered > least).copy_memory()
    part_of = stands_out.labelregions().cast("ushort").copy_memory()
    weighed = (gathered * _centrality(gathered.width, gathered.height)) * (stands_out / _WHITE)
    sums = weighed.hist_find_indexed(part_of, combine="sum")
    return part_of, numbers(sums)


def _centrality(width: int, height: int) -> Image:
    place = Image.xyz(width, height)
    x, y = (
        (place[band] + 0.5 - side / 2) / (side / 2) for band, side in enumerate((width, height))
    )
    return (x * x + y * y) ** 0.5 * -_OFF_CENTRE + 1


def _box(hard: Image, part_of: Image, weights: Sequence[float]) -> Box | None:
    strongest = max(weights)
    if strongest < _LEAST_OF_ALL * sum(weights):
        return None
    parts = {at for at, weight in enumerate(weights) if weight >= _COMPANION * strongest}
    box, fill = _around(hard & _only(part_of, parts))
    if box is not None and fill < _LEAST_FILL:
        # Far apart: the space between them is not the subject's.
        box, _ = _around(hard & _only(part_of, {weights.index(strongest)}))
    return box


def _only(part_of: Image, parts: set[int]) -> Image:
    count = int(part_of.max()) + 1
    rows = bytes(_WHITE if at in parts else 0 for at in range(count))
    return part_of.maplut(Image.new_from_memory(rows, count, 1, 1, "uchar"))


def _around(mask: Image) -> tuple[Box | None, float]:
    """The box around the mask but for its fringe, and the share of the box that it fills."""
    columns, rows = mask.project()
    across, down = _extent(columns), _extent(rows)
    if across is None or down is None:
        return None, 0.0
    (left, right), (top, bottom) = across, down
    box = Box(left, top, right, bottom)
    return box, mask.avg() / _WHITE / box.area


def _extent(sums: Image) -> tuple[float, float] | None:
    values = numbers(sums)
    most = max(values)
    full = [at for at, value in enumerate(values) if value and value >= _FRINGE * most]
    if not full:
        return None
    return round(full[0] / len(values), 3), round((full[-1] + 1) / len(values), 3)
