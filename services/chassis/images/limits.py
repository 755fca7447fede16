"""What a picture may cost before its pixels are touched."""

from dataclasses import dataclass
from typing import Final

from services.chassis.settings import ImageSettings

READABLE_TYPES: Final = ("jpeg", "png", "webp", "bmp", "tiff")
"""Every type that a decoder is let loose on, in the order in which a person is told of them."""

MAX_RAW_BYTES: Final = 128 * 1024 * 1024
"""A provider's picture may be lossless, and so larger than any upload."""

MIN_RAW_PIXELS: Final = 25_000_000
"""What a provider makes was paid for, so it is read whatever uploads may have: the largest are
squares of 4096 pixels a side (16.8 million), other shapes of that size have a few percent more, and
this has room for half as much again.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageLimits:
    """The limits of one picture, tested against its header before any decode."""

    max_upload_bytes: int = 20 * 1024 * 1024
    max_image_pixels: int = 50_000_000
    max_side_pixels: int = 20_000
    max_frames: int = 100
    unsupported_types: frozenset[str] = frozenset({"heic", "avif", "gif"})
    """Names refused on top of all that is not readable."""

    @property
    def accepted_types(self) -> tuple[str, ...]:
        """The types that pass, in the order in which a person is told of them."""
        return tuple(name for name in READABLE_TYPES if name not in self.unsupported_types)


def upload_limits(settings: ImageSettings) -> ImageLimits:
    """What a picture may be that somebody hands in."""
    return ImageLimits(
        max_upload_bytes=settings.max_upload_bytes,
        max_image_pixels=settings.max_image_pixels,
        unsupported_types=frozenset(settings.unsupported_image_types),
    )


def raw_limits(max_image_pixels: int) -> ImageLimits:
    """What a provider's picture may be: any type that we read, as many pixels as an upload or as
    providers make, whichever is more.
    """
    return ImageLimits(
        max_upload_bytes=MAX_RAW_BYTES,
        max_image_pixels=max(max_image_pixels, MIN_RAW_PIXELS),
        unsupported_types=frozenset(),
    )
