"""Image providers, one class per vendor or technology."""

from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.renderer.domain.editing import Edited
from services.renderer.domain.render import render
from services.renderer.domain.understanding import understand


class LocalLibvips:
    """No key, no network, no weights: carries out what a person's own words ask for."""

    def __init__(self, limits: ImageLimits, pool: PixelPool) -> None:
        self._limits = limits
        self._pool = pool

    async def edit(self, source: bytes, *, prompt: str, pixels: int) -> Edited:
        """See ImageEditor. Raises PermanentError NOT_UNDERSTOOD saying what it can do."""
        understood = understand(prompt)
        rendered = await self._pool.in_thread(
            lambda: render(source, understood.wishes, limits=self._limits), pixels=pixels
        )
        return Edited(
            data=rendered.data,
            content_type=rendered.content_type,
            width_pixels=rendered.width_pixels,
            height_pixels=rendered.height_pixels,
            provider="local",
            model="libvips",
            note=understood.sentence,
        )
