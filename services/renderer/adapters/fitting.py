"""A picture within a model's bounds: whether the very bytes do, and a copy that does."""

from dataclasses import dataclass
from typing import Final

from services.chassis.images.check import inspect
from services.chassis.images.encode import JPEG, PNG, WEBP, Encoded
from services.chassis.images.limits import ImageLimits
from services.chassis.images.load import open_lazily, why
from services.chassis.images.picture import Picture
from services.chassis.images.pipelines import shrink
from services.chassis.images.refusals import damaged
from services.chassis.images.steps import to_srgb
from services.chassis.images.vips import Error

TAKEN: Final = frozenset({JPEG, PNG, WEBP})
"""The types that are sent as they are: every provider takes them."""
JPEG_QUALITY: Final = 95
"""Of a copy: what is lost here is lost in the result."""
ATTEMPTS: Final = 4
"""More, at a copy with few enough bytes; noise, the hardest of pictures, takes one."""
SLACK: Final = 0.9
"""Of the bytes to aim at: smaller pictures have more of them a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """The most that a model takes in one picture: bytes as they are sent, and pixels."""

    max_bytes: int
    max_pixels: int


def unchanged(data: bytes, bounds: Bounds, limits: ImageLimits) -> Picture | None:
    """What is said in the header of bytes that may be sent as they are, else None.

    A model sees in them what a person sees. Raises PermanentError for what is no picture.
    """
    picture = inspect(data, limits)
    fits = picture.pixels <= bounds.max_pixels and len(data) <= bounds.max_bytes
    if fits and picture.content_type in TAKEN and _is_plain(data, picture):
        return picture
    return None


def copied(data: bytes, bounds: Bounds, limits: ImageLimits) -> Encoded:
    """A copy within the bounds: upright, still, sRGB, stripped, never larger than the original.

    JPEG, or PNG with transparency. Raises PermanentError for a picture that does not decode.
    """
    copy = _within(data, limits, bounds.max_pixels)
    for _ in range(ATTEMPTS):
        if len(copy.data) <= bounds.max_bytes:
            break
        share = SLACK * bounds.max_bytes / len(copy.data)
        copy = _within(data, limits, int(copy.width_pixels * copy.height_pixels * share))
    return copy


def _within(data: bytes, limits: ImageLimits, max_pixels: int) -> Encoded:
    return shrink(data, limits, max_pixels=max_pixels, jpeg_quality=JPEG_QUALITY)


def _is_plain(data: bytes, picture: Picture) -> bool:
    """Whether it lies upright, stands still, and is in sRGB: turning and converting do nothing."""
    if picture.orientation != 1 or picture.frames > 1:
        return False
    try:
        image = open_lazily(data, picture.type)
        return to_srgb(image) is image
    except Error as error:
        raise damaged(picture.type, why(error)) from error
