"""What a handler is to the pipeline: its stages, the fact it ends with, how it retries."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Any, Final, Protocol

from contracts.events import JobEvent
from contracts.journal import PROGRESS, JournalEntry, Stage, Work

Facts = dict[str, Any]
"""Fields of the work part, and of the public part under `public`, that a handler found out."""

MAX_DELAY_SECONDS: Final = 60.0


class Release(Protocol):
    """See Step.release."""

    async def __call__(self, job: JournalEntry, *, has_ended: bool) -> None:
        """`has_ended`: the provider's task is known to be over, whatever the journal says."""


class Delivery(Protocol):
    """One delivery of a message by its durable."""

    @property
    def sequence(self) -> int:
        """The message's sequence in its stream."""

    @property
    def deliveries(self) -> int:
        """How often the message was delivered, this time included."""

    async def ack(self) -> None:
        """Done: never deliver it again."""

    async def nak(self, delay: float) -> None:
        """Deliver it again after `delay` seconds."""

    async def in_progress(self) -> None:
        """Still at it: restart the acknowledgement clock."""


@dataclass(frozen=True, slots=True)
class Retries:
    """How often a stage is tried again after a real failure, and the first pause in seconds."""

    more: int
    base_seconds: float

    def delay(self, tries: int) -> float:
        """The pause before the try that follows `tries` failures."""
        return float(min(self.base_seconds * 2 ** max(tries - 1, 0), MAX_DELAY_SECONDS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One handler's place in the pipeline. Its stages are written by this handler alone."""

    event: type[JobEvent]
    durable: str
    stages: tuple[Stage, ...]
    needs: Callable[[Work], bool]
    """The fact of the step before, without which the event is not true yet."""
    done: Callable[[Work], bool]
    """The fact that ends this step."""
    who: str
    """Whom a person waits for when it is retried: "The image service"."""
    retries: Mapping[Stage, Retries] = field(default_factory=dict)
    limit_seconds: float = 60.0
    """Hard limit of one run, waiting for another's submission excluded."""
    task_seconds: float = inf
    """The longest that a provider's task may be under way, after which nobody asks for it."""
    skips: Callable[[Work], bool] = lambda _: False
    """Whether the step does its work without showing its stage."""
    fallback: Callable[[JournalEntry], Awaitable[Facts]] | None = None
    """The facts that end the step when it cannot do its work; None: the job fails. Raises
    UnavailableError: the message comes again.
    """
    repeats: Callable[[Work], int] = lambda _: 0
    """How often a submission of unknown outcome is repeated (PROVIDER_UNCERTAIN_REPEATS)."""
    recover: Callable[[JournalEntry], Awaitable[Facts | None]] | None = None
    """Looks for a result that was stored but never recorded, before giving a submission up."""
    release: Release | None = None
    """Frees what the job used outside the journal, if it needs it no more; called before each ack,
    and repeatable.
    """

    def first_stage(self, entry: JournalEntry) -> Stage:
        """The stage to show on taking the step."""
        return entry.stage if self.skips(entry.facts) else self.stages[0]

    def beyond(self, entry: JournalEntry) -> bool:
        """Whether a later step has begun, which proves that this step's event was stored."""
        return entry.terminal or PROGRESS[entry.stage] > PROGRESS[self.stages[-1]]
