"""What a language model gets to see of the picture: a small copy without metadata."""

import asyncio
import logging
from functools import partial
from typing import Final

from contracts.objects import ObjectRef
from services.chassis.errors import MizualError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import normalise
from services.chassis.images.pool import PixelPool
from services.chassis.objects import ObjectStore, fetch

log = logging.getLogger(__name__)

MAX_SIDE_PIXELS: Final = 1024
"""Enough to tell what a picture shows; larger ones are cut into more paid tiles by the models."""
LOOK_SECONDS: Final = 10.0
"""A picture is a help, not a need: a slow store does not hold the sentence up for longer."""


class Preview:
    """Fetches and shrinks originals; a picture that cannot be shown is done without."""

    def __init__(
        self,
        store: ObjectStore,
        limits: ImageLimits,
        pool: PixelPool,
        *,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._store = store
        self._limits = limits
        self._pool = pool
        self._look_seconds = look_seconds

    async def of(self, original: ObjectRef | None) -> bytes | None:
        """A JPEG of at most MAX_SIDE_PIXELS a side, or None."""
        if original is None:
            return None
        try:
            async with asyncio.timeout(self._look_seconds):
                return await self._shrunk(original)
        except (MizualError, TimeoutError) as error:
            log.warning("picture_not_shown", extra={"error": type(error).__name__})
            return None

    async def _shrunk(self, original: ObjectRef) -> bytes:
        data = await fetch(self._store, original)
        shrink = partial(normalise, data, self._limits, max_side_pixels=MAX_SIDE_PIXELS)
        pixels = (original.width_pixels or 1) * (original.height_pixels or 1)
        return (await self._pool.in_thread(shrink, pixels=pixels)).data
