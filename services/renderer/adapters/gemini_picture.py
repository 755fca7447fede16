"""The picture as Gemini takes it."""

from dataclasses import dataclass
from typing import Final

from services.chassis.images.limits import ImageLimits
from services.renderer.adapters.fitting import Bounds, copied, unchanged
from services.renderer.domain.gemini_models import MAX_BYTES

# The largest that the models make is 4096 x 4096: they see no more than that.
BOUNDS: Final = Bounds(max_bytes=MAX_BYTES, max_pixels=4096 * 4096)


@dataclass(frozen=True, slots=True)
class Sent:
    """A picture within Gemini's limits."""

    data: bytes
    content_type: str


def fitted(data: bytes, limits: ImageLimits) -> Sent:
    """What is sent: the very bytes where they fit, else a copy that does. See fitting.

    Raises PermanentError for what is no picture.
    """
    picture = unchanged(data, BOUNDS, limits)
    if picture is not None:
        return Sent(data, picture.content_type)
    copy = copied(data, BOUNDS, limits)
    return Sent(copy.data, copy.content_type)
