"""A picture without its background: the alpha channel found on a copy, laid on the whole picture.

The copy bounds the memory that finding it takes; the whole is read, joined and written in rows.
"""

from collections.abc import Callable
from typing import Final

import numpy as np

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.encode import PNG, Encoded
from services.chassis.images.limits import MAX_RAW_BYTES, ImageLimits
from services.chassis.images.load import why
from services.chassis.images.pipelines import small_copy, upright
from services.chassis.images.steps import flatten
from services.chassis.images.vips import KEEP_NOTHING, Error, Image
from services.renderer.domain.backdrop import LEAST_PIXELS, ring_of
from services.renderer.domain.cutting import no_object
from services.renderer.domain.pixels import HALF, Mask, Pixels, image_of, pixels_of
from services.renderer.domain.render import RAW_PNG_COMPRESSION
from services.renderer.domain.verdict import refuse_undecided

ALPHA_PIXELS: Final = 4_000_000
"""Of the copy: an alpha channel twice as coarse as the picture is not seen to be."""
TOO_LARGE_SENTENCE: Final = (
    "This picture is too large without its background; please send a smaller one."
)

FindAlpha = Callable[[Pixels, Mask], Pixels]
"""From a picture (RGB) and where it is visible to its alpha channel. Raises PermanentError."""


def cut_out(data: bytes, limits: ImageLimits, find: FindAlpha) -> Encoded:
    """The picture as displayed with its background transparent: a PNG of the same size.

    What was transparent stays so. Raises PermanentError, with NO_OBJECT_FOUND when there is nothing
    to keep or to remove.
    """
    copy = small_copy(data, limits, max_pixels=ALPHA_PIXELS)
    alpha = _alpha_of(copy, find)
    try:
        return _encoded(_laid_on(upright(data, limits), alpha))
    except Error as error:
        raise PermanentError(
            ErrorCode.PROVIDER_FAILED, "The picture could not be cut out.", reason=why(error)
        ) from error


def _alpha_of(copy: Image, find: FindAlpha) -> Pixels:
    if not copy.hasalpha():
        visible = np.ones((copy.height, copy.width), bool)
        return _found(copy, visible, find)
    own = pixels_of(copy[copy.bands - 1])
    visible = own >= HALF
    if not visible.any():
        raise no_object("all of it is transparent")
    # Its background is gone already, and what it was is not known.
    return own if _stands_free(visible) else _found(copy, visible, find)


def _found(copy: Image, visible: Mask, find: FindAlpha) -> Pixels:
    picture = pixels_of(flatten(copy).colourspace("srgb"))
    alpha = find(picture, visible)
    refuse_undecided(alpha, visible)
    return alpha


def _stands_free(visible: Mask) -> bool:
    """Whether most of the border is transparent, or what is seen of it tells too little."""
    ring = ring_of(*visible.shape)
    tells = (ring & visible).sum() >= max(LEAST_PIXELS, ring.sum() / 2)
    return not (tells or visible.all())


def _laid_on(image: Image, alpha: Pixels) -> Image:
    """The image with the alpha channel, or its own where that is lower."""
    height, width = alpha.shape
    found = image_of(alpha).resize(
        image.width / width, vscale=image.height / height, kernel="linear"
    )
    colours = image
    if image.hasalpha():
        colours, own = image[0 : image.bands - 1], image[image.bands - 1]
        found = (found < own).ifthenelse(found, own)
    # What cannot be seen is not there either: nobody uncovers it, and it costs no bytes.
    shown = (found == 0).ifthenelse([0] * colours.bands, colours)
    return shown.bandjoin(found).copy(interpretation=colours.interpretation)


def _encoded(image: Image) -> Encoded:
    data = image.pngsave_buffer(compression=RAW_PNG_COMPRESSION, keep=KEEP_NOTHING)
    if len(data) > MAX_RAW_BYTES:
        raise PermanentError(ErrorCode.IMAGE_TOO_LARGE, TOO_LARGE_SENTENCE)
    return Encoded(
        data=data, content_type=PNG, width_pixels=image.width, height_pixels=image.height
    )
