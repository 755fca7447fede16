"""How a provider's picture becomes the result that a person downloads."""

from functools import partial
from typing import Final

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect
from services.chassis.images.encode import Encoded
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import finish
from services.chassis.images.pool import PixelPool

INVALID_SENTENCE: Final = "The image service sent a picture that cannot be used. Please try again."


class Finisher:
    """Finishes pictures off the event loop.

    The steps: check, turn upright, to sRGB, strip, encode. Marking a result comes after all of
    them, on the encoded bytes.
    """

    def __init__(self, limits: ImageLimits, pool: PixelPool) -> None:
        self._limits = limits
        self._pool = pool

    async def finish(self, raw: bytes, content_type: str | None) -> Encoded:
        """The result in the asked type; by default JPEG, or PNG when there is transparency.

        Raises PermanentError for a picture that does not decode, UnavailableError when too many
        pictures are waiting.
        """
        try:
            picture = await self._pool.in_thread(partial(inspect, raw, self._limits), pixels=0)
            work = partial(finish, raw, self._limits, content_type=content_type)
            return await self._pool.in_thread(work, pixels=picture.pixels)
        except PermanentError as error:
            reason = f"{error.code}: {error}"
            raise PermanentError(
                ErrorCode.RESULT_INVALID, INVALID_SENTENCE, reason=reason
            ) from error
