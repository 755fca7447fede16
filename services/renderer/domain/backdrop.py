"""What stands behind the subject, told from the picture's border: a smooth surface of colour."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from services.renderer.domain.pixels import Floats, Mask, Pixels

RING: Final = 0.04
"""How wide a border tells of the background, as a share of the shorter side."""
OUTLIER: Final = 2.5
"""In standard deviations: what differs by more is a subject that touches the border."""
FREE: Final = 0.4
"""Of the border, what a subject leaves free at the least."""
ROUNDS: Final = 6
"""Of fitting and leaving out what does not fit: more changed nothing on any picture tried."""
LEAST_GRAIN: Final = 1.5
"""Of 255: JPEG alone makes a plain surface stray by about so much."""
GRAIN_PIXELS: Final = 3.0
"""What is no larger is grain, as film, sand and sensors have it."""
EVERY: Final = 3
"""Of so many pixels one is looked at: its neighbours say the same."""
LEAST_PIXELS: Final = 100
"""Fewer do not tell a surface."""
# That quantile of a normal distribution's deviations times this is its standard deviation.
_NORMAL: Final = 1.907
# Of a surface: flat, leaning, bent.
_FLAT: Final = 1
_LEANING: Final = 3
_BENT: Final = 6


@dataclass(frozen=True, slots=True)
class Backdrop:
    """The background's colour at each pixel (RGB, 0..255).

    How far it really strays from that: its grain, pixel by pixel, and apart from that grain.
    """

    surface: Floats
    grain: float
    unevenness: float


def backdrop_of(small: Pixels, ring: Mask) -> Backdrop:
    """The bent surface that most of the ring's pixels lie on, whatever touches the border."""
    calm = cv2.GaussianBlur(small, (0, 0), GRAIN_PIXELS)
    terms = _terms(*ring.shape)
    rows, columns = (places[::EVERY] for places in np.nonzero(ring))
    x, y = terms[rows, columns], np.asarray(calm[rows, columns], np.float32)
    shape = _most_fitting(x, y)
    return Backdrop(
        surface=np.asarray(terms @ shape, np.float32),
        grain=max(_spread(_strays(x, small[rows, columns].astype(np.float32), shape)), LEAST_GRAIN),
        unevenness=_spread(_strays(x, y, shape)),
    )


def ring_of(height: int, width: int) -> Mask:
    """The border's pixels."""
    thick = max(2, round(RING * min(height, width)))
    ring = np.ones((height, width), bool)
    ring[thick:-thick, thick:-thick] = False
    return ring


def _terms(height: int, width: int) -> Floats:
    y, x = np.mgrid[-1 : 1 : height * 1j, -1 : 1 : width * 1j].astype(np.float32)
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], axis=-1)


def _most_fitting(x: Floats, y: Floats) -> Floats:
    starts = [_leaning(x[part], y[part]) for part in _parts(x)]
    shape = min(starts, key=lambda start: _spread(_strays(x, y, start)))
    for _ in range(ROUNDS):
        shape = _fitted(x, y, shape, terms=_BENT)
    return shape


def _parts(x: Floats) -> Iterator[Mask]:
    """The whole border, each of its sides, and all but one side: some part has no subject in it."""
    across, down, most = x[:, 1], x[:, 2], 1 - 2 * RING
    yield np.ones(len(x), bool)
    for side in (down > most, down < -most, across > most, across < -most):
        for part in (side, ~side):
            if part.sum() >= LEAST_PIXELS:
                yield part


def _leaning(x: Floats, y: Floats) -> Floats:
    # First flat, then leaning: a surface with less freedom is led astray by less.
    shape = np.zeros((_BENT, y.shape[1]), np.float32)
    shape[0] = np.median(y, axis=0)
    for terms in (_FLAT, _LEANING, _LEANING):
        shape = _fitted(x, y, shape, terms=terms)
    return shape


def _fitted(x: Floats, y: Floats, shape: Floats, *, terms: int) -> Floats:
    """The surface of so many terms through what lies near the one so far."""
    strays = _strays(x, y, shape)
    fits = strays <= max(OUTLIER * _spread(strays), LEAST_GRAIN)
    found = np.zeros_like(shape)
    found[:terms] = np.linalg.lstsq(x[fits, :terms], y[fits], rcond=None)[0]
    return found


def _strays(x: Floats, y: Floats, shape: Floats) -> Floats:
    return np.asarray(np.linalg.norm(y - x @ shape, axis=1), np.float32)


def _spread(strays: Floats) -> float:
    return float(np.quantile(strays, FREE)) * _NORMAL
