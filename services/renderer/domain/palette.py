"""The local variation: a picture in the light and the colours of another one."""

from typing import Final

from PIL.ImageFilter import Color3DLUT

from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import small_copy
from services.chassis.images.steps import fit_pixels
from services.chassis.images.vips import Image
from services.renderer.domain.cube import cube_of, look_up
from services.renderer.domain.transport import SEEN_PIXELS, Sample, lab_of, learn, sample_of

RESTYLED: Final = "I took over the light and the colours of the style's reference picture."
"""What a person reads of it."""

EDGES_KEPT: Final = 0.82
"""Least likeness of the edges before and after, as far as giving up on the tones can reach it."""

_CALMER: Final = (5.0, 4.0, 3.2, 2.5, 1.8, 1.4)
_NEARLY_ALL: Final = 0.98
_GREY_UNDER: Final = 3.0
"""Chroma of a grey picture that came as a JPEG in colour."""
_SLOPES: Final = ([[-0.5, 0, 0.5]], [[-0.5], [0], [0.5]])
_NO_STRUCTURE: Final = 1e-6


def restyle(image: Image, reference: bytes, limits: ImageLimits) -> Image:
    """The picture in the light and colours of the reference, with its edges and its transparency.

    Of a picture held in memory; the result is held, too, and nothing else of its size. Raises
    pyvips.Error, and PermanentError when the reference is refused or cannot be read.
    """
    model = sample_of(small_copy(reference, limits, max_pixels=SEEN_PIXELS))
    alpha = image[image.bands - 1] if image.hasalpha() else None
    colours = image if alpha is None else image[0 : image.bands - 1]
    changed = look_up(colours, _chosen(image, colours, model))
    if is_grey(model):
        changed = changed[1].copy(interpretation="b-w")
    return changed if alpha is None else changed.bandjoin(alpha)


def _chosen(image: Image, colours: Image, model: Sample) -> Color3DLUT:
    """The cube that takes over most of the reference's tones without losing edges."""
    source = sample_of(image)
    small = fit_pixels(SEEN_PIXELS)(colours).copy_memory()
    edges = edges_of(small)
    cube = cube_of(learn(source, model))
    for unevenness in _CALMER:
        if likeness(edges, edges_of(look_up(small, cube))) >= EDGES_KEPT:
            break
        cube = cube_of(learn(source, model, unevenness=unevenness))
    return cube


def is_grey(sample: Sample) -> bool:
    """Whether it has no colours but those that rounding gives."""
    _, a, b = sample.channels()
    chroma = sorted(x * x + y * y for x, y in zip(a, b, strict=True))
    return chroma[int(_NEARLY_ALL * (len(chroma) - 1))] < _GREY_UNDER**2


def edges_of(colours: Image) -> Image:
    """How steep the light is at each pixel. Raises pyvips.Error."""
    light = lab_of(colours)[0].copy_memory()
    across, down = (light.conv(Image.new_from_array(mask)) for mask in _SLOPES)
    return ((across * across + down * down) ** 0.5).copy_memory()


def likeness(one: Image, other: Image) -> float:
    """The correlation of two channels: 1 for the same structure, whatever its strength.

    What has no structure at all has lost none: 1.
    """
    spreads = one.deviate() * other.deviate()
    if spreads < _NO_STRUCTURE:
        return 1.0
    return float(((one - one.avg()) * (other - other.avg())).avg() / spreads)
