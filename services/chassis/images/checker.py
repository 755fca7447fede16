"""The check of one picture, off the event loop: what every door asks before it queues anything."""

from functools import partial

from services.chassis.images import refusals
from services.chassis.images.check import inspect, verify
from services.chassis.images.limits import ImageLimits
from services.chassis.images.picture import Picture
from services.chassis.images.pool import PixelPool


class ImageChecker:
    """Checks pictures within limits, in a pool's threads."""

    def __init__(self, limits: ImageLimits, pool: PixelPool) -> None:
        self._limits = limits
        self._pool = pool

    async def check(self, data: bytes) -> Picture:
        """What the bytes are, proved to decode whole. Raises PermanentError with the refusal.

        Raises UnavailableError when too many pictures are waiting.
        """
        if len(data) > self._limits.max_upload_bytes:
            raise refusals.too_many_bytes(self._limits)
        picture = await self._pool.in_thread(partial(inspect, data, self._limits), pixels=0)
        await self._pool.in_thread(partial(verify, data, picture), pixels=picture.pixels)
        return picture
