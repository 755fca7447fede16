"""Everything that the renderer's handlers work with, and the ports to what it keeps outside."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Final, Protocol

from contracts.journal import JournalEntry, Raw, Slot
from services.chassis.step import Facts
from services.renderer.domain.editing import Edited, Source
from services.renderer.domain.polling import PollTimer
from services.renderer.domain.studio import Studio

TurnOf = Callable[[str], AbstractContextManager[bool]]
"""By the name of a provider: its turn, and whether it is given."""

RESULTS_IN_HAND: Final = 8
"""Of 128 MiB at the very most, and of a few MiB as a rule."""

HAND_SECONDS: Final = 10.0
"""The longest that a result waits for a hand: longer would be missing where it is fetched."""


class Pictures(Protocol):
    """A job's pictures in the object store."""

    async def source(self, job: JournalEntry) -> Source:
        """The picture to edit. Raises TransientError where it is not to be had."""

    async def references(self, job: JournalEntry, *, are_small: bool) -> tuple[Source, ...]:
        """What the result is to look like: the style's reference, unless it is what is edited.

        `are_small`: shrunk to what the quick models are given. Raises TransientError.
        """

    async def keep(self, job: JournalEntry, edited: Edited) -> Raw:
        """Store a provider's picture under its content-addressed key: twice is once."""

    async def find(self, job: JournalEntry) -> Facts | None:
        """The fact of a result that was stored but never recorded; None when there is none."""


class Places(Protocol):
    """The places of a provider's account."""

    async def take(self, model: str, *, token: str) -> tuple[Slot, ...]:
        """The places of one task; the same token takes the same. Raises UnavailableError when
        as many tasks are under way as the account allows.
        """

    async def are_held(self, slots: tuple[Slot, ...]) -> bool:
        """Whether all of them are still taken. Raises UnavailableError."""

    async def free(self, slots: tuple[Slot, ...]) -> None:
        """Give the places back; free already is fine. Raises UnavailableError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Workshop:
    """The editors, the pictures, the account and the timing of polls."""

    studio: Studio
    pictures: Pictures
    places: Places
    timer: PollTimer = field(default_factory=PollTimer)
    hands: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(RESULTS_IN_HAND))
    """Bounds the results that are held in memory until they are stored."""
    hand_seconds: float = HAND_SECONDS
    turn_of: TurnOf = lambda _: nullcontext(enter_result=True)
    """Whether a provider may be asked now, where the durable is not stopped for all of them."""
    task_timeout_seconds: float = 300.0
    """How long a task may be under way (FLUX_TIMEOUT_SECONDS)."""

    @asynccontextmanager
    async def hand(self) -> AsyncIterator[bool]:
        """A hand for one result, and whether one came free in time."""
        try:
            async with asyncio.timeout(self.hand_seconds):
                await self.hands.acquire()
        except TimeoutError:
            yield False
            return
        try:
            yield True
        finally:
            self.hands.release()
