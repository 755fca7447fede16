"""Pictures for tests: the bundled photograph, and drawn ones with known answers."""

from functools import cache
from pathlib import Path

import numpy as np
import pyvips

PHOTO = Path(__file__).parents[1] / "deploy" / "local" / "photo.jpg"


@cache
def photo() -> bytes:
    """The bundled photograph: JPEG, about one megapixel."""
    return PHOTO.read_bytes()


def plain(width: int, height: int, *, suffix: str = ".jpg") -> bytes:
    """A gradient of the given size in pixels."""
    image = pyvips.Image.xyz(width, height)
    red, green = image[0] * (255 / width), image[1] * (255 / height)
    joined = red.bandjoin([green, (red + green) / 2]).cast("uchar").copy(interpretation="srgb")
    return bytes(joined.write_to_buffer(suffix))


@cache
def drawn_object(width: int, height: int) -> bytes:
    """A dark disc before a light gradient, as a JPEG of the given size in pixels."""
    place = pyvips.Image.xyz(width, height)
    away = ((place[0] - width / 2) ** 2 + (place[1] - height / 2) ** 2) ** 0.5
    behind = 180 + place[0] * (40 / width)
    red, rest = (away < min(width, height) * 0.3).ifthenelse(150, behind), behind
    rest = (away < min(width, height) * 0.3).ifthenelse(40, rest)
    joined = red.bandjoin([rest, rest]).cast("uchar").copy(interpretation="srgb")
    return bytes(joined.write_to_buffer(".jpg"))


def pixels(data: bytes) -> np.ndarray:
    """The decoded picture: height x width x 3, sRGB, 0 to 255."""
    image = pyvips.Image.new_from_buffer(data, "").autorot().colourspace("srgb")
    return np.asarray(image[0:3].numpy())


def means(data: bytes) -> tuple[float, float, float]:
    """Mean of red, green and blue."""
    red, green, blue = pixels(data).reshape(-1, 3).mean(axis=0)
    return float(red), float(green), float(blue)


def chroma(data: bytes) -> int:
    """The largest difference between two channels of one pixel."""
    values = pixels(data).astype(int)
    return int((values.max(axis=2) - values.min(axis=2)).max())
