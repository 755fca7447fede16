"""Draws the photograph of the demonstration: a lake at evening, from nothing but numbers.

    python -m deploy.local.photo OUT.jpg

The same bytes come out each time with the same libraries. Its EXIF carries an invented camera and
an invented position, so that a result can be seen to have lost both.
"""

import io
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from deploy.local.photo_canvas import (
    HEIGHT,
    SHORE,
    WIDTH,
    Plane,
    colour,
    grid,
    layers,
    mix,
    soften,
    step,
)
from deploy.local.photo_foreground import jetty, reeds

# Ridges from here on stand at the sides and leave the middle open.
NEARBY: Final = 0.6
SEED: Final = 20261120
QUALITY: Final = 88
SUN: Final = (0.665, 0.372)
"""Across and down, as shares."""

ZENITH: Final = (0.16, 0.27, 0.47)
MIDDLE: Final = (0.44, 0.55, 0.70)
HORIZON: Final = (0.98, 0.76, 0.54)
SUNLIGHT: Final = (1.0, 0.80, 0.50)
SHADOW: Final = (0.33, 0.36, 0.47)
HAZE: Final = (0.86, 0.70, 0.60)
FOREST: Final = (0.055, 0.075, 0.075)


def draw() -> bytes:
    """The photograph as JPEG, EXIF included."""
    dice = np.random.default_rng(SEED)
    x, y = grid()
    above = _sky(x, y, dice)
    above = _hills(above, x, y, dice)
    scene = _lake(above, x, y, dice)
    scene = _bank(scene, y)
    scene = jetty(scene, dice)
    scene = reeds(scene, dice)
    return _develop(scene, x, y, dice)


