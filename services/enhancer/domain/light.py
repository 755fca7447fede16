"""How light, colourful and sharp a picture is, in figures and in words."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from services.chassis.images.vips import Image, numbers
from services.enhancer.domain.lab import lab_of, opacity_of

_DARK: Final = ((22.0, "very dark"), (38.0, "rather dark"), (66.0, "of medium brightness"))
_BRIGHT: Final = ((82.0, "bright"), (float("inf"), "very bright"))
_CONTRAST: Final = (
    (3.0, "no contrast"),
    (30.0, "little contrast"),
    (70.0, "moderate contrast"),
    (float("inf"), "strong contrast"),
)
_NO_COLOUR: Final = 3.0
"""A grey JPEG's chroma stays below this."""
_CHROMA: Final = (
    (12.0, "Its colours are muted"),
    (32.0, "Its colours are moderately strong"),
    (float("inf"), "Its colours are vivid"),
)
_CAST: Final = 5.0
_LOW, _HIGH = 0.05, 0.95

# The squared Laplacian over the squared slope: an edge across one pixel gives 4, one that is spread
# over three 0.7, one over six 0.2, however strong it is; nothing but grain gives over 10.
_SHARPNESS: Final = (
    (0.6, "blurred"),
    (2.0, "slightly soft"),
    (10.0, "sharp"),
    (float("inf"), "grainy"),
)
_LEAST_SLOPE: Final = 0.15
"""The mean square of a slope, in levels of 256 a pixel: less is rounding."""
_LAPLACE: Final = ((0, 1, 0), (1, -4, 1), (0, 1, 0))
_ACROSS: Final = ((-0.5, 0, 0.5),)
_DOWN: Final = ((-0.5,), (0,), (0.5,))
_HALF_OPAQUE: Final = 128


@dataclass(frozen=True, slots=True, kw_only=True)
class Light:
    """What is not transparent, in units of Lab: its mean light, the spread from the darkest
    twentieth to the lightest, the mean chroma and that of the most colourful twentieth, and how
    far it leans to yellow (above 0) or blue.
    """

    mean: float
    spread: float
    chroma: float
    most_chroma: float
    warmth: float


def light_of(image: Image) -> Light | None:
    """The light of a small copy; None when nothing of it can be seen. Raises pyvips.Error."""
    seen = _seen(image)
    if not seen:
        return None
    lights = sorted(light for light, _, _ in seen)
    chromas = sorted((a * a + b * b) ** 0.5 for _, a, b in seen)
    low, high = (int(share * (len(seen) - 1)) for share in (_LOW, _HIGH))
    return Light(
        mean=fmean(lights),
        spread=lights[high] - lights[low],
        chroma=fmean(chromas),
        most_chroma=chromas[high],
        warmth=fmean(b for _, _, b in seen),
    )


def sharpness_of(image: Image) -> float | None:
    """How abrupt the edges of a copy are, whatever their contrast: 4 for steps across one pixel.

    None where there is too little to tell by. Raises pyvips.Error.
    """
    light = lab_of(image)[0].linear([2.55], [0]).copy_memory()
    slopes = [_filtered(light, way) for way in (_ACROSS, _DOWN)]
    steepness = sum((slope * slope).avg() for slope in slopes)
    if steepness < _LEAST_SLOPE:
        return None
    bend = _filtered(light, _LAPLACE)
    return float((bend * bend).avg() / steepness)


def lit(light: Light) -> str:
    """Brightness and contrast in a sentence."""
    return f"It is {_word(light.mean, _DARK + _BRIGHT)}, with {_word(light.spread, _CONTRAST)}."


def coloured(light: Light) -> str:
    """How strong its colours are, and where they lean to, in a sentence."""
    if light.most_chroma < _NO_COLOUR:
        return "It has no colours, only black, white or greys."
    lean = ""
    if abs(light.warmth) > _CAST:
        lean = " and mostly warm" if light.warmth > 0 else " and mostly cool"
    return f"{_word(light.chroma, _CHROMA)}{lean}."


def sharp(sharpness: float | None) -> str:
    """How sharp it is, in a sentence."""
    if sharpness is None:
        return "It is too plain to tell whether it is sharp."
    return f"Seen at the size of a postcard it is {_word(sharpness, _SHARPNESS)}."


def _seen(image: Image) -> list[tuple[float, float, float]]:
    values = numbers(lab_of(image))
    colours = zip(values[::3], values[1::3], values[2::3], strict=True)
    opacity = opacity_of(image)
    if opacity is None:
        return list(colours)
    return [
        colour
        for colour, alpha in zip(colours, numbers(opacity), strict=True)
        if alpha >= _HALF_OPAQUE
    ]


def _filtered(light: Image, mask: Sequence[Sequence[float]]) -> Image:
    return light.conv(Image.new_from_array([list(row) for row in mask]))


def _word(value: float, scale: tuple[tuple[float, str], ...]) -> str:
    return next(word for below, word in scale if value < below)
