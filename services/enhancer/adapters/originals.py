"""The originals of jobs, fetched whole or as a small copy."""

from functools import partial

from contracts.objects import ObjectRef
from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import normalise
from services.chassis.images.pool import PixelPool
from services.chassis.objects import ObjectStore, fetch
from services.enhancer.domain.description import Shown


class Originals:
    """Reads pictures that must be there.

    Raises TransientError for one that is not, PermanentError for one that cannot be read, and
    UnavailableError while the store is away or too many pictures are waiting.
    """

    def __init__(self, store: ObjectStore, limits: ImageLimits, pool: PixelPool) -> None:
        self._store = store
        self._limits = limits
        self._pool = pool

    async def whole(self, original: ObjectRef) -> Shown:
        """The very bytes, whose header was read."""
        data = await fetch(self._store, original)
        picture = await self._pool.in_thread(partial(inspect, data, self._limits), pixels=0)
        return Shown(data, picture.pixels)

    async def small(self, original: ObjectRef, *, max_side_pixels: int) -> Shown:
        """A JPEG without metadata that fits into a square of that side."""
        whole = await self.whole(original)
        shrink = partial(normalise, whole.data, self._limits, max_side_pixels=max_side_pixels)
        copy = await self._pool.in_thread(shrink, pixels=whole.pixels)
        return Shown(copy.data, copy.width_pixels * copy.height_pixels)
