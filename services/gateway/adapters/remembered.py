"""What other services say of themselves, remembered: the models there are, and the styles."""

import asyncio
import logging
import time
from collections.abc import Callable
from typing import Final, Generic, TypeVar

from contracts.base import Message
from contracts.queries import Abilities, AbilitiesQuestion, Styles, StylesQuestion
from contracts.styles import Style
from contracts.subjects import RENDERER_ABILITIES_QUERY, STORAGE_STYLES_QUERY
from services.chassis.bus import READ_SECONDS, Bus
from services.chassis.errors import RefusedError, UnavailableError
from services.gateway.domain.problems import PostponedError

log = logging.getLogger(__name__)

T = TypeVar("T", bound=Message)

ABILITIES_SECONDS: Final = 30.0
"""What a renderer can do changes with its settings, that is when it is started anew."""

STYLES_SECONDS: Final = 5.0
"""Styles change when an operator loads them, who then looks whether they are there."""

PAUSE_SECONDS: Final = READ_SECONDS
"""After a question without an answer: as long again as the longest one took."""

_NO_ABILITIES: Final = (
    "Whether `model`, `seed`, `aspect_ratio` and styles can be honoured is not known at the "
    "moment. Please try again in a few seconds, or leave them out."
)
_NO_STYLES: Final = "The styles are not known at the moment. Please try again in a few seconds."


class Remembered(Generic[T]):
    """An answer, asked for anew when it is old: one question at a time, and whoever comes meanwhile
    waits for that answer.
    """

    def __init__(
        self,
        bus: Bus,
        subject: str,
        question: Message,
        answer: type[T],
        *,
        keep_seconds: float,
        sentence: str,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._bus = bus
        self._subject = subject
        self._question = question
        self._answer = answer
        self._keep_seconds = keep_seconds
        self._sentence = sentence
        self._now = now
        self._asking = asyncio.Lock()
        self._known: T | None = None
        self._ask_again_at = now()

    async def get(self) -> T:
        """The answer. While nobody answers the last word holds, however old.

        Raises PostponedError if there never was one.
        """
        async with self._asking:
            if self._now() >= self._ask_again_at:
                await self._ask()
        if self._known is None:
            raise PostponedError(self._sentence, retry_after=PAUSE_SECONDS)
        return self._known

    async def _ask(self) -> None:
        try:
            self._known = await self._bus.ask(self._subject, self._question, self._answer)
        except (UnavailableError, RefusedError) as error:
            extra = {"subject": self._subject, "error": type(error).__name__}
            log.warning("question_unanswered", extra=extra)
            self._ask_again_at = self._now() + PAUSE_SECONDS
        else:
            self._ask_again_at = self._now() + self._keep_seconds


class RendererAbilities:
    """See ImageService."""

    def __init__(self, bus: Bus, *, now: Callable[[], float] = time.monotonic) -> None:
        self._remembered = Remembered(
            bus,
            RENDERER_ABILITIES_QUERY,
            AbilitiesQuestion(),
            Abilities,
            keep_seconds=ABILITIES_SECONDS,
            sentence=_NO_ABILITIES,
            now=now,
        )

    async def abilities(self) -> Abilities:
        """See ImageService."""
        return await self._remembered.get()


class StorageStyles:
    """See Styles."""

    def __init__(self, bus: Bus, *, now: Callable[[], float] = time.monotonic) -> None:
        self._remembered = Remembered(
            bus,
            STORAGE_STYLES_QUERY,
            StylesQuestion(),
            Styles,
            keep_seconds=STYLES_SECONDS,
            sentence=_NO_STYLES,
            now=now,
        )

    async def all(self) -> tuple[Style, ...]:
        """See Styles."""
        return (await self._remembered.get()).styles
