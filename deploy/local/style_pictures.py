"""Draws the reference pictures of the example styles, from nothing but numbers.

    python -m deploy.local.style_pictures FOLDER

One file for each style, the same bytes each time with the same libraries.
"""

import io
import sys
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from deploy.local.photo_canvas import Plane, colour, layers, mix, step

WIDTH: Final = 560
HEIGHT: Final = 420
FINE: Final = 2
"""Drawn so many times as large, for smooth edges."""

SEED: Final = 20261128
QUALITY: Final = 82
LIT: Final = 0.14
"""The share of windows behind which somebody is awake."""


def warm_film(dice: np.random.Generator) -> Plane:
    """Hills in the last hour of the day, on film."""
    x, y = _grid()
    away = np.hypot((x - 0.7) * 1.2, y - 0.4)
    scene = mix(colour((0.80, 0.72, 0.60)), colour((0.99, 0.80, 0.50)), step(y, 0.0, 0.5))
    scene = scene + colour((1.0, 0.78, 0.42)) * (0.55 * np.exp(-away / 0.16))[..., None]
    scene = mix(scene, colour((1.6, 1.4, 1.1)), step(away, 0.062, 0.05))
    hills = [(0.49, (0.80, 0.62, 0.42)), (0.58, (0.66, 0.47, 0.26)), (0.70, (0.45, 0.40, 0.21))]
    for at, (base, tone) in enumerate(hills):
        ridge = base + 0.13 * (layers(x * (3 - at * 0.5) + 9 * at, y * 0, dice, 4) - 0.5)
        lit = 0.16 * np.exp(-np.abs(y - ridge) / 0.03) * np.exp(-np.abs(x - 0.7) / 0.35)
        body = colour(tone) + colour((1.0, 0.7, 0.35)) * lit[..., None]
        scene = mix(scene, body, step(y - ridge, -0.002, 0.003))
    field = step(y, 0.80, 0.83)
    stalks = layers(x * 260, y * 7 + 9 * x, dice, 3)
    straw = mix(colour((0.36, 0.25, 0.13)), colour((0.88, 0.66, 0.34)), step(stalks, 0.35, 0.75))
    scene = mix(scene, straw, field * (0.75 + 0.25 * y))
    leak = np.exp(-x / 0.07) * step(1 - y, 0.1, 0.8)
    scene = scene + colour((0.55, 0.22, 0.05)) * leak[..., None]
    scene = scene * (1 - 0.25 * step(np.hypot(x - 0.5, y - 0.5), 0.35, 0.75))[..., None]
    scene = colour((0.17, 0.12, 0.09)) + scene * colour((0.80, 0.79, 0.74))
    return scene + _grain(dice, 0.024)


def ink_and_paper(dice: np.random.Generator) -> Plane:
    """Mountains and a pine, brushed on unbleached paper; the one colour is the sun."""
    x, y = _grid()
    fibre = layers(x * 60, y * 260, dice, 3) * 0.5 + layers(x * 300, y * 90, dice, 2) * 0.5
    scene = colour((0.935, 0.900, 0.825)) + ((fibre - 0.5) * 0.075)[..., None]
    sun = step(np.hypot((x - 0.72) * WIDTH / HEIGHT, y - 0.27), 0.078, 0.073)
    scene = mix(scene, colour((0.72, 0.27, 0.19)), sun * (0.82 + 0.3 * (fibre - 0.5)))
    ink = colour((0.085, 0.085, 0.10))
    for at, (base, dark) in enumerate([(0.50, 0.16), (0.60, 0.30), (0.74, 0.55)]):
        shape = layers(x * (2.6 + at) + 13 * at, y * 0, dice, 6, 0.52)
        ridge = base - 0.36 * (shape - 0.45) * (1 - 0.15 * at)
        under = y - ridge
        wash = dark * np.exp(-np.clip(under, 0, 1) / (0.05 + 0.03 * at)) * step(under, 0, 0.004)
        hatch = step(np.sin((x * 1.0 + under * 1.7) * (250 - 40 * at)), 0.35, 0.8)
        lean = layers(x * (5 + at) + 40 * at, y * 2, dice, 2)
        shade = hatch * step(lean, 0.48, 0.6) * step(under, 0.01, 0.02) * step(0.12 - under, 0, 0.1)
        swell = 0.0022 + 0.0040 * layers(x * 14 + at, y * 0, dice, 3) * (0.4 + 0.3 * at)
        line = step(1.5 - np.abs(under) / swell, 0, 0.5)
        dry = 0.35 + 0.65 * step(layers(x * 220, y * 30, dice, 2), 0.28, 0.40)
        scene = mix(scene, ink, np.clip(wash + 0.7 * dark * shade + 0.9 * line * dry, 0, 0.96))
        scene = mix(scene, colour((0.93, 0.895, 0.82)), step(under, 0.16, 0.34) * 0.75)
    return mix(scene, ink, _pine(x, y, dice))


