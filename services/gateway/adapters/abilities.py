"""What the renderer says that may be asked of it, remembered."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final

from contracts.queries import Abilities, AbilitiesQuestion
from contracts.subjects import RENDERER_ABILITIES_QUERY
from services.chassis.bus import READ_SECONDS, Bus
from services.chassis.errors import RefusedError, UnavailableError
from services.gateway.domain.problems import PostponedError

log = logging.getLogger(__name__)

KEPT_SECONDS: Final = 30.0
"""What a renderer can do changes with its settings, that is when it is started anew."""

PAUSE_SECONDS: Final = READ_SECONDS
"""After a question without an answer: as long again as the longest one took."""

_SENTENCE: Final = (
    "Whether `model`, `seed` and `aspect_ratio` can be honoured is not known at the moment. "
    "Please try again in a few seconds, or leave them out."
)


class RendererAbilities:
    """Asks one question at a time; whoever comes meanwhile waits for that answer."""

    def __init__(self, bus: Bus, *, now: Callable[[], float] = time.monotonic) -> None:
        self._bus = bus
        self._now = now
        self._asking = asyncio.Lock()
        self._known: Abilities | None = None
        self._ask_again_at = now()

    async def abilities(self) -> Abilities:
        """See ImageService. While the renderer is away its last word holds, however old."""
        async with self._asking:
            if self._now() >= self._ask_again_at:
                await self._ask()
        if self._known is None:
            raise PostponedError(_SENTENCE, retry_after=PAUSE_SECONDS)
        return self._known

    async def _ask(self) -> None:
        question = AbilitiesQuestion()
        try:
            self._known = await self._bus.ask(RENDERER_ABILITIES_QUERY, question, Abilities)
        except (UnavailableError, RefusedError) as error:
            log.warning("abilities_unanswered", extra={"error": type(error).__name__})
            self._ask_again_at = self._now() + PAUSE_SECONDS
        else:
            self._ask_again_at = self._now() + KEPT_SECONDS
