"""From a small hard mask to an alpha channel: the edge where the picture has it, and as soft."""

from typing import Final

import cv2
import numpy as np

from services.renderer.domain.pixels import OPAQUE, Floats, Pixels

REACH: Final = 2.0
"""How far from the mask's edge the real one may be, in pixels of the small mask."""
SMOOTHNESS: Final = 1e-3
"""Of contrast: an edge of less than a thirtieth of black to white is not followed."""
CLEAR: Final = 0.15
SOLID: Final = 0.85
"""The filter leaves a haze outside and a glow inside: up to the one all is clear, from the other on
all is solid.
"""


def matte_of(picture: Pixels, mask: Pixels) -> Pixels:
    """The alpha channel of the picture (RGB), by a guided filter (He, Sun and Tang, 2010)."""
    height, width = picture.shape[:2]
    guide = _share(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY))
    share = _share(cv2.resize(mask, (width, height), interpolation=cv2.INTER_LINEAR))
    reach = max(2, round(REACH * max(height, width) / max(mask.shape)))
    found = _guided(guide, share, reach)
    solid = np.clip((found - CLEAR) / (SOLID - CLEAR), 0, 1)
    return np.asarray(np.rint(solid * OPAQUE), np.uint8)


def _guided(guide: Floats, share: Floats, reach: int) -> Floats:
    """The share as a line through the guide, in each small window."""
    mean, mean_share = _mean(guide, reach), _mean(share, reach)
    together = _mean(guide * share, reach) - mean * mean_share
    contrast = _mean(guide * guide, reach) - mean * mean
    slope = np.asarray(together / (contrast + np.float32(SMOOTHNESS)), np.float32)
    level = np.asarray(mean_share - slope * mean, np.float32)
    return np.asarray(_mean(slope, reach) * guide + _mean(level, reach), np.float32)


def _share(levels: cv2.typing.MatLike) -> Floats:
    return np.asarray(levels, np.float32) * np.float32(1 / OPAQUE)


def _mean(values: Floats, reach: int) -> Floats:
    return np.asarray(cv2.boxFilter(values, -1, (2 * reach + 1, 2 * reach + 1)), np.float32)
