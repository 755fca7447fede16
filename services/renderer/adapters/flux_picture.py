"""The picture as a model takes it: the very bytes where they fit, else a copy that does."""

from typing import Final

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect
from services.chassis.images.encode import JPEG, PNG, WEBP, Encoded
from services.chassis.images.limits import ImageLimits
from services.chassis.images.load import open_lazily, why
from services.chassis.images.picture import Picture
from services.chassis.images.pipelines import shrink
from services.chassis.images.refusals import damaged
from services.chassis.images.steps import to_srgb
from services.chassis.images.vips import Error
from services.renderer.domain.editing import Source
from services.renderer.domain.flux_body import Reference
from services.renderer.domain.models import FluxModel

TAKEN: Final = frozenset({JPEG, PNG, WEBP})
"""The types that are sent as they are."""
JPEG_QUALITY: Final = 95
"""Of a copy: what is lost here is lost in the result."""
ATTEMPTS: Final = 4
"""More, at a copy with few enough bytes; noise, the hardest of pictures, takes one."""
SLACK: Final = 0.9
"""Of the bytes to aim at: smaller pictures have more of them a pixel."""


def refuse_too_small(source: Source, model: FluxModel) -> None:
    """Raise PermanentError for a picture that the model would refuse."""
    width, height, least = source.width_pixels, source.height_pixels, model.min_side_pixels
    if min(width, height) < least:
        sentence = (
            f"This picture has {width:,} x {height:,} pixels; {model.name} needs at least "
            f"{least} pixels a side."
        )
        raise PermanentError(ErrorCode.IMAGE_TOO_SMALL, sentence)


def as_it_is(data: bytes, model: FluxModel, limits: ImageLimits) -> Reference | None:
    """The very bytes, where the model takes them and sees in them what a person sees; else None.

    Raises PermanentError for what is no picture.
    """
    picture = inspect(data, limits)
    fits = picture.pixels <= model.max_pixels and len(data) <= model.max_bytes
    if not fits or picture.content_type not in TAKEN or not _is_plain(data, picture):
        return None
    return Reference(
        data=data,
        width_pixels=picture.width_pixels,
        height_pixels=picture.height_pixels,
        has_alpha=picture.has_alpha,
    )


def fitted(data: bytes, model: FluxModel, limits: ImageLimits) -> Reference:
    """A copy within the model's limits: upright, sRGB, stripped, never larger than the original.

    JPEG, or PNG with transparency. Raises PermanentError for a picture that does not decode.
    """
    copy = _within(data, limits, model.max_pixels)
    for _ in range(ATTEMPTS):
        if len(copy.data) <= model.max_bytes:
            break
        share = SLACK * model.max_bytes / len(copy.data)
        copy = _within(data, limits, int(copy.width_pixels * copy.height_pixels * share))
    return Reference(
        data=copy.data,
        width_pixels=copy.width_pixels,
        height_pixels=copy.height_pixels,
        has_alpha=copy.content_type == PNG,
    )


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
