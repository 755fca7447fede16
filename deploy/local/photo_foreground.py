"""What stands in front in the drawn photograph: a jetty on the left, reeds on the right."""

from typing import Final

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from deploy.local.photo_canvas import HEIGHT, SHORE, WIDTH, Plane

# Drawn three times as large, for smooth edges.
FINE: Final = 3
# The jetty begins behind the lower edge.
OVERHANG: Final = -0.1
CATTAILS: Final = 0.13
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


def jetty(scene: Plane, dice: np.random.Generator) -> Plane:
    """Lay planks on posts out into the water."""
    left, right, low, drop = -0.02, 0.27, 1.06, 0.17
    end = 2.9
    shade = _blank()
    pen = ImageDraw.Draw(shade)
    ends = [
        _far(left, low + drop, 0),
        _far(left, low + drop, end),
        _far(right + 0.03, low + drop, end),
        _far(right + 0.03, low + drop, 0),
    ]
    pen.polygon(ends, fill=_paint(0.03, 0.045, 0.06, 0.72))
    scene = _lay(shade, scene, 3.0)

    wood = _blank()
    pen = ImageDraw.Draw(wood)
    for away in np.linspace(end - 0.05, 0.04, 7):
        for side in (left + 0.012, right - 0.012):
            _post(pen, side, low, drop, away=float(away))
    step, away = 0.047, end
    while away > OVERHANG:
        wide = step * (1 + 0.55 * away) * 0.62
        _plank(pen, (left, right, low), away - wide * 0.94, away, dice)
        away -= wide
    beam = [
        _far(right, low, OVERHANG),
        _far(right, low, end),
        _far(right, low + 0.03, end),
        _far(right, low + 0.03, OVERHANG),
    ]
    pen.polygon(beam, fill=_paint(0.10, 0.085, 0.08))
    for away in np.linspace(end - 0.05, 0.04, 7):
        _post(pen, right + 0.004, low, drop * 0.75, away=float(away), head=0.055)
    return _lay(wood, scene, 0.0)


def _post(
    pen: ImageDraw.ImageDraw, x: float, low: float, drop: float, *, away: float, head: float = 0.0
) -> None:
    half = 0.011
    pen.polygon(
        [
            _far(x - half, low - head, away),
            _far(x + half, low - head, away),
            _far(x + half, low + drop, away),
            _far(x - half, low + drop, away),
        ],
        fill=_paint(0.085, 0.072, 0.07),
    )
    # The side towards the sun.
    pen.polygon(
        [
            _far(x + half * 0.45, low - head, away),
            _far(x + half, low - head, away),
            _far(x + half, low + drop * 0.6, away),
            _far(x + half * 0.45, low + drop * 0.6, away),
        ],
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
        [
            _far(left, low, near),
            _far(right, low, near),
            _far(right, low, far),
            _far(left, low, far),
        ],
        fill=_paint(tone * 1.12, tone * 0.94, tone * 0.82),
    )
    for _ in range(9):
        at = near + (far - near) * dice.random()
        start = left + (right - left) * dice.random()
        stop = min(start + 0.02 + 0.1 * dice.random(), right)
        grain = tone * (0.75 + 0.55 * dice.random())
        pen.line(
            [_far(start, low, at), _far(stop, low, at)],
            fill=_paint(grain * 1.12, grain * 0.95, grain * 0.82),
            width=FINE,
        )
    pen.line(
        [_far(left, low, far), _far(right, low, far)],
        fill=_paint(tone * 1.7, tone * 1.35, tone * 1.05),
        width=FINE,
    )
    pen.line(
        [_far(left, low, near), _far(right, low, near)],
        fill=_paint(0.03, 0.03, 0.035),
        width=FINE * 2,
    )


def reeds(scene: Plane, dice: np.random.Generator) -> Plane:
    """Let reeds grow at the lower right, the hinder ones out of focus."""
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
    pen.line(edge, fill=_paint(0.50 * tone, 0.37 * tone, 0.20 * tone), width=2)
    if dice.random() < CATTAILS:
        head = points[17:21]
        pen.line(head, fill=_paint(0.15, 0.09, 0.055), width=round(base * 2.6), joint="curve")
        sunny = [(px + base * 0.7, py) for px, py in head]
        pen.line(sunny, fill=_paint(0.42, 0.26, 0.14), width=round(base * 0.7), joint="curve")
