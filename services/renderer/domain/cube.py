"""A mapping of colours as a cube of them: worked out once, then looked up for every pixel."""

from array import array
from functools import cache
from typing import Final

from PIL import Image as Pillow
from PIL.ImageFilter import Color3DLUT

from services.chassis.images.vips import Image, numbers
from services.renderer.domain.looks import RGB, coloured
from services.renderer.domain.transport import Mapping

SIDE: Final = 33
"""Colours a side, as cameras' and films' own cubes have: 8 levels apart."""
STRIP_PIXELS: Final = 1_000_000
"""Looked up at once; a picture of any size takes no more than itself and its result."""

_DEEPEST: Final = 65_535.0
# A sixteenth of a level: what rounding alone puts outside.
_TOLERANCE: Final = 0.0005
_HALVINGS: Final = 7


def cube_of(mapping: Mapping) -> Color3DLUT:
    """The mapping in sRGB. What no screen shows is made paler until one does, at the same light.

    Raises pyvips.Error.
    """
    shown = _within_gamut(mapping(_grid())).colourspace("rgb16")
    return Color3DLUT(SIDE, [value / _DEEPEST for value in numbers(shown)])


def look_up(colours: Image, cube: Color3DLUT) -> Image:
    """Every pixel's colour in the cube, straight lines between its entries. Raises pyvips.Error."""
    image = coloured(colours)
    step = max(STRIP_PIXELS // image.width, 1)
    result = bytearray()
    for top in range(0, image.height, step):
        result += _strip(image.crop(0, top, image.width, min(step, image.height - top)), cube)
    made = Image.new_from_memory(result, image.width, image.height, RGB, "uchar")
    return made.copy(interpretation="srgb")


def _strip(image: Image, cube: Color3DLUT) -> bytes:
    size = image.width, image.height
    return Pillow.frombytes("RGB", size, bytes(image.write_to_memory())).filter(cube).tobytes()


@cache
def _grid() -> Image:
    """Every colour of the cube in Lab, red changing first: one row."""
    levels = [round(at * _DEEPEST / (SIDE - 1)) for at in range(SIDE)]
    values = array(
        "H",
        (
            value
            for blue in levels
            for green in levels
            for red in levels
            for value in (red, green, blue)
        ),
    )
    row = Image.new_from_memory(values.tobytes(), SIDE**3, 1, RGB, "ushort")
    return row.copy(interpretation="rgb16").colourspace("lab").copy_memory()


def _within_gamut(lab: Image) -> Image:
    """Each colour with as much of its chroma as a screen shows, found by halving."""
    lab = lab.copy_memory()
    kept = Image.black(lab.width, lab.height)
    step = 1.0
    for _ in range(_HALVINGS):
        tried = kept + step
        is_better = _is_shown(_paler(lab, tried)) & (tried <= 1)
        kept = is_better.ifthenelse(tried, kept).copy_memory()
        step /= 2
    return _paler(lab, kept)


def _paler(lab: Image, share: Image) -> Image:
    return lab[0].bandjoin([lab[1] * share, lab[2] * share]).copy(interpretation="lab")


def _is_shown(lab: Image) -> Image:
    light = lab.colourspace("scrgb")
    inside = (light >= -_TOLERANCE) & (light <= 1 + _TOLERANCE)
    return inside[0] & inside[1] & inside[2]
