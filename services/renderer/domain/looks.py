"""Each look as a function of the colour channels (one or three, 8 bit) and an amount."""

import math
from collections.abc import Callable, Mapping
from functools import cache
from typing import Final

from services.chassis.images.vips import Image
from services.renderer.domain.tones import blend, curve, luma, mix, saturate, stretch, table
from services.renderer.domain.wishes import Look, Tint

RGB: Final = 3
# At full warmth red gains and blue loses this share.
_WARMTH_SHARE: Final = 0.28
_SEPIA_ROWS: Final = (
    (0.393, 0.769, 0.189),
    (0.349, 0.686, 0.168),
    (0.272, 0.534, 0.131),
)
# Of the shorter side: what reads as a strong blur on any size.
_BLUR_SHARE: Final = 0.02
_BLOCK_SHARE: Final = 0.04
_SURROUNDINGS_SHARE: Final = 0.04
_MAP_PIXELS: Final = 64
# A blur this wide has no edge left that blocks of a few pixels could show.
_SMOOTH_FROM: Final = 6
_VIGNETTE_FROM: Final = 0.35
_CORNER: Final = 1.25
_MIDDLE: Final = 0.5
_TONES: Final = (10, 3)


def tint(image: Image, wish: Tint) -> Image:
    """Lay a colour over the light: shadows stay dark and lights stay light."""
    image = coloured(image)
    channels = [_ramp_through(value / 255) for value in (wish.red, wish.green, wish.blue)]
    return blend(luma(image).maplut(table(channels)), image, wish.strength)


def brightness(image: Image, amount: float) -> Image:
    """Raise or lower the mid-tones; black stays black and white stays white."""
    power = 1 / (1 + 1.6 * amount) if amount > 0 else 1 - 1.6 * amount
    return curve(image, lambda level: level**power)


def contrast(image: Image, amount: float) -> Image:
    """Push the tones apart around the middle, or pull them together; the ends never clip."""
    if amount > 0:
        return curve(image, lambda level: _s_curve(level, 1 + 1.6 * amount))
    return curve(image, lambda level: 0.5 + (level - 0.5) * (1 + amount))


def saturation(image: Image, amount: float) -> Image:
    """Make colours stronger or weaker; a grey picture has none to change."""
    return saturate(image, 1 + amount) if image.bands == RGB else image


def warmth(image: Image, amount: float) -> Image:
    """Shift the light from blue towards orange, or back, at about the same brightness."""
    share = _WARMTH_SHARE * amount
    gains = (1 + share * 0.6, 1 + share * 0.1, 1 - share)
    # Gains bend near white, so that no channel clips.
    return coloured(image).maplut(table([_gain(gain) for gain in gains]))


def drama(image: Image, amount: float) -> Image:
    """Heavy light: local contrast, deep shadows, paler colours, dark corners."""
    carve, pale = 0.9 * amount, 0.22 * amount
    # Green is nearly the light, and costs no sum over the channels.
    light = image[1] if image.bands == RGB else image
    around = _widely_blurred(light, min(image.width, image.height) * _SURROUNDINGS_SHARE)
    grey = light * ((pale + carve) / (1 - pale)) - around * (carve / (1 - pale))
    heavy = ((image + grey) * _shade(image, 0.45 * amount, of=1 - pale)).cast("uchar")
    return curve(heavy, lambda level: _s_curve(level, 1 + 0.9 * amount) ** (1 + 0.3 * amount))


def greyscale(image: Image, amount: float) -> Image:
    """Light alone, in one channel."""
    grey = luma(image)
    return grey if amount >= 1 else blend(coloured(grey), coloured(image), amount)


def sepia(image: Image, amount: float) -> Image:
    """The brown of old prints."""
    image = coloured(image)
    return blend(mix(image, [list(row) for row in _SEPIA_ROWS]), image, amount)


def balance(image: Image, amount: float) -> Image:
    """Take a colour cast away, believing that the picture is grey on average."""
    if image.bands != RGB:
        return image
    means = [max(image[band].avg(), 1.0) for band in range(RGB)]
    grey = sum(means) / RGB
    return image.maplut(table([_gain(1 + amount * (grey / mean - 1)) for mean in means]))


