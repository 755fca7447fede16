"""The picture as Gemini takes it: the very bytes where they fit, else a copy that does."""

from dataclasses import dataclass
from typing import Final

from services.chassis.images.check import inspect
from services.chassis.images.encode import JPEG, PNG, WEBP
from services.chassis.images.limits import ImageLimits
from services.chassis.images.load import open_lazily, why
from services.chassis.images.picture import Picture
from services.chassis.images.pipelines import shrink
from services.chassis.images.refusals import damaged
from services.chassis.images.steps import to_srgb
from services.chassis.images.vips import Error
from services.renderer.domain.gemini_models import MAX_BYTES

TAKEN: Final = frozenset({JPEG, PNG, WEBP})
"""The types that are sent as they are."""
JPEG_QUALITY: Final = 95
"""Of a copy: what is lost here is lost in the result."""
MOST_PIXELS: Final = 4096 * 4096
"""The largest that the models make: they see no more than that."""
FEWEST_PIXELS: Final = 1024 * 1024
"""So many fit in bytes, whatever they show and however they are packed."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture within Gemini's limits."""

    data: bytes
    content_type: str


def fitted(data: bytes, limits: ImageLimits) -> Sent:
    """What is sent: upright, still, in sRGB. Raises PermanentError for what is no picture."""
    picture = inspect(data, limits)
    fits = len(data) <= MAX_BYTES and picture.pixels <= MOST_PIXELS
    if fits and picture.content_type in TAKEN and _is_plain(data, picture):
        return Sent(data, picture.content_type)
    return _copy(data, limits)


def _copy(data: bytes, limits: ImageLimits) -> Sent:
    """The largest copy that fits, halving its area: JPEG, or PNG with transparency."""
    most = MOST_PIXELS
    while True:
        copy = shrink(data, limits, max_pixels=most, jpeg_quality=JPEG_QUALITY)
        if len(copy.data) <= MAX_BYTES or most <= FEWEST_PIXELS:
            return Sent(copy.data, copy.content_type)
        most //= 2


def _is_plain(data: bytes, picture: Picture) -> bool:
    # Of these, turning and converting do nothing: the model sees what a person sees.
    if picture.orientation != 1 or picture.frames > 1:
        return False
    try:
        image = open_lazily(data, picture.type)
        return to_srgb(image) is image
    except Error as error:
        raise damaged(picture.type, why(error)) from error
