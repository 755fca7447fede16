"""The renderer without key, network or weights."""

from typing import Final

from contracts.queries import ModelAbilities
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.renderer.domain.editing import Edited, Source, Wish
from services.renderer.domain.render import render
from services.renderer.domain.understanding import understand

LIBVIPS: Final = "libvips"
ABILITIES: Final = ModelAbilities(name=LIBVIPS, provider="local", generative=False)


class LocalLibvips:
    """Carries out what a person's own words ask for."""

    name = "local"

    def __init__(self, limits: ImageLimits, pool: PixelPool) -> None:
        self._limits = limits
        self._pool = pool

    async def edit(self, source: Source, wish: Wish) -> Edited:
        """See ImageEditor. Raises PermanentError NOT_UNDERSTOOD saying what it can do."""
        understood = understand(wish.prompt)
        rendered = await self._pool.in_thread(
            lambda: render(source.data, understood.wishes, limits=self._limits),
            pixels=source.pixels,
        )
        return Edited(
            data=rendered.data,
            content_type=rendered.content_type,
            width_pixels=rendered.width_pixels,
            height_pixels=rendered.height_pixels,
            provider=self.name,
            model=LIBVIPS,
            note=understood.sentence,
        )
