"""Finding the subject before a crowded background: unlike the border, and near the middle."""

from typing import Final

import cv2
import numpy as np

from services.renderer.domain.backdrop import ring_of
from services.renderer.domain.pixels import (
    OPAQUE,
    SPECK,
    Floats,
    Mask,
    Pixels,
    as_pixels,
    parts_of,
    tidied,
)

BORDER_COLOURS: Final = 6
"""Tried on photographs: with fewer a table's grain is a thing, with more every thing is border."""
ROUNDS: Final = 3
"""Of GrabCut: each costs as much as everything else here."""
SMALL_PART: Final = 0.2
"""Of the largest part's area: a crowd has many smaller things that are not meant."""
COMPACT: Final = 0.55
"""Of its convex hull's area: things photographed had 0.61 and more, landscapes 0.49 and less."""
LIGHT: Final = 0.6
"""What light counts beside colour."""
ASIDE: Final = 0.15
"""What a pixel at the border counts, beside one in the middle."""
_WEIGHTS: Final = np.array([LIGHT, 1, 1], np.float32)
_CALMING_PIXELS: Final = 1.0
_KMEANS: Final = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_MAX_ITER, 10, 1.0)
_NO_RECTANGLE: Final = (0, 0, 0, 0)
# What stands out by 64 of 255 stands out as much as anything.
_GAIN: Final = 4.0
# The lower border between these shares of the width may well be the subject's own.
_STANDS_FROM: Final = 0.15
_STANDS_TO: Final = 0.85


def subject_in_crowd(small: Pixels, visible: Mask) -> Pixels:
    """255 where the subject may be, else 0: a guess by colour and place, settled by GrabCut."""
    border = _open_border(*visible.shape) & visible
    levels = np.clip(_standing_out(small, border) * _GAIN, 0, 255).astype(np.uint8)
    _, unlike = cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)
    likely = _made_whole(np.asarray(unlike, np.uint8))
    guess = np.where(likely > 0, cv2.GC_PR_FGD, cv2.GC_PR_BGD).astype(np.uint8)
    guess[border | ~visible] = cv2.GC_BGD
    return tidied(grab_cut(small, guess, rounds=ROUNDS), smallest_part=SMALL_PART)


def grab_cut(small: Pixels, guess: Pixels, *, rounds: int) -> Pixels:
    """255 where GrabCut sees the foreground. `guess`: OpenCV's four classes for each pixel.

    Nothing where the guess has no foreground or no background to learn from.
    """
    foreground = np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD))
    if not foreground.any() or foreground.all():
        return as_pixels(foreground)
    behind, before = np.zeros((1, 65)), np.zeros((1, 65))
    mode = cv2.GC_INIT_WITH_MASK
    cv2.grabCut(small, guess, _NO_RECTANGLE, behind, before, rounds, mode)
    return as_pixels(np.isin(guess, (cv2.GC_FGD, cv2.GC_PR_FGD)))


def _made_whole(unlike: Pixels) -> Pixels:
    """With what lies between, where the parts that stand out are one thing: a cup in its rim."""
    parts = parts_of(cv2.morphologyEx(unlike, cv2.MORPH_OPEN, SPECK), at_least=SMALL_PART)
    if not parts.any():
        return unlike
    whole = np.zeros_like(parts)
    cv2.fillConvexPoly(whole, cv2.convexHull(cv2.findNonZero(parts)), OPAQUE)
    is_one = np.count_nonzero(parts) >= COMPACT * np.count_nonzero(whole)
    return whole if is_one else unlike


def _open_border(height: int, width: int) -> Mask:
    border = ring_of(height, width)
    thick = int(border[:, width // 2].sum()) // 2
    border[-thick:, round(width * _STANDS_FROM) : round(width * _STANDS_TO)] = False
    return border


def _standing_out(small: Pixels, border: Mask) -> Floats:
    """How unlike every colour of the border each pixel is, more so towards the middle."""
    calm = cv2.GaussianBlur(small, (0, 0), _CALMING_PIXELS)
    lab = cv2.cvtColor(calm, cv2.COLOR_RGB2LAB).astype(np.float32) * _WEIGHTS
    samples = lab[border]
    count = min(BORDER_COLOURS, len(samples))
    _, _, colours = cv2.kmeans(samples, count, None, _KMEANS, 1, cv2.KMEANS_PP_CENTERS)  # type: ignore[call-overload]
    distances = [np.linalg.norm(lab - colour, axis=2) for colour in colours]
    return np.asarray(np.min(distances, axis=0) * (ASIDE + _centre(*border.shape)), np.float32)


def _centre(height: int, width: int) -> Floats:
    """1 in the middle, less to the sides and the top, and less so to the bottom."""
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j]
    down = np.where(y < 0, y**2 / 0.6, y**2 / 1.2)
    return np.asarray(np.exp(-(x**2 / 0.45 + down)), np.float32)
