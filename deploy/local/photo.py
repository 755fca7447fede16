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
import pyvips
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFilter

Plane = NDArray[np.float64]

WIDTH: Final = 1200
HEIGHT: Final = 900
SEED: Final = 20261120
QUALITY: Final = 88

# Shares of the height and width.
SHORE: Final = 0.585
SUN: Final = (0.665, 0.505)
# Left edge, its slope inwards, the height it starts at: the jetty runs towards the shore.
JETTY_NEAR: Final = (0.13, 0.40)
JETTY_FAR: Final = (0.375, 0.415)
JETTY_END: Final = 0.70

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
    x, y = _grid()
    above = _sky(x, y, dice)
    above, ridge = _hills(above, x, y, dice)
    scene = _lake(above, x, y, dice)
    scene = _bank(scene, ridge, y)
    scene = _jetty(scene, dice)
    scene = _reeds(scene, dice)
    return _develop(scene, x, y, dice)


def main(arguments: Sequence[str]) -> int:
    """Write the photograph to the path given; 2 when there is none."""
    if len(arguments) != 1:
        sys.stderr.write("usage: python -m deploy.local.photo OUT.jpg\n")
        return 2
    Path(arguments[0]).write_bytes(draw())
    return 0


def _grid() -> tuple[Plane, Plane]:
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    return (x + 0.5) / WIDTH, (y + 0.5) / HEIGHT


def _noise(u: Plane, v: Plane, dice: np.random.Generator) -> Plane:
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


def _layers(u: Plane, v: Plane, dice: np.random.Generator, octaves: int) -> Plane:
    """Noise upon noise, each of twice the detail and half the height; about 0..1."""
    total, weight = np.zeros_like(u + v), 0.0
    for octave in range(octaves):
        share = 0.5**octave
        shift = 17.3 * octave
        total += share * _noise(u * 2**octave + shift, v * 2**octave + shift, dice)
        weight += share
    return total / weight


def _colour(value: Sequence[float]) -> Plane:
    return np.array(value, dtype=np.float64)


def _mix(one: Plane, other: Plane, share: Plane) -> Plane:
    return np.asarray(one + (other - one) * share[..., None])


def _step(value: Plane, low: float, high: float) -> Plane:
    t = np.clip((value - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t))


def _to_sun(x: Plane, y: Plane) -> Plane:
    """Distance from the sun in picture widths; the air stretches its glow along the horizon."""
    return np.hypot((x - SUN[0]) * 0.8, (y - SUN[1]) * HEIGHT / WIDTH * 1.25)


def _sky(x: Plane, y: Plane, dice: np.random.Generator) -> Plane:
    height = np.clip(1 - y / SHORE, 0, 1)
    air = _mix(_mix(_colour(HORIZON), _colour(MIDDLE), _step(height, 0.0, 0.42)), _colour(ZENITH),
               _step(height, 0.3, 1.05))
    away = _to_sun(x, y)
    air = air + _colour(SUNLIGHT) * (0.55 * np.exp(-away / 0.13) + 0.25 * np.exp(-away / 0.4))[..., None]
    return _clouds(air, x, height, away, dice)


def _clouds(air: Plane, x: Plane, height: Plane, away: Plane, dice: np.random.Generator) -> Plane:
    """Clouds on a ceiling: they crowd together towards the horizon."""
    far = 1 / (height + 0.13)
    u, v = (x - 0.5) * far * 2.1 + 40, far * 2.6 + 20
    bend = _layers(u * 0.7, v * 0.7, dice, 3)
    u, v = u + bend * 1.4, v + bend * 0.9
    seed = int(dice.integers(1 << 30))
    thick = _layers(u, v, np.random.default_rng(seed), 7)
    towards = _layers(u + 0.16 * np.sign(SUN[0] - 0.5), v + 0.22, np.random.default_rng(seed), 7)
    cover = _step(thick, 0.47, 0.66) * _step(height, 0.015, 0.16)
    lit = np.clip(0.55 + (thick - towards) * 5.5, 0, 1)
    glow = np.exp(-away / 0.42)
    warm = _mix(_colour((0.93, 0.90, 0.90)), _colour((1.12, 0.83, 0.60)), np.clip(glow * 1.5, 0, 1))
    dark = _mix(_colour(SHADOW), _colour((0.66, 0.50, 0.46)), np.clip(glow * 1.2, 0, 1))
    body = _mix(dark, warm, lit * (0.65 + 0.35 * np.clip(1 - cover, 0, 1)))
    rim = cover * (1 - cover) * 4 * np.exp(-away / 0.22)
    veil = _layers(u * 0.35 + 9, v * 1.5, dice, 5)
    air = _mix(air, _colour((0.97, 0.85, 0.78)), _step(veil, 0.5, 0.85) * 0.35)
    return _mix(air, body, cover * 0.92) + _colour(SUNLIGHT) * (0.35 * rim)[..., None]


