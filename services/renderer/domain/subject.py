"""Finding a picture's subject without a model: what differs from the background.

On a small copy, for that is as good and a tenth of the work. A calm background is a surface that
the border tells of, and the subject is whatever strays from it and is no shadow; a crowded one is
left to GrabCut.
"""

from typing import Final

import cv2
import numpy as np

from services.renderer.domain.backdrop import LEAST_PIXELS, Backdrop, backdrop_of, ring_of
from services.renderer.domain.crowd import grab_cut, subject_in_crowd
from services.renderer.domain.matte import matte_of
from services.renderer.domain.pixels import HALF, Mask, Pixels, as_pixels, tidied
from services.renderer.domain.shade import background_of, seen_before

SMALL_SIDE: Final = 320
"""Pixels of the longer side. At 512 the noise of the background is not averaged out enough."""
CROWDED: Final = 20.0
"""From this unevenness on the border is no one surface: gradients have 1 and strong noise up to 6,
photographed tables, rooms and skies 40 and more.
"""
LEAST_DISTANCE: Final = 12.0
"""Of 441: nobody sees less as a thing of its own."""
GRAINS: Final = 4.0
"""In standard deviations of the grain that is left: less is the background's own doing."""
UNEVEN: Final = 2.0
"""In standard deviations of what strays from the surface apart from the grain: so much it strays
on its own.
"""
SMALL_PART: Final = 0.03
"""Of the largest part's area: smaller parts are specks."""
BAND: Final = 0.012
"""Of the longer side, to both sides of the found edge: where it may really be."""
SEED: Final = 1
"""GrabCut draws lots; the same picture is to be cut out in the same way every time."""


def alpha_of(picture: Pixels, visible: Mask) -> Pixels:
    """The picture's alpha channel, all 0 when nothing stands out; see FindAlpha."""
    scale = min(1.0, SMALL_SIDE / max(visible.shape))
    height, width = (max(2, round(side * scale)) for side in visible.shape)
    small = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    small_visible = cv2.resize(as_pixels(visible), (width, height), interpolation=cv2.INTER_AREA)
    subject = subject_of(np.asarray(small, np.uint8), np.asarray(small_visible) >= HALF)
    return matte_of(picture, subject) if subject.any() else np.zeros(visible.shape, np.uint8)


def subject_of(small: Pixels, visible: Mask) -> Pixels:
    """255 where the subject is, else 0; what is not visible tells of no background."""
    cv2.setRNGSeed(SEED)
    ring = ring_of(*visible.shape) & visible
    if ring.sum() < LEAST_PIXELS:
        return np.zeros(visible.shape, np.uint8)
    backdrop = backdrop_of(small, ring)
    if backdrop.unevenness < CROWDED:
        return _before_calm(small, visible, backdrop)
    return subject_in_crowd(small, visible)


def _before_calm(small: Pixels, visible: Mask, backdrop: Backdrop) -> Pixels:
    calm = cv2.GaussianBlur(small, (0, 0), _calming(backdrop.grain)).astype(np.float32)
    seen = seen_before(backdrop.surface, calm, visible, least=_least(backdrop))
    rough = tidied(as_pixels(~background_of(seen)), smallest_part=SMALL_PART)
    return tidied(_settled(small, rough), smallest_part=SMALL_PART)


def _calming(grain: float) -> float:
    # In pixels: noise of 10 needs about one, a plain background next to nothing.
    return float(np.clip(np.sqrt(grain) / 3, 0.5, 2.5))


def _least(backdrop: Backdrop) -> float:
    # What a Gaussian of that width leaves of uncorrelated grain.
    left = backdrop.grain / (2 * np.sqrt(np.pi) * _calming(backdrop.grain))
    return float(max(LEAST_DISTANCE, GRAINS * left, UNEVEN * backdrop.unevenness))


def _settled(small: Pixels, mask: Pixels) -> Pixels:
    """The mask with its edge where the colours part, found by one round of GrabCut."""
    wide = max(3, round(BAND * max(mask.shape)) * 2 + 1)
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (wide, wide))
    inside, outside = cv2.erode(mask, kernel) > 0, cv2.dilate(mask, kernel) == 0
    if not (inside.any() and outside.any()):
        return mask
    guess = np.where(mask > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    guess[inside], guess[outside] = cv2.GC_FGD, cv2.GC_BGD
    return grab_cut(small, guess, rounds=1)
