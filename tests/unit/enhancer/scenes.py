"""Drawn pictures whose layout is known."""

from typing import Final

from services.chassis.images.vips import Image

PAPER: Final = (235, 232, 225)
RED: Final = (200, 40, 30)
WIDTH: Final = 600
HEIGHT: Final = 400


def surface(width: int = WIDTH, height: int = HEIGHT, colour: tuple[int, ...] = PAPER) -> Image:
    """One colour all over."""
    plain = Image.black(width, height, bands=len(colour)) + list(colour)
    return plain.cast("uchar").copy(interpretation="srgb")


def gradient(width: int = WIDTH, height: int = HEIGHT) -> Image:
    """A pale sky, lighter towards the bottom."""
    down = Image.xyz(width, height)[1] * (60 / height)
    return (
        (surface(width, height, (150, 175, 190)) + down).cast("uchar").copy(interpretation="srgb")
    )


def noise(width: int = WIDTH, height: int = HEIGHT, sigma: float = 60) -> Image:
    """Grain of every colour around grey."""
    planes = [Image.gaussnoise(width, height, sigma=sigma, mean=128, seed=n) for n in range(3)]
    return planes[0].bandjoin(planes[1:]).cast("uchar").copy(interpretation="srgb")


def grainy(image: Image, sigma: float = 12) -> Image:
    """The picture as a poor sensor sees it."""
    grain = noise(image.width, image.height, sigma) - 128.0
    return (image + grain).cast("uchar").copy(interpretation="srgb")


def with_block(
    under: Image, box: tuple[float, float, float, float], colour: tuple[int, ...] = RED
) -> Image:
    """A rectangle of one colour; the box is left, top, right and bottom in shares."""
    left, right = (round(share * under.width) for share in (box[0], box[2]))
    top, bottom = (round(share * under.height) for share in (box[1], box[3]))
    size = max(right - left, 1), max(bottom - top, 1)
    return under.insert(surface(*size, colour), left, top).copy(interpretation="srgb")


def with_disc(
    under: Image, box: tuple[float, float, float, float], colour: tuple[int, ...] = RED
) -> Image:
    """An ellipse within the box, given as for with_block."""
    x, y = Image.xyz(under.width, under.height)[0], Image.xyz(under.width, under.height)[1]
    left, top, right, bottom = (
        share * side for share, side in zip(box, (under.width, under.height) * 2, strict=True)
    )
    across = (x + 0.5 - (left + right) / 2) / ((right - left) / 2)
    down = (y + 0.5 - (top + bottom) / 2) / ((bottom - top) / 2)
    is_within = across * across + down * down < 1
    return is_within.ifthenelse(surface(under.width, under.height, colour), under)


def stripes(*parts: tuple[tuple[int, ...], float], width: int = WIDTH) -> Image:
    """Colours one under the other, each with its share of the height."""
    bands = [surface(width, round(share * HEIGHT), colour) for colour, share in parts]
    whole = bands[0]
    for band in bands[1:]:
        whole = whole.join(band, "vertical")
    return whole


def png(image: Image) -> bytes:
    return bytes(image.pngsave_buffer())


def jpeg(image: Image) -> bytes:
    return bytes(image.jpegsave_buffer(Q=85))
