"""What is to be seen of a job's pictures: small copies, and their layout."""

import asyncio
import logging
from functools import partial

from services.chassis.errors import MizualError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import SMALL_PIXELS, PixelPool
from services.chassis.images.vips import Error
from services.enhancer.adapters.picture import Preview
from services.enhancer.domain.brief import Brief, Seen
from services.enhancer.domain.layout import layout_of

log = logging.getLogger(__name__)


class PreviewedLooks:
    """See Looks."""

    def __init__(self, preview: Preview, limits: ImageLimits, pool: PixelPool) -> None:
        self._preview = preview
        self._limits = limits
        self._pool = pool

    async def at(self, brief: Brief) -> Seen:
        """See Looks."""
        original, reference = await asyncio.gather(
            self._preview.of(brief.original), self._preview.of(brief.reference)
        )
        if original is None:
            # The first picture would be taken for the one that is edited.
            return Seen()
        pictures = (original, reference) if reference else (original,)
        layout = await self._layout(original) if brief.is_variation else ""
        return Seen(pictures=pictures, layout=layout)

    async def layout(self, brief: Brief) -> str:
        """See Looks."""
        if not brief.is_variation:
            return ""
        original = await self._preview.of(brief.original)
        return await self._layout(original) if original else ""

    async def _layout(self, picture: bytes) -> str:
        measure = partial(layout_of, picture, self._limits)
        try:
            return (await self._pool.in_thread(measure, pixels=SMALL_PIXELS)).hints()
        except (MizualError, Error) as error:
            log.warning("layout_not_measured", extra={"error": type(error).__name__})
            return ""
