"""Pixels to bytes, with nothing of the source's metadata."""

from dataclasses import dataclass
from typing import Final

from services.chassis.images.steps import flatten, strip
from services.chassis.images.vips import KEEP_NOTHING, Image

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"
WEBP: Final = "image/webp"
ENCODABLE_TYPES: Final = (JPEG, PNG, WEBP)

JPEG_QUALITY: Final = 85
WEBP_QUALITY: Final = 85
# Measured on a photograph: each further step of either costs double for a percent or two of size.
_PNG_COMPRESSION: Final = 4
_WEBP_EFFORT: Final = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Encoded:
    """A picture ready to be stored: bytes, what they are, and their size in pixels."""

    data: bytes
    content_type: str
    width_pixels: int
    height_pixels: int


def encode(image: Image, content_type: str, *, jpeg_quality: int = JPEG_QUALITY) -> Encoded:
    """The picture in one of ENCODABLE_TYPES; JPEG is progressive and lies on white.

    Raises KeyError for another type and pyvips.Error when the pixels cannot be read.
    """
    bare = strip(image)
    data = _ENCODERS[content_type](bare, jpeg_quality)
    return Encoded(
        data=data,
        content_type=content_type,
        width_pixels=image.width,
        height_pixels=image.height,
    )


def result_type(image: Image, asked: str | None = None) -> str:
    """The content type of a result: the asked one, else PNG with transparency and JPEG without."""
    return asked or (PNG if image.hasalpha() else JPEG)


def _jpeg(image: Image, quality: int) -> bytes:
    data: bytes = flatten(image).jpegsave_buffer(
        Q=quality, interlace=True, optimize_coding=True, keep=KEEP_NOTHING
    )
    return data


def _png(image: Image, _quality: int) -> bytes:
    data: bytes = image.pngsave_buffer(compression=_PNG_COMPRESSION, keep=KEEP_NOTHING)
    return data


def _webp(image: Image, _quality: int) -> bytes:
    data: bytes = image.webpsave_buffer(Q=WEBP_QUALITY, effort=_WEBP_EFFORT, keep=KEEP_NOTHING)
    return data


_ENCODERS: Final = {JPEG: _jpeg, PNG: _png, WEBP: _webp}
