"""The renderer without key, network or weights."""

from typing import Final

from contracts.errors import ErrorCode
from contracts.queries import ModelAbilities
from services.chassis.errors import PermanentError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.renderer.domain.editing import Edited, Source, Wish
from services.renderer.domain.palette import RESTYLED
from services.renderer.domain.render import render
from services.renderer.domain.understanding import understand
from services.renderer.domain.wishes import Wish as Change

LIBVIPS: Final = "libvips"
ABILITIES: Final = ModelAbilities(name=LIBVIPS, provider="local", generative=False)


NOTHING_ASKED: Final = (
    "I was given neither words that say what to change nor a style's picture to follow."
)


class LocalLibvips:
    """Carries out what a person's own words ask for, then follows a reference, if there is one."""

    name = "local"

    def __init__(self, limits: ImageLimits, pool: PixelPool) -> None:
        self._limits = limits
        self._pool = pool

    async def edit(self, source: Source, wish: Wish) -> Edited:
        """See ImageEditor. Raises PermanentError NOT_UNDERSTOOD saying what it can do."""
        wishes, note = _understood(wish)
        reference = wish.references[0] if wish.references else None
        rendered = await self._pool.in_thread(
            lambda: render(
                source.data,
                wishes,
                limits=self._limits,
                reference=reference.data if reference else None,
            ),
            pixels=source.pixels + (reference.pixels if reference else 0),
        )
        return Edited(
            data=rendered.data,
            content_type=rendered.content_type,
            width_pixels=rendered.width_pixels,
            height_pixels=rendered.height_pixels,
            provider=self.name,
            model=LIBVIPS,
            note=note,
        )


def _understood(wish: Wish) -> tuple[tuple[Change, ...], str]:
    """What is to be changed, and a sentence that says what was. Raises PermanentError."""
    has_words = bool(wish.prompt.strip())
    if not has_words and not wish.references:
        raise PermanentError(ErrorCode.NOT_UNDERSTOOD, NOTHING_ASKED)
    understood = understand(wish.prompt) if has_words else None
    said = (
        understood.sentence if understood else "",
        RESTYLED if wish.references else "",
    )
    return understood.wishes if understood else (), " ".join(filter(None, said))
