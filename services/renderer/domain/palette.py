"""The local variation: a picture in the light and the colours of another one."""

from itertools import dropwhile
from math import inf
from typing import Final

from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import small_copy
from services.chassis.images.steps import fit_pixels
from services.chassis.images.vips import Image
from services.renderer.domain.cube import cube_of, look_up
from services.renderer.domain.curves import Curve
from services.renderer.domain.edges import keeps_edges
from services.renderer.domain.transport import (
    SEEN_PIXELS,
    Sample,
    lab_of,
    learn,
    sample_of,
    tones_of,
)

RESTYLED: Final = "I took over the light and the colours of the style's reference picture."
"""What a person reads of it."""

_UNEVENNESS: Final = (inf, 5.0, 4.0, 3.2, 2.5, 1.8, 1.4)
"""How unlike its slopes the curve of the light may be, tried in turn."""
_NEARLY_ALL: Final = 0.98
_GREY_UNDER: Final = 3.0
"""Chroma of a grey picture that came as a JPEG in colour."""


def restyle(image: Image, reference: bytes, limits: ImageLimits) -> Image:
    """The picture in the light and colours of the reference, with its edges and its transparency.

    Of a picture held in memory; the result is held, too, and nothing else of its size. Raises
    pyvips.Error, and PermanentError when the reference is refused or cannot be read.
    """
    model = sample_of(small_copy(reference, limits, max_pixels=SEEN_PIXELS))
    alpha = image[image.bands - 1] if image.hasalpha() else None
    colours = image if alpha is None else image[0 : image.bands - 1]
    source = sample_of(image)
    mapping = learn(source, model, _tones(colours, source, model))
    changed = look_up(colours, cube_of(mapping))
    if is_grey(model):
        changed = changed[1].copy(interpretation="b-w")
    return changed if alpha is None else changed.bandjoin(alpha)


def _tones(colours: Image, source: Sample, model: Sample) -> Curve:
    """The most of the reference's tones that leaves the edges what they are."""
    light = lab_of(fit_pixels(SEEN_PIXELS)(colours))[0].copy_memory()
    curves = (tones_of(source, model, unevenness=at) for at in _UNEVENNESS)
    kept = dropwhile(lambda curve: not keeps_edges(light, curve.of(light)), curves)
    return next(kept, None) or tones_of(source, model, unevenness=_UNEVENNESS[-1])


def is_grey(sample: Sample) -> bool:
    """Whether it has no colours but those that rounding gives."""
    _, a, b = sample.channels()
    chroma = sorted(x * x + y * y for x, y in zip(a, b, strict=True))
    return chroma[int(_NEARLY_ALL * (len(chroma) - 1))] < _GREY_UNDER**2
