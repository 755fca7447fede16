"""Pixel arithmetic, chosen for speed: tables and matrices before floats for every pixel."""

from collections.abc import Callable
from typing import Final

from services.chassis.images.vips import Image

# Rec. 601, as JPEG weighs them.
LUMA: Final = (0.299, 0.587, 0.114)
WHITE: Final = 255.0
_LEVELS: Final = 256
# Scaling up costs by the pixel: a sixteenth of them is made, the rest repeated.
_BLOCK: Final = 4


def clamp(value: float, low: float = 0.0, high: float = 1.0) -> float:
    """The value within its bounds."""
    return min(max(value, low), high)


def curve(image: Image, shape: Callable[[float], float]) -> Image:
    """Send each channel through a curve from 0..1 to 0..1."""
    return image.maplut(table([shape]))


def table(shapes: list[Callable[[float], float]]) -> Image:
    """A table with one channel for each curve."""
    rows = bytes(
        round(WHITE * clamp(shape(level / WHITE))) for level in range(_LEVELS) for shape in shapes
    )
    return Image.new_from_memory(rows, _LEVELS, 1, len(shapes), "uchar")


def mix(image: Image, rows: list[list[float]]) -> Image:
    """Each new channel as a weighted sum of the three old ones."""
    return image.recomb(Image.new_from_array(rows)).cast("uchar")


def luma(image: Image) -> Image:
    """The light of a picture in three channels or one, in one channel."""
    return mix(image, [list(LUMA)]) if image.bands > 1 else image


def saturate(image: Image, factor: float) -> Image:
    """Scale the distance of every colour from grey; 0 leaves none, 1 leaves it as it is."""
    rows = [
        [(1 - factor) * weight + (factor if at == row else 0.0) for at, weight in enumerate(LUMA)]
        for row in range(3)
    ]
    return mix(image, rows)


def blend(over: Image, under: Image, share: Image | float) -> Image:
    """`share` of the first picture on the second: 0..1 for all, or 0..255 for each pixel."""
    if isinstance(share, Image):
        return share.ifthenelse(over, under, blend=True)
    return ((over - under) * share + under).cast("uchar")


def stretch(small: Image, width: int, height: int) -> Image:
    """A smooth map, scaled up to a size: in blocks of a few pixels, which nobody sees in it."""
    wide, high = -(-width // _BLOCK), -(-height // _BLOCK)
    fine = small.resize(wide / small.width, vscale=high / small.height, kernel="linear")
    whole = fine.gravity("north-west", wide, high, extend="copy").copy_memory()
    return whole.zoom(_BLOCK, _BLOCK).crop(0, 0, width, height)
