"""A description without a model: what can be measured, and no word of what is shown."""

from collections.abc import Sequence
from typing import Final

from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.chassis.images.picture import Picture
from services.chassis.images.pipelines import small_copy
from services.chassis.images.steps import WHITE, fit_pixels
from services.chassis.images.vips import Image
from services.enhancer.domain.colour_names import name_of
from services.enhancer.domain.lab import opacity_of
from services.enhancer.domain.layout import (
    FILLING,
    MEASURED_PIXELS,
    layout_by,
    percent,
    place_of,
)
from services.enhancer.domain.light import coloured, light_of, lit, sharp, sharpness_of
from services.enhancer.domain.palette import Swatch
from services.enhancer.domain.subject import Box

GENERATED_BY: Final = "local-fallback"
"""What a description says instead of a model's name."""

COPY_PIXELS: Final = 196_608
"""512 x 384: sharpness is judged at one size, whatever the camera's."""

HONESTY: Final = (
    "No vision model is set up here, so this says what was measured, not what is shown."
)

_ONLY: Final = 0.95
_MOSTLY: Final = 0.5
_HARDLY: Final = 0.005


def describe_locally(data: bytes, limits: ImageLimits) -> str:
    """The picture in plain sentences: the same for the same bytes, which should be the original.

    Raises PermanentError when the bytes are refused or cannot be read.
    """
    picture = inspect(data, limits)
    copy = small_copy(data, limits, max_pixels=COPY_PIXELS)
    layout = layout_by(copy, width=picture.width_pixels, height=picture.height_pixels)
    light = light_of(fit_pixels(MEASURED_PIXELS)(copy))
    sentences = [
        _what(picture, layout.orientation, layout.aspect),
        _transparency(copy),
        _colours(layout.palette),
        *((lit(light), coloured(light), sharp(sharpness_of(copy))) if light else ()),
        _subject(layout.subject),
        HONESTY,
    ]
    return " ".join(filter(None, sentences))


def _what(picture: Picture, orientation: str, aspect: str) -> str:
    shape = "square" if aspect == "1:1" else f"{orientation} {aspect}"
    size = f"{picture.width_pixels:,} x {picture.height_pixels:,} pixels"
    frames = f" It has {picture.frames:,} frames; this is about the first." * (picture.frames > 1)
    return f"A {shape} {picture.name} of {size}.{frames}"


def _transparency(image: Image) -> str:
    opacity = opacity_of(image)
    if opacity is None:
        return ""
    clear = 1 - opacity.avg() / WHITE
    if clear >= 1 - _HARDLY:
        return "It is fully transparent."
    return f"About {percent(clear)} of it is transparent." if clear >= _HARDLY else ""


def _colours(palette: Sequence[Swatch]) -> str:
    shares: dict[str, float] = {}
    for swatch in palette:
        name = name_of(swatch.lab)
        shares[name] = shares.get(name, 0.0) + swatch.share
    names = sorted(shares, key=lambda name: -shares[name])
    if not names:
        return ""
    first, others = names[0], _listed(names[1:])
    if shares[first] >= _ONLY or not others:
        return f"It is almost entirely {first}."
    if shares[first] >= _MOSTLY:
        return f"It is mostly {first}, with {others}."
    return f"Its main colours are {_listed(names)}."


def _listed(names: Sequence[str]) -> str:
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1] if names else "")))


def _subject(box: Box | None) -> str:
    if box is None:
        return "Nothing in it stands out from its surroundings."
    if box.area >= FILLING:
        return "What stands out fills most of it."
    across, down = (percent(share) for share in (box.right - box.left, box.bottom - box.top))
    return (
        f"Something stands out {place_of(box)}, about {across} of the width and {down} of the"
        " height in size."
    )
