"""Drawn scenes, each in an atmosphere of its own, and how alike two pictures look."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np
import pyvips

Colour = tuple[float, float, float]
WIDTH: Final = 480
HEIGHT: Final = 320
_COMPARED_SIDE: Final = 512
_QUANTILES: Final = 1001


@dataclass(frozen=True, slots=True)
class Atmosphere:
    """The colours of a scene."""

    zenith: Colour
    horizon: Colour
    hills: Colour
    ground: Colour
    house: Colour


ATMOSPHERES: Final[Mapping[str, Atmosphere]] = {
    "noon": Atmosphere(
        (80, 140, 225), (190, 220, 245), (70, 110, 75), (110, 150, 70), (225, 215, 200)
    ),
    "dusk": Atmosphere((60, 40, 95), (245, 140, 70), (70, 35, 55), (95, 50, 35), (30, 20, 30)),
    "mist": Atmosphere(
        (200, 205, 208), (222, 222, 220), (168, 175, 178), (140, 145, 142), (95, 98, 100)
    ),
    "night": Atmosphere((8, 10, 28), (25, 32, 66), (10, 14, 24), (18, 22, 26), (70, 66, 52)),
    "desert": Atmosphere(
        (120, 175, 200), (240, 225, 190), (190, 130, 80), (225, 180, 120), (150, 85, 50)
    ),
}
"""By name."""


def scene(name: str, width: int = WIDTH, height: int = HEIGHT, *, seed: int = 1) -> pyvips.Image:
    """Sky, hills, rough ground and a house, in one of ATMOSPHERES."""
    look = ATMOSPHERES[name]
    x, y = pyvips.Image.xyz(width, height)[0], pyvips.Image.xyz(width, height)[1]
    down = y / height
    sky = _between(look.zenith, look.horizon, down * 2)
    ridge = (x * (360 / width * (1 + seed % 3))).sin() * 0.06 + 0.45
    grain = pyvips.Image.gaussnoise(width, height, sigma=14, mean=0, seed=seed)
    whole = (down > ridge).ifthenelse(grain * 0.3 + list(look.hills), sky)
    whole = (down > 0.62).ifthenelse(grain + list(look.ground), whole)
    across = x / width
    is_house = (across > 0.3) & (across < 0.5) & (down > 0.4) & (down < 0.8)
    whole = is_house.ifthenelse(list(look.house), whole)
    return whole.cast("uchar").copy(interpretation="srgb")


def png(image: pyvips.Image) -> bytes:
    """The picture as bytes."""
    return bytes(image.pngsave_buffer())


def difference(one: bytes, other: bytes) -> float:
    """How far two pictures' colours are apart, in units of Lab: the mean over L, a and b of the
    earth mover's distance between the histograms of that channel.
    """
    a, b = (np.quantile(_lab(data).reshape(-1, 3), _shares(), axis=0) for data in (one, other))
    return float(np.abs(a - b).mean())


def edges_kept(before: bytes, after: bytes) -> float:
    """The correlation of the steepness of the light in two pictures of one size."""
    slopes = [np.hypot(*np.gradient(_lab(data)[:, :, 0])).ravel() for data in (before, after)]
    return float(np.corrcoef(*slopes)[0, 1])


def _shares() -> np.ndarray:
    return np.linspace(0, 1, _QUANTILES)


def _lab(data: bytes) -> np.ndarray:
    image = pyvips.Image.thumbnail_buffer(data, _COMPARED_SIDE, height=_COMPARED_SIDE, size="down")
    return np.asarray(image.colourspace("srgb")[0:3].colourspace("lab").numpy(), dtype=float)


def _between(one: Colour, other: Colour, share: pyvips.Image) -> pyvips.Image:
    kept = (share > 1).ifthenelse(1, share)
    return (kept * [b - a for a, b in zip(one, other, strict=True)]) + list(one)
