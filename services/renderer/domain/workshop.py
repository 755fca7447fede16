"""Everything that the renderer's handlers work with, and the ports to what it keeps outside."""

from dataclasses import dataclass, field
from typing import Protocol

from contracts.journal import JournalEntry, Raw, Slot
from services.chassis.step import Facts
from services.renderer.domain.editing import Edited, Source
from services.renderer.domain.polling import PollTimer
from services.renderer.domain.studio import Studio


class Pictures(Protocol):
    """A job's pictures in the object store."""

    async def source(self, job: JournalEntry) -> Source:
        """The picture to edit. Raises TransientError where it is not to be had."""

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
    task_timeout_seconds: float = 300.0
    """How long a task may be under way (FLUX_TIMEOUT_SECONDS)."""