def _hills(scene: Plane, x: Plane, y: Plane, dice: np.random.Generator) -> tuple[Plane, Plane]:
    """Ridges one behind the other, paler with distance; also the outline of the nearest."""
    outline = np.full(WIDTH, SHORE)
    across = x[0]
    for near in (0.0, 0.25, 0.5, 0.75, 1.0):
        base = SHORE - 0.155 * (1 - near) ** 1.3 - 0.012
        rough = _layers(across[None] * (2.2 + 2.2 * near) + 31 * near + 3, np.full((1, WIDTH), near), dice, 7)[0]
        trees = _layers(across[None] * 230, np.full((1, WIDTH), near * 9), dice, 3)[0]
        lean = 0.09 * (0.5 - across) if near < 0.6 else 0.10 * (across - 0.52) ** 2 * 4 * near
        outline = base - (rough - 0.42) * (0.19 - 0.09 * near) - lean * near - trees * 0.009 * near
        inside = _step(y - outline[None], -0.0008, 0.0012)
        depth = np.clip((y - outline[None]) / 0.12, 0, 1)
        bumps = _layers(x * (30 + 60 * near), y * (60 + 90 * near), dice, 4)
        body = _colour(FOREST) + _colour((0.10, 0.10, 0.06)) * (bumps * near)[..., None]
        haze = np.clip((1 - near) ** 0.75 * 0.93 + depth * 0.22 * (1 - near * 0.6), 0, 0.96)
        mist = _mix(_colour((0.47, 0.50, 0.60)), _colour(HAZE), np.exp(-_to_sun(x, y) / 0.28))
        scene = _mix(scene, _mix(body, mist, haze), inside)
    return scene, outline


def _lake(above: Plane, x: Plane, y: Plane, dice: np.random.Generator) -> Plane:
    """The scene mirrored in moving water, darker and bluer than what it mirrors."""
    deep = np.clip((y - SHORE) / (1 - SHORE), 1e-4, 1)
    near = 1 / (1.04 - deep)
    far = 1 / (deep + 0.045)
    swell = _layers(x * far * 2.4 + 5, far * 11, dice, 5) - 0.5
    ripple = _layers(x * far * 9 + 70, far * 34, dice, 4) - 0.5
    lift = (swell * 0.16 + ripple * 0.10) * (0.12 + deep)
    row = np.clip((2 * SHORE - y + lift * 0.55) * HEIGHT, 0, SHORE * HEIGHT - 1).astype(int)
    column = np.clip((x + lift * 0.10) * WIDTH, 0, WIDTH - 1).astype(int)
    mirrored = np.asarray(above[row, column])
    mirrored = _soften(mirrored, 1.2)
    water = _mix(mirrored, _colour((0.055, 0.10, 0.14)), 0.22 + 0.46 * deep**1.4)
    water = water * _colour((0.88, 0.93, 0.98)) + (swell * 0.10 + ripple * 0.06)[..., None] * (0.2 + deep[..., None])
    path = np.exp(-(((x - SUN[0] - swell * 0.03) / (0.018 + 0.075 * deep)) ** 2))
    sparkle = _step(ripple + 0.5 * swell, 0.06, 0.26) * path * (1.15 - 0.75 * deep)
    water = water + _colour((1.0, 0.78, 0.48)) * (sparkle * 0.95 + path * 0.13 * (1 - deep))[..., None]
    del near
    return np.where((y > SHORE)[..., None], water, above)


def _bank(scene: Plane, _ridge: Plane, y: Plane) -> Plane:
    """A line of shadow and a thread of light where the water begins."""
    shadow = np.exp(-(((y - SHORE + 0.001) / 0.0035) ** 2))
    thread = np.exp(-(((y - SHORE - 0.0075) / 0.0016) ** 2))
    scene = scene * (1 - 0.72 * shadow[..., None])
    return scene + _colour((0.75, 0.62, 0.52)) * (0.22 * thread)[..., None]


