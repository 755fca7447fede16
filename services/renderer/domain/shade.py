"""The background in the light and in the shade: a shadow is its colour, darker, and ends softly."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from services.renderer.domain.pixels import SPECK, Floats, Mask, as_pixels, parts_of

SHADOW: Final = 0.3
"""What being darker counts, beside being of another colour, in how much the subject differs."""
FAINT: Final = 0.5
"""Of what parts the subject from all else: what differs by less are stains of the background."""
DARKEST: Final = 0.5
"""Of the background's light: what is darker is no soft shadow but a dark thing."""
STEEPEST: Final = (0.03, 0.02, 0.012)
"""Shares of the background's light, each small pixel: soft shadows have up to 0.022 in the drawn
pictures, and the edge of what is darker by a twelfth 0.03. Tried in turn.
"""
COLOURED: Final = 0.6
"""Of the largest thing, what must differ by more than light for all its shade to be shadow."""
HARD: Final = 0.15
"""Of a shadow's border with the background, what may be hard: a grey thing's was 0.24 and more."""
_PASS: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (5, 5))
_NEAR: Final = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
# Of OpenCV's Scharr kernel, which sums to it.
_SCHARR: Final = 1 / 32


@dataclass(frozen=True, slots=True)
class Seen:
    """Each pixel's light, as a share of the background's own, and where the background is bare,
    where it may lie in the shade (of its colour, but darker), and what is likely all of it: with
    what is of its colour and strays less than most of the subject does.
    """

    light: Floats
    bare: Mask
    shaded: Mask
    likely: Mask


def seen_before(surface: Floats, calm: Floats, visible: Mask, *, least: float) -> Seen:
    """The picture compared to its background, where up to `least` (of 441) is no difference.

    Nor is what differs much less than the subject does. What is not visible is background.
    """
    behind = np.maximum(surface, 1.0)
    length = np.linalg.norm(behind, axis=2)
    light = np.asarray((calm * behind).sum(axis=2) / length**2, np.float32)
    colour = np.linalg.norm(calm - light[..., None] * behind, axis=2)
    brightness = (light - 1) * length
    counted = np.where(brightness < 0, SHADOW * brightness, brightness)
    distance = np.hypot(colour, counted) * visible
    parting = _parting(distance)
    least = max(least, FAINT * parting)
    bare = ~visible | (np.hypot(colour, brightness) <= least)
    alike = colour <= least
    shaded = ~bare & alike & (light > DARKEST) & (light < 1)
    likely = bare | (alike & (distance <= parting))
    return Seen(light, np.asarray(bare), np.asarray(shaded), np.asarray(likely))


def background_of(seen: Seen) -> Mask:
    """The bare background, and its shadows as far as they can be told from a grey subject."""
    largest = parts_of(as_pixels(~seen.bare), at_least=1) > 0
    if (largest & ~seen.shaded).sum() >= COLOURED * largest.sum():
        return _reached(seen.bare, seen.shaded | seen.likely)
    steepness = _steepness(seen.light)
    for steepest in STEEPEST:
        soft = seen.shaded & (steepness < steepest)
        opened = cv2.morphologyEx(as_pixels(np.asarray(soft)), cv2.MORPH_OPEN, _PASS) > 0
        found = _reached(seen.bare, np.asarray(opened))
        if _hardness(seen, found, steepness >= steepest) <= HARD:
            return found
    return seen.likely


def _parting(distance: Floats) -> float:
    levels = np.clip(distance, 0, 255).astype(np.uint8)
    return cv2.threshold(levels, 0, 255, cv2.THRESH_BINARY | cv2.THRESH_OTSU)[0]


def _reached(bare: Mask, shaded: Mask) -> Mask:
    """Where one gets to from the bare background through nothing but shade."""
    known = cv2.morphologyEx(as_pixels(bare), cv2.MORPH_OPEN, SPECK) > 0
    count, labels = cv2.connectedComponents(as_pixels(bare | shaded), connectivity=4)
    keeps = np.zeros(count, bool)
    keeps[labels[known]] = True
    return np.asarray(keeps[labels])


def _hardness(seen: Seen, found: Mask, steep: Mask) -> float:
    """The share of the found shade's border with the bare background that is steep."""
    shade = found & ~seen.bare
    between = _around(seen.bare) & _around(shade)
    hard, soft = (seen.shaded & between & side for side in (steep & ~shade, shade))
    return float(hard.sum() / max(1, hard.sum() + soft.sum()))


def _around(mask: Mask) -> Mask:
    return np.asarray(cv2.dilate(as_pixels(mask), _NEAR) > 0)


def _steepness(light: Floats) -> Floats:
    across, down = (
        cv2.Scharr(light, cv2.CV_32F, right, 1 - right, scale=_SCHARR) for right in (1, 0)
    )
    return np.asarray(np.hypot(across, down), np.float32)
