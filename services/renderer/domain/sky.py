"""A guess at where the sky is: bright or bluish, and towards the top."""

from typing import Final

from services.chassis.images.vips import Image
from services.renderer.domain.tones import WHITE, stretch

# The guess is about large areas: a small copy tells as much, and blurs for free.
_SIDE_PIXELS: Final = 120
_SOFTNESS: Final = 2.5
HORIZON: Final = 0.72
"""The share of the height below which nothing is sky."""

# Above this share anything may be.
_SURE: Final = 0.3


def sky_of(image: Image) -> Image:
    """How much each pixel belongs to the sky, 0..255, as large as the picture."""
    step = max(min(image.width, image.height) // _SIDE_PIXELS, 1)
    small = image.subsample(step, step).copy_memory()
    is_high = _ramp(Image.xyz(small.width, small.height)[1], HORIZON, _SURE, of=small.height)
    guess = (is_high * _looks_like_sky(small, is_high)).linear([1 / WHITE], [0], uchar=True)
    return stretch(guess.gaussblur(_SOFTNESS), image.width, image.height)


def _looks_like_sky(small: Image, is_high: Image) -> Image:
    """Brighter than the picture's lower part is, or clearly bluer than red."""
    light = small[1] if small.bands > 1 else small
    is_low = is_high.invert()
    ground = (light * is_low).avg() / max(is_low.avg(), 1.0)
    bright = _ramp(light, ground * 0.9, ground * 0.9 + 50)
    if small.bands == 1:
        return bright
    blue = _ramp(small[2] - small[0], 5, 40)
    return (bright > blue).ifthenelse(bright, blue)


def _ramp(image: Image, zero: float, one: float, *, of: float = 1.0) -> Image:
    """0 up to `zero`, 255 from `one` on, straight between; `one` may be the smaller."""
    slope = WHITE / (one - zero)
    return image.linear([slope / of], [-zero * slope], uchar=True)
