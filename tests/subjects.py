"""Drawn pictures of things on backgrounds, with what belongs to the thing known to the pixel."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from services.chassis.images.vips import Image

Pixels = npt.NDArray[np.uint8]

BACKGROUNDS: Final = ("plain", "gradient", "noise")
MUG: Final = (52, 96, 168)
WALL: Final = np.array((185, 181, 174), np.float32)
SHADOW: Final = 0.35
SOFT: Final = 0.02
"""How wide a shadow's edge is, as a share of the side."""
NOISE: Final = 32.0
# Drawn so much larger and then shrunk, which makes the edges soft.
_OVERSAMPLING: Final = 2


@dataclass(frozen=True, slots=True)
class Drawn:
    """A picture (RGB) and where its subject is: 255 inside, soft at the edge."""

    pixels: Pixels
    subject: Pixels


def mug(
    background: str, side: int = 1000, *, colour: tuple[int, int, int] = MUG, edge: float = SOFT
) -> Drawn:
    """A mug with a handle one can see through, and the shadow that it throws, soft or less so."""
    subject = _shrunk(_mug_shape(side * _OVERSAMPLING))
    under = _shadowed(ground(background, side), edge)
    return Drawn(_laid(subject, _shaded(side, colour), under), subject)


def bust(background: str, side: int = 1000) -> Drawn:
    """A head and shoulders that the lower border cuts off."""
    shape = np.zeros((side * 2, side * 2), np.uint8)
    cv2.ellipse(shape, (side, int(side * 0.7)), (side // 4, side // 3), 0, 0, 360, 255, -1)
    cv2.ellipse(shape, (side, side * 2), (int(side * 0.7), int(side * 0.9)), 0, 0, 360, 255, -1)
    subject = _shrunk(shape)
    return Drawn(_laid(subject, _shaded(side, (196, 120, 90)), ground(background, side)), subject)


def corner(background: str, side: int = 1000) -> Drawn:
    """A disc in the lower left corner, which covers most of two sides."""
    shape = np.zeros((side * 2, side * 2), np.uint8)
    cv2.circle(shape, (0, side * 2), int(side * 1.4), 255, -1)
    subject = _shrunk(shape)
    return Drawn(_laid(subject, _shaded(side, (196, 120, 90)), ground(background, side)), subject)


def table(side: int = 600) -> Drawn:
    """A grey bowl among tiles of all colours but blue."""
    colours = np.random.default_rng(3).integers(40, 200, (24, 24, 3)).astype(np.float32)
    colours[..., 2] *= 0.4
    under = cv2.resize(colours, (side, side), interpolation=cv2.INTER_NEAREST).astype(np.float32)
    shape = np.zeros((side * 2, side * 2), np.uint8)
    cv2.circle(shape, (side, side), int(side * 0.5), 255, -1)
    subject = _shrunk(shape)
    return Drawn(_laid(subject, _shaded(side, (130, 130, 130)), under), subject)


def encoded(pixels: Pixels, alpha: Pixels | None = None, *, suffix: str = ".png") -> bytes:
    """The picture's bytes, with transparency if an alpha channel is given."""
    whole = pixels if alpha is None else np.dstack([pixels, alpha])
    height, width, bands = whole.shape
    image = Image.new_from_memory(whole.tobytes(), width, height, bands, "uchar")
    return bytes(image.copy(interpretation="srgb").write_to_buffer(suffix))


def ground(background: str, side: int) -> npt.NDArray[np.float32]:
    """A background alone. Raises KeyError for another name than those in BACKGROUNDS."""
    y, x = np.mgrid[0:side, 0:side].astype(np.float32) / side
    light = {
        "plain": np.zeros_like(x),
        "gradient": 70 * (y - 0.5) + 30 * (x - 0.5),
        "noise": np.random.default_rng(7).normal(0, NOISE, (side, side)).astype(np.float32),
    }[background]
    return np.asarray(np.clip(WALL + light[..., None], 0, 255), np.float32)


def overlap(found: npt.NDArray[np.generic], wanted: Pixels) -> float:
    """Intersection over union of what is mostly opaque."""
    one, other = np.asarray(found) >= 128, wanted >= 128
    return float((one & other).sum() / max((one | other).sum(), 1))


def _mug_shape(side: int) -> Pixels:
    shape = np.zeros((side, side), np.uint8)
    at = lambda x, y: (int(x * side), int(y * side))  # noqa: E731
    cv2.ellipse(shape, at(0.66, 0.5), at(0.13, 0.14), 0, 0, 360, 255, int(side * 0.045))
    cv2.rectangle(shape, at(0.3, 0.3), at(0.64, 0.7), 255, -1)
    cv2.ellipse(shape, at(0.47, 0.3), at(0.17, 0.04), 0, 0, 360, 255, -1)
    cv2.ellipse(shape, at(0.47, 0.7), at(0.17, 0.05), 0, 0, 360, 255, -1)
    return shape


def _shaded(side: int, colour: tuple[int, int, int]) -> npt.NDArray[np.float32]:
    light = np.linspace(1.15, 0.75, side, dtype=np.float32)[None, :, None]
    row = np.clip(np.array(colour, np.float32) * light, 0, 255)
    return np.asarray(row.repeat(side, axis=0), np.float32)


def _shadowed(under: npt.NDArray[np.float32], edge: float) -> npt.NDArray[np.float32]:
    side = under.shape[0]
    dark = np.zeros((side, side), np.float32)
    centre, axes = (int(side * 0.53), int(side * 0.75)), (int(side * 0.24), int(side * 0.05))
    cv2.ellipse(dark, centre, axes, 0, 0, 360, SHADOW, -1)
    return under * (1 - cv2.GaussianBlur(dark, (0, 0), side * edge)[..., None])


def _laid(subject: Pixels, over: npt.NDArray[np.float32], under: npt.NDArray[np.float32]) -> Pixels:
    share = (subject / np.float32(255))[..., None]
    return np.clip(np.rint(over * share + under * (1 - share)), 0, 255).astype(np.uint8)


def _shrunk(shape: Pixels) -> Pixels:
    side = shape.shape[0] // _OVERSAMPLING
    return np.asarray(cv2.resize(shape, (side, side), interpolation=cv2.INTER_AREA), np.uint8)