def _soften(scene: Plane, radius: float) -> Plane:
    raw = scene.astype(np.float32).tobytes()
    soft = pyvips.Image.new_from_memory(raw, WIDTH, HEIGHT, 3, "float").gaussblur(radius)
    flat = np.frombuffer(soft.write_to_memory(), dtype=np.float32)
    return flat.astype(np.float64).reshape(HEIGHT, WIDTH, 3)


# Drawn three times as large, for smooth edges.
FINE: Final = 3
VANISHING: Final = (0.47, SHORE - 0.004)


def _far(x: float, y: float, away: float) -> tuple[float, float]:
    """Where a point at the lower edge of the picture lies when it is moved away from us."""
    share = 1 / (1 + away)
    return (
        (VANISHING[0] + (x - VANISHING[0]) * share) * WIDTH * FINE,
        (VANISHING[1] + (y - VANISHING[1]) * share) * HEIGHT * FINE,
    )


def _blank() -> Image.Image:
    return Image.new("RGBA", (WIDTH * FINE, HEIGHT * FINE), (0, 0, 0, 0))


def _lay(layer: Image.Image, scene: Plane, softness: float) -> Plane:
    small = layer.resize((WIDTH, HEIGHT), Image.Resampling.BOX)
    if softness:
        small = small.filter(ImageFilter.GaussianBlur(softness))
    pixels = np.asarray(small, dtype=np.float64) / 255
    alpha = pixels[..., 3:]
    return np.asarray(scene * (1 - alpha) + pixels[..., :3] * alpha)


def _paint(red: float, green: float, blue: float, alpha: float = 1.0) -> tuple[int, int, int, int]:
    values = (max(0, min(255, round(value * 255))) for value in (red, green, blue, alpha))
    red8, green8, blue8, alpha8 = values
    return red8, green8, blue8, alpha8


def _jetty(scene: Plane, dice: np.random.Generator) -> Plane:
    left, right, low, drop = -0.02, 0.27, 1.06, 0.17
    end = 2.9
    shade = _blank()
    pen = ImageDraw.Draw(shade)
    ends = [_far(left, low + drop, 0), _far(left, low + drop, end),
            _far(right + 0.03, low + drop, end), _far(right + 0.03, low + drop, 0)]
    pen.polygon(ends, fill=_paint(0.03, 0.045, 0.06, 0.72))
    scene = _lay(shade, scene, 3.0)

    wood = _blank()
    pen = ImageDraw.Draw(wood)
    for away in np.linspace(end - 0.05, 0.04, 7):
        for side in (left + 0.012, right - 0.012):
            _post(pen, side, low, drop, float(away))
    step, away = 0.047, end
    while away > -0.1:
        wide = step * (1 + 0.55 * away) * 0.62
        _plank(pen, (left, right, low), away - wide * 0.94, away, dice)
        away -= wide
    beam = [_far(right, low, -0.1), _far(right, low, end), _far(right, low + 0.03, end),
            _far(right, low + 0.03, -0.1)]
    pen.polygon(beam, fill=_paint(0.10, 0.085, 0.08))
    for away in np.linspace(end - 0.05, 0.04, 7):
        _post(pen, right + 0.004, low, drop * 0.75, float(away), head=0.055)
    return _lay(wood, scene, 0.0)


def _post(
    pen: ImageDraw.ImageDraw, x: float, low: float, drop: float, away: float, head: float = 0.0
) -> None:
    half = 0.011
    pen.polygon(
        [_far(x - half, low - head, away), _far(x + half, low - head, away),
         _far(x + half, low + drop, away), _far(x - half, low + drop, away)],
        fill=_paint(0.085, 0.072, 0.07),
    )
    # The side towards the sun.
    pen.polygon(
        [_far(x + half * 0.45, low - head, away), _far(x + half, low - head, away),
         _far(x + half, low + drop * 0.6, away), _far(x + half * 0.45, low + drop * 0.6, away)],
        fill=_paint(0.36, 0.25, 0.17),
    )


