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
