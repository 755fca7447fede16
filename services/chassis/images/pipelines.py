"""What is done with whole pictures: decode, normalise for a provider, finish a result, thumbnail,
measure on a small copy.

All of them check the header first, so bytes from anywhere may be given.
"""

from typing import Final

from services.chassis.images.check import inspect
from services.chassis.images.encode import (
    JPEG,
    JPEG_QUALITY,
    WEBP,
    Encoded,
    encode,
    result_type,
)
from services.chassis.images.limits import ImageLimits
from services.chassis.images.load import open_lazily, why
from services.chassis.images.picture import Picture
from services.chassis.images.refusals import damaged
from services.chassis.images.steps import Step, autorotate, box_of, fit, run, strip, to_srgb
from services.chassis.images.vips import Error, Image

THUMBNAIL_PIXELS: Final = 256

UPRIGHT: Final[tuple[Step, ...]] = (autorotate, to_srgb, strip)
"""As displayed, in sRGB, with nothing but pixels."""


def decode(data: bytes, limits: ImageLimits) -> Image:
    """The picture as displayed, in 8 bit sRGB or grey, held in memory. Raises PermanentError."""
    picture = inspect(data, limits)
    try:
        return run(open_lazily(data, picture.type), UPRIGHT).copy_memory()
    except Error as error:
        raise damaged(picture.type, why(error)) from error


def upright(data: bytes, limits: ImageLimits) -> Image:
    """The same, its rows read as they are used: once, from the top. Raises PermanentError.

    Bytes that stop early are found out when they are used, with pyvips.Error.
    """
    picture = inspect(data, limits)
    try:
        return run(open_lazily(data, picture.type), UPRIGHT)
    except Error as error:
        raise damaged(picture.type, why(error)) from error


def finish(data: bytes, limits: ImageLimits, *, content_type: str | None = None) -> Encoded:
    """The final form of a result, full size. Raises PermanentError.

    Without a content type: JPEG, or PNG when there is transparency.
    """
    picture = inspect(data, limits)
    try:
        image = run(open_lazily(data, picture.type), UPRIGHT)
        return encode(image, result_type(image, content_type))
    except Error as error:
        raise damaged(picture.type, why(error)) from error


def normalise(
    data: bytes, limits: ImageLimits, *, max_side_pixels: int, content_type: str | None = JPEG
) -> Encoded:
    """A copy within a square box, shrunk while it is loaded. Raises PermanentError."""
    picture = inspect(data, limits)
    try:
        image = run(_shrunk(data, picture, max_side_pixels, max_side_pixels), (to_srgb, strip))
        return encode(image, result_type(image, content_type))
    except Error as error:
        raise damaged(picture.type, why(error)) from error


def shrink(
    data: bytes, limits: ImageLimits, *, max_pixels: int, jpeg_quality: int = JPEG_QUALITY
) -> Encoded:
    """A copy of at most so many pixels: JPEG, or PNG with transparency. Raises PermanentError."""
    picture = inspect(data, limits)
    try:
        image = run(_within(data, picture, max_pixels), (to_srgb, strip))
        return encode(image, result_type(image), jpeg_quality=jpeg_quality)
    except Error as error:
        raise damaged(picture.type, why(error)) from error


def small_copy(data: bytes, limits: ImageLimits, *, max_pixels: int) -> Image:
    """A copy of at most so many pixels to measure: as displayed, in 8 bit sRGB or grey, held in
    memory. Raises PermanentError.
    """
    picture = inspect(data, limits)
    try:
        return run(_within(data, picture, max_pixels), (to_srgb, strip)).copy_memory()
    except Error as error:
        raise damaged(picture.type, why(error)) from error


def thumbnail(data: bytes, limits: ImageLimits, *, side_pixels: int = THUMBNAIL_PIXELS) -> Encoded:
    """A small WebP of the picture. Raises PermanentError."""
    return normalise(data, limits, max_side_pixels=side_pixels, content_type=WEBP)


def _within(data: bytes, picture: Picture, max_pixels: int) -> Image:
    """The picture upright and in proportion, its profile still attached."""
    width, height = box_of(picture.width_pixels, picture.height_pixels, max_pixels)
    return _shrunk(data, picture, width, height)


def _shrunk(data: bytes, picture: Picture, width: int, height: int) -> Image:
    """The picture upright within the box, its profile still attached."""
    fits = picture.width_pixels <= width and picture.height_pixels <= height
    if fits or picture.type == "bmp":
        return run(open_lazily(data, picture.type), (autorotate, fit(width, height)))
    # thumbnail_buffer ignores its own fail_on: only the loader's option string is obeyed.
    return Image.thumbnail_buffer(
        data, width, height=height, size="down", option_string="[fail_on=truncated]"
    )