def _plank(
    pen: ImageDraw.ImageDraw,
    sides: tuple[float, float, float],
    near: float,
    far: float,
    dice: np.random.Generator,
) -> None:
    left, right, low = sides
    left, right = left - dice.random() * 0.012, right + dice.random() * 0.012
    tone = 0.23 + 0.09 * dice.random() + 0.035 * far
    pen.polygon(
        [_far(left, low, near), _far(right, low, near), _far(right, low, far), _far(left, low, far)],
        fill=_paint(tone * 1.12, tone * 0.94, tone * 0.82),
    )
    for _ in range(9):
        at = near + (far - near) * dice.random()
        start = left + (right - left) * dice.random()
        stop = min(start + 0.02 + 0.1 * dice.random(), right)
        grain = tone * (0.75 + 0.55 * dice.random())
        pen.line(
            [_far(start, low, at), _far(stop, low, at)],
            fill=_paint(grain * 1.12, grain * 0.95, grain * 0.82, 0.7),
            width=FINE,
        )
    pen.line([_far(left, low, far), _far(right, low, far)], fill=_paint(0.62, 0.47, 0.34, 0.55), width=FINE)
    pen.line([_far(left, low, near), _far(right, low, near)], fill=_paint(0.03, 0.03, 0.035), width=FINE * 2)


def _reeds(scene: Plane, dice: np.random.Generator) -> Plane:
    for softness, count, reach, tone in ((1.6, 130, 0.20, 0.6), (0.0, 120, 0.30, 1.0)):
        layer = _blank()
        pen = ImageDraw.Draw(layer)
        for _ in range(count):
            root = 1.015 - 0.30 * dice.beta(1.0, 2.6)
            _blade(pen, root, reach, tone, dice)
        scene = _lay(layer, scene, softness)
    return scene


def _blade(
    pen: ImageDraw.ImageDraw, root: float, reach: float, tone: float, dice: np.random.Generator
) -> None:
    """One stalk, bent by the wind, its sunny side warm; some carry a head."""
    tall = reach * (0.45 + 0.75 * dice.random()) * (0.55 + 0.9 * max(root - 0.72, 0) / 0.3)
    lean = -0.03 - 0.06 * dice.random()
    t = np.linspace(0, 1, 24)
    xs = (root + lean * t**2.2 + 0.01 * dice.normal() * t) * WIDTH * FINE
    ys = (1.02 - tall * t * (1 - 0.12 * t)) * HEIGHT * FINE
    base = (2.3 + 1.7 * dice.random()) * FINE
    green = _paint(0.075 * tone + 0.05 * dice.random(), 0.085 * tone + 0.035, 0.05)
    points = list(zip(xs.tolist(), ys.tolist(), strict=True))
    for at in range(len(points) - 1):
        width = max(round(base * (1 - at / len(points)) ** 0.6), 2)
        pen.line([points[at], points[at + 1]], fill=green, width=width)
    edge = [(px + base * 0.4, py) for px, py in points[6:]]
    pen.line(edge, fill=_paint(0.80, 0.56, 0.31, 0.55 * tone), width=2)
    if dice.random() < 0.24:
        top_x, top_y = points[-1]
        long, half = 0.042 * HEIGHT * FINE * tone, 0.0042 * WIDTH * FINE
        pen.ellipse((top_x - half, top_y - long, top_x + half, top_y), fill=_paint(0.17, 0.10, 0.06))
        pen.ellipse(
            (top_x + half * 0.3, top_y - long * 0.95, top_x + half, top_y - long * 0.1),
            fill=_paint(0.62, 0.40, 0.22),
        )


def _develop(scene: Plane, x: Plane, y: Plane, dice: np.random.Generator) -> bytes:
    """What a camera adds: bloom, a film curve, darker corners, grain, and its notes."""
    light = np.clip(scene - 0.85, 0, 2)
    scene = scene + _soften(light, 14) * 0.75 + _soften(light, 45) * 0.5
    scene = 1 - np.exp(-1.55 * np.clip(scene, 0, None) ** 1.12)
    scene = scene / (1 - np.exp(-1.55 * 1.25))
    corner = np.hypot(x - 0.5, (y - 0.5) * HEIGHT / WIDTH)
    scene = scene * (1 - 0.32 * _step(corner, 0.3, 0.72))[..., None]
    grain = dice.normal(size=(HEIGHT, WIDTH)) * 0.012 + dice.normal(size=(HEIGHT, WIDTH, 3)).mean(2) * 0.006
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
    notes.get_ifd(0x8825).update(
        {1: "N", 2: (61.0, 30.0, 0.0), 3: "E", 4: (8.0, 15.0, 0.0)}
    )
    return notes


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
