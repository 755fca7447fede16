"""Small copies of pictures, made in the pixel pool."""

from functools import partial

from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import thumbnail
from services.chassis.images.pool import PixelPool


class PoolShrinker:
    """See Shrinker."""

    def __init__(self, pool: PixelPool, limits: ImageLimits) -> None:
        self._pool = pool
        self._limits = limits

    async def shrink(self, data: bytes) -> bytes:
        """See Shrinker."""
        picture = await self._pool.in_thread(partial(inspect, data, self._limits), pixels=0)
        small = partial(thumbnail, data, self._limits)
        return (await self._pool.in_thread(small, pixels=picture.pixels)).data