def main(arguments: Sequence[str]) -> int:
    """Write the photograph to the path given; 2 when there is none."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m deploy.local.photo OUT.jpg\n")
        return 2
    Path(arguments[0]).write_bytes(draw())
    return 0


def _to_sun(x: Plane, y: Plane) -> Plane:
    """Distance from the sun in picture widths; the air stretches its glow along the horizon."""
    return np.hypot((x - SUN[0]) * 0.8, (y - SUN[1]) * HEIGHT / WIDTH * 1.25)


def _sky(x: Plane, y: Plane, dice: np.random.Generator) -> Plane:
    height = np.clip(1 - y / SHORE, 0, 1)
    air = mix(
        mix(colour(HORIZON), colour(MIDDLE), step(height, 0.0, 0.42)),
        colour(ZENITH),
        step(height, 0.3, 1.05),
    )
    away = _to_sun(x, y)
    air = (
        air
        + colour(SUNLIGHT)
        * (
            0.5 * np.exp(-away / 0.11) + 0.25 * np.exp(-away / 0.4) + 2.2 * step(away, 0.024, 0.015)
        )[..., None]
    )
    return _clouds(air, x, height, away, dice)


def _clouds(air: Plane, x: Plane, height: Plane, away: Plane, dice: np.random.Generator) -> Plane:
    """Clouds on a ceiling: they crowd together towards the horizon."""
    far = 1 / (height + 0.13)
    u, v = (x - 0.5) * far * 3.3 + 40, far * 3.6 + 20
    bend = layers(u * 0.7, v * 0.7, dice, 3)
    u, v = u + bend * 1.5, v + bend * 0.8
    seed = int(dice.integers(1 << 30))
    thick = layers(u, v, np.random.default_rng(seed), 9, 0.6)
    towards = layers(
        u + 0.16 * np.sign(SUN[0] - 0.5), v + 0.22, np.random.default_rng(seed), 9, 0.6
    )
    cover = step(thick, 0.475, 0.60) * step(height, 0.015, 0.16)
    lit = np.clip(0.55 + (thick - towards) * 6.0, 0, 1)
    glow = np.exp(-away / 0.42)
    warm = mix(colour((0.93, 0.90, 0.90)), colour((1.12, 0.83, 0.60)), np.clip(glow * 1.5, 0, 1))
    dark = mix(colour(SHADOW), colour((0.66, 0.50, 0.46)), np.clip(glow * 1.2, 0, 1))
    body = mix(dark, warm, lit * (0.65 + 0.35 * np.clip(1 - cover, 0, 1)))
    rim = cover * (1 - cover) * 4 * np.exp(-away / 0.22)
    veil = layers(u * 0.35 + 9, v * 1.5, dice, 5)
    air = mix(air, colour((0.97, 0.85, 0.78)), step(veil, 0.5, 0.85) * 0.35)
    return mix(air, body, cover * 0.92) + colour(SUNLIGHT) * (0.35 * rim)[..., None]


def _hills(scene: Plane, x: Plane, y: Plane, dice: np.random.Generator) -> Plane:
    """Ridges one behind the other, paler with distance."""
    across = x[0]
    for near in (0.0, 0.25, 0.5, 0.75, 1.0):
        base = SHORE - 0.155 * (1 - near) ** 1.3 - 0.012
        rough = layers(
            across[None] * (2.2 + 2.2 * near) + 31 * near + 3, np.full((1, WIDTH), near), dice, 7
        )[0]
        trees = layers(across[None] * 230, np.full((1, WIDTH), near * 9), dice, 3)[0]
        lean = 0.09 * (0.5 - across) if near < NEARBY else 0.10 * (across - 0.52) ** 2 * 4 * near
        outline = base - (rough - 0.42) * (0.19 - 0.09 * near) - lean * near - trees * 0.009 * near
        inside = step(y - outline[None], -0.0008, 0.0012)
        depth = np.clip((y - outline[None]) / 0.12, 0, 1)
        bumps = layers(x * (30 + 60 * near), y * (60 + 90 * near), dice, 4)
        body = colour(FOREST) + colour((0.10, 0.10, 0.06)) * (bumps * near)[..., None]
        haze = np.clip((1 - near) ** 0.75 * 0.93 + depth * 0.22 * (1 - near * 0.6), 0, 0.96)
        mist = mix(colour((0.47, 0.50, 0.60)), colour(HAZE), np.exp(-_to_sun(x, y) / 0.28))
        scene = mix(scene, mix(body, mist, haze), inside)
    return scene


def _lake(above: Plane, x: Plane, y: Plane, dice: np.random.Generator) -> Plane:
    """The scene mirrored in moving water, darker and bluer than what it mirrors."""
    deep = np.clip((y - SHORE) / (1 - SHORE), 1e-4, 1)
    far = 1 / (deep + 0.045)
    swell = layers(x * far * 2.4 + 5, far * 11, dice, 5) - 0.5
    ripple = layers(x * far * 9 + 70, far * 34, dice, 4) - 0.5
    lift = (swell * 0.16 + ripple * 0.10) * (0.12 + deep)
    row = np.clip((2 * SHORE - y + lift * 0.55) * HEIGHT, 0, SHORE * HEIGHT - 1).astype(int)
    column = np.clip((x + lift * 0.10) * WIDTH, 0, WIDTH - 1).astype(int)
    mirrored = np.asarray(above[row, column])
    mirrored = soften(mirrored, 1.2)
    water = mix(mirrored, colour((0.055, 0.10, 0.14)), 0.22 + 0.46 * deep**1.4)
    water = water * colour((0.88, 0.93, 0.98)) + (swell * 0.10 + ripple * 0.06)[..., None] * (
        0.2 + deep[..., None]
    )
    path = np.exp(-(((x - SUN[0] - swell * 0.03) / (0.018 + 0.075 * deep)) ** 2))
    sparkle = step(ripple + 0.5 * swell, 0.06, 0.26) * path * (1.15 - 0.75 * deep)
    water = (
        water + colour((1.0, 0.78, 0.48)) * (sparkle * 0.95 + path * 0.13 * (1 - deep))[..., None]
    )
    return np.where((y > SHORE)[..., None], water, above)


def _bank(scene: Plane, y: Plane) -> Plane:
    """A line of shadow and a thread of light where the water begins."""
    shadow = np.exp(-(((y - SHORE + 0.001) / 0.0035) ** 2))
    thread = np.exp(-(((y - SHORE - 0.0075) / 0.0016) ** 2))
    scene = scene * (1 - 0.72 * shadow[..., None])
    return scene + colour((0.75, 0.62, 0.52)) * (0.22 * thread)[..., None]


def _develop(scene: Plane, x: Plane, y: Plane, dice: np.random.Generator) -> bytes:
    """What a camera adds: bloom, a film curve, darker corners, grain, and its notes."""
    light = np.clip(scene - 0.85, 0, 2)
    scene = scene + soften(light, 14) * 0.75 + soften(light, 45) * 0.5
    scene = 1 - np.exp(-1.55 * np.clip(scene, 0, None) ** 1.12)
    scene = scene / (1 - np.exp(-1.55 * 1.25))
    corner = np.hypot(x - 0.5, (y - 0.5) * HEIGHT / WIDTH)
    scene = scene * (1 - 0.32 * step(corner, 0.3, 0.72))[..., None]
    grain = (
        dice.normal(size=(HEIGHT, WIDTH)) * 0.012
        + dice.normal(size=(HEIGHT, WIDTH, 3)).mean(2) * 0.006
    )
    scene = scene + grain[..., None] * (1.15 - scene)
    pixels = np.clip(scene * 255 + 0.5, 0, 255).astype(np.uint8)
    out = io.BytesIO()
    Image.fromarray(pixels).save(
        out, "JPEG", quality=QUALITY, optimize=True, subsampling="4:2:0", exif=_notes()
    )
    return out.getvalue()


def _notes() -> Image.Exif:
    """EXIF of an invented camera at an invented place."""
    notes = Image.Exif()
    notes[0x010F], notes[0x0110], notes[0x0112] = "Mizual", "drawn", 1
    notes.get_ifd(0x8769)[0x9003] = "2026:11:20 16:42:00"
    notes.get_ifd(0x8825).update({1: "N", 2: (30.0, 15.0, 0.0), 3: "W", 4: (40.0, 30.0, 0.0)})
    return notes


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