def neon_night(dice: np.random.Generator) -> Plane:
    """A street after rain: two lights, magenta and cyan, and their mirror images."""
    x, y = _grid()
    ground = 0.64
    up = np.where(y > ground, 2 * ground - y, y)
    ripple = (layers(x * 40, y * 160, dice, 3) - 0.5) * step(y, ground, ground + 0.02)
    across = x + ripple * 0.03
    scene = mix(colour((0.030, 0.045, 0.115)), colour((0.075, 0.070, 0.200)), step(up, 0.0, ground))
    scene = (
        scene
        + colour((0.10, 0.05, 0.20))
        * (np.exp(-np.abs(across - 0.5) / 0.2) * step(up, 0, 0.6))[..., None]
    )
    for left, right, top in _houses(dice):
        inside = step(np.minimum(across - left, right - across), 0, 0.002) * step(
            up, top, top + 0.003
        )
        scene = mix(scene, colour((0.018, 0.022, 0.052)), inside)
        panes = _panes(across - left, up - top, dice) * inside * step(ground - 0.05 - up, 0, 0.01)
        scene = mix(scene, colour((0.75, 0.48, 0.20)), panes * 0.55)
    magenta, cyan, violet = (1.0, 0.16, 0.62), (0.12, 0.88, 0.95), (0.45, 0.22, 1.0)
    for tube in [
        (0.235, 0.50, 0.16, magenta),
        (0.275, 0.44, 0.22, violet),
        (0.770, 0.52, 0.20, cyan),
        (0.735, 0.40, 0.30, magenta),
    ]:
        scene = _tube(scene, across, up, *tube)
    wet = step(y, ground, ground + 0.01)
    streak = 0.45 + 0.55 * step(layers(x * 6, y * 90, dice, 3), 0.35, 0.65)
    scene = scene * (1 - wet * (1 - 0.85 * streak))[..., None]
    rain = step(layers(x * 170 + y * 22, y * 5, dice, 2), 0.80, 0.92)
    return scene + colour((0.14, 0.18, 0.26)) * (rain * 0.35)[..., None]


PICTURES: Final[Mapping[str, Callable[[np.random.Generator], Plane]]] = {
    "warm-film": warm_film,
    "ink-and-paper": ink_and_paper,
    "neon-night": neon_night,
}
"""The style's id, and who draws its picture."""


def draw(style: str) -> bytes:
    """The reference picture of a style as JPEG. Raises KeyError for one that is not ours."""
    scene = PICTURES[style](np.random.default_rng(SEED))
    pixels = np.clip(scene * 255 + 0.5, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    small = Image.fromarray(pixels).resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    small.save(out, "JPEG", quality=QUALITY, optimize=True, subsampling="4:2:0")
    return out.getvalue()


def main(arguments: Sequence[str]) -> int:
    """Write the pictures into the folder given; 2 when there is none."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m deploy.local.style_pictures FOLDER\n")
        return 2
    for style in PICTURES:
        Path(arguments[0], f"{style}.jpg").write_bytes(draw(style))
    return 0


def _grid() -> tuple[Plane, Plane]:
    y, x = np.mgrid[0 : HEIGHT * FINE, 0 : WIDTH * FINE]
    return (x + 0.5) / (WIDTH * FINE), (y + 0.5) / (HEIGHT * FINE)


def _grain(dice: np.random.Generator, strength: float) -> Plane:
    coarse = dice.normal(size=(HEIGHT, WIDTH)) * strength
    return np.asarray(np.kron(coarse, np.ones((FINE, FINE)))[..., None])


def _pine(x: Plane, y: Plane, dice: np.random.Generator) -> Plane:
    """A leaning tree on the left, each branch one stroke that thins out."""
    trunk_x = 0.17 + 0.035 * np.sin((y - 0.35) * 5)
    width = 0.003 + 0.012 * np.clip((y - 0.35) / 0.6, 0, 1)
    rough = 1 + 0.5 * (layers(x * 90, y * 40, dice, 2) - 0.5)
    strokes = step(width * rough - np.abs(x - trunk_x), 0, 0.002) * step(y, 0.34, 0.36)
    for at, side in enumerate((1, -1, 1, -1, 1)):
        height = 0.37 + 0.085 * at
        along = (x - trunk_x) * side
        reach = 0.10 + 0.014 * at
        droop = height + 0.25 * along - 0.6 * along**2
        needles = 0.008 * (1.7 + np.sin(along * 900 + at)) * step(reach - along, 0, 0.07)
        stroke = step(needles + 0.002 - np.abs(y - droop), 0, 0.003)
        strokes = np.maximum(
            strokes, stroke * step(along, 0.0, 0.004) * step(reach - along, 0, 0.03)
        )
    return np.asarray(strokes * 0.94)


def _tube(
    scene: Plane,
    across: Plane,
    up: Plane,
    at: float,
    bottom: float,
    top: float,
    tone: Sequence[float],
) -> Plane:
    """An upright tube of light, white inside, with its halo."""
    gap = np.maximum(np.maximum(up - bottom, top - up), 0)
    near = np.hypot((across - at) * WIDTH / HEIGHT, gap)
    halo = 0.50 * np.exp(-near / 0.018) + 0.20 * np.exp(-near / 0.085)
    scene = scene + colour(tone) * halo[..., None]
    return mix(scene, 0.35 * colour(tone) + 0.65, step(near, 0.0055, 0.004))


def _houses(dice: np.random.Generator) -> list[tuple[float, float, float]]:
    """Left, right and top of each, lower towards the middle where the street leads away."""
    edges = np.linspace(0, 0.44, 5)
    found = []
    for near, far in pairwise(edges):
        for left, right in ((near, far), (1 - far, 1 - near)):
            found.append((float(left), float(right), 0.05 + 0.85 * near + 0.06 * dice.random()))
    return found


def _panes(across: Plane, down: Plane, dice: np.random.Generator) -> Plane:
    column, row = np.floor(across / 0.022).astype(int), np.floor(down / 0.035).astype(int)
    lit = dice.random((64, 64))[column % 64, row % 64] < LIT
    frame = step(np.minimum(across % 0.022, 0.022 - across % 0.022), 0.005, 0.006)
    sill = step(np.minimum(down % 0.035, 0.035 - down % 0.035), 0.008, 0.010)
    return np.asarray(lit * frame * sill * step(down, 0.02, 0.021))


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
