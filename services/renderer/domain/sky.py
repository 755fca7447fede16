"""A guess at where the sky is: bright or bluish, and towards the top."""

from typing import Final

from services.chassis.images.vips import Image
from services.renderer.domain.tones import WHITE, stretch

# The guess is about large areas: a small copy tells as much, and blurs for free.
_SIDE_PIXELS: Final = 120
_SOFTNESS: Final = 2.5
# The share of the height below which nothing is sky, and above which all may be.
_HORIZON: Final = 0.72
_SURE: Final = 0.3


def sky_of(image: Image) -> Image:
    """How much each pixel belongs to the sky, 0..255, as large as the picture."""
    step = max(min(image.width, image.height) // _SIDE_PIXELS, 1)
    small = image.subsample(step, step).copy_memory()
    height = Image.xyz(small.width, small.height)[1] / small.height
    is_high = _ramp(height, _HORIZON, _SURE)
    guess = is_high * _looks_like_sky(small, is_high)
    soft = (guess.gaussblur(_SOFTNESS) * WHITE).cast("uchar")
    return stretch(soft, image.width, image.height)


def _looks_like_sky(small: Image, is_high: Image) -> Image:
    """Brighter than the picture's lower part is, or clearly bluer than red."""
    light = small.bandmean()
    ground = (light * (1 - is_high)).avg() / max((1 - is_high).avg(), 1e-3)
    bright = _ramp(light, ground * 0.9, ground * 0.9 + 50)
    if small.bands == 1:
        return bright
    blue = _ramp(small[2] - small[0], 5, 40)
    return (bright > blue).ifthenelse(bright, blue)


def _ramp(image: Image, zero: float, one: float) -> Image:
    """0 up to `zero`, 1 from `one` on, straight between; `one` may be the smaller."""
    sloped = (image - zero) / (one - zero)
    return (sloped < 0).ifthenelse(0.0, (sloped > 1).ifthenelse(1.0, sloped))
