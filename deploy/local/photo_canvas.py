"""The canvas of the drawn photograph: its size, and the noise that nature is made of."""

from collections.abc import Sequence
from typing import Final

import numpy as np
import pyvips
from numpy.typing import NDArray

Plane = NDArray[np.float64]
"""A number, or a colour, for each pixel."""

WIDTH: Final = 1200
HEIGHT: Final = 900
SHORE: Final = 0.585
"""Where the water begins, as a share of the height."""


def grid() -> tuple[Plane, Plane]:
    """Across and down, 0..1, for each pixel."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return (x + 0.5) / WIDTH, (y + 0.5) / HEIGHT


def noise(u: Plane, v: Plane, dice: np.random.Generator) -> Plane:
    """Smooth noise of 0..1 with one bump for each unit of u and v."""
    size = 256
    lattice = dice.random((size, size))
    column, row = np.floor(u).astype(int), np.floor(v).astype(int)
    s, t = u - column, v - row
    s, t = s * s * s * (s * (s * 6 - 15) + 10), t * t * t * (t * (t * 6 - 15) + 10)
    left, right = column % size, (column + 1) % size
    top, bottom = row % size, (row + 1) % size
    upper = lattice[top, left] * (1 - s) + lattice[top, right] * s
    lower = lattice[bottom, left] * (1 - s) + lattice[bottom, right] * s
    return np.asarray(upper * (1 - t) + lower * t)


def layers(u: Plane, v: Plane, dice: np.random.Generator, octaves: int, fade: float = 0.5) -> Plane:
    """Noise upon noise, each of twice the detail and half the height; about 0..1."""
    total, weight = np.zeros_like(u + v), 0.0
    for octave in range(octaves):
        share = fade**octave
        shift = 17.3 * octave
        total += share * noise(u * 2**octave + shift, v * 2**octave + shift, dice)
        weight += share
    return total / weight


def colour(value: Sequence[float]) -> Plane:
    """A colour to calculate with."""
    return np.array(value, dtype=np.float64)


def mix(one: Plane, other: Plane, share: Plane) -> Plane:
    """From one colour to the other by a share for each pixel."""
    return np.asarray(one + (other - one) * share[..., None])


def step(value: Plane, low: float, high: float) -> Plane:
    """0 up to `low`, 1 from `high` on, smooth between."""
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def soften(scene: Plane, radius: float) -> Plane:
    """Blur by a radius in pixels."""
    raw = scene.astype(np.float32).tobytes()
    soft = pyvips.Image.new_from_memory(raw, WIDTH, HEIGHT, 3, "float").gaussblur(radius)
    flat = np.frombuffer(soft.write_to_memory(), dtype=np.float32)
    return flat.astype(np.float64).reshape(HEIGHT, WIDTH, 3)