def blur(image: Image, amount: float) -> Image:
    """Soften everything, in proportion to the picture's size."""
    sigma = max(amount * _BLUR_SHARE * min(image.width, image.height), 0.6)
    return _widely_blurred(image, sigma)


def sharpen(image: Image, amount: float) -> Image:
    """Raise fine detail over its surroundings."""
    soft = image.gaussblur(1.2, precision="integer")
    return ((image - soft) * (0.6 + 1.4 * amount) + image).cast("uchar")


def vignette(image: Image, amount: float) -> Image:
    """Darken towards the corners."""
    return (image * _shade(image, amount)).cast("uchar")


def pixelate(image: Image, amount: float) -> Image:
    """Squares of one colour each."""
    block = max(round(amount * _BLOCK_SHARE * min(image.width, image.height)), 2)
    wide, high = -(-image.width // block) * block, -(-image.height // block) * block
    padded = image.embed(0, 0, wide, high, extend="copy")
    squares = padded.shrink(block, block).cast("uchar").zoom(block, block)
    return squares.crop(0, 0, image.width, image.height)


def posterise(image: Image, amount: float) -> Image:
    """Few tones a channel."""
    many, few = _TONES
    steps = round(many + (few - many) * amount) - 1
    return curve(image, lambda level: round(level * steps) / steps)


LOOKS: Final[Mapping[Look, Callable[[Image, float], Image]]] = {
    Look.BRIGHTNESS: brightness,
    Look.CONTRAST: contrast,
    Look.SATURATION: saturation,
    Look.WARMTH: warmth,
    Look.DRAMA: drama,
    Look.GREYSCALE: greyscale,
    Look.SEPIA: sepia,
    Look.BALANCE: balance,
    Look.BLUR: blur,
    Look.SHARPEN: sharpen,
    Look.VIGNETTE: vignette,
    Look.PIXELATE: pixelate,
    Look.POSTERISE: posterise,
}


def coloured(image: Image) -> Image:
    """The picture in three channels."""
    if image.bands == RGB:
        return image
    return image.bandjoin(image).bandjoin(image).copy(interpretation="srgb")


def _ramp_through(value: float) -> Callable[[float], float]:
    """Black to the colour at two thirds of the light, and on to white."""
    knee = 0.66
    return lambda level: (
        value * level / knee if level < knee else value + (1 - value) * (level - knee) / (1 - knee)
    )


def _gain(gain: float) -> Callable[[float], float]:
    return lambda level: level * gain if gain <= 1 else 1 - (1 - level) ** gain


def _s_curve(level: float, steepness: float) -> float:
    if level > _MIDDLE:
        return 1 - _s_curve(1 - level, steepness)
    return _MIDDLE * math.pow(level / _MIDDLE, steepness)


def _shade(image: Image, amount: float, *, of: float = 1.0) -> Image:
    """What share of the light is left, falling from the middle (`of`) to the corners."""
    shade = _corners().linear([-amount * of], [of])
    return stretch(shade, image.width, image.height)


@cache
def _corners() -> Image:
    """0 in the middle, about 1 in the corners."""
    small = Image.xyz(_MAP_PIXELS, _MAP_PIXELS)
    middle = (_MAP_PIXELS - 1) / 2
    x, y = (small[0] - middle) / middle, (small[1] - middle) / middle
    reach = ((x * x + y * y) ** 0.5 - _VIGNETTE_FROM) / (_CORNER - _VIGNETTE_FROM)
    return ((reach < 0).ifthenelse(0.0, reach) ** 2).copy_memory()


def _widely_blurred(image: Image, sigma: float) -> Image:
    # A wide blur of a small copy is the same picture at a fraction of the work.
    shrink = max(int(sigma // 3), 1)
    if shrink == 1:
        return image.gaussblur(sigma, precision="integer")
    small = image.shrink(shrink, shrink, ceil=True).gaussblur(sigma / shrink, precision="integer")
    if shrink >= _SMOOTH_FROM:
        return stretch(small, image.width, image.height)
    large = small.resize(shrink, kernel="linear")
    return large.crop(0, 0, image.width, image.height)
