"""A small world in which a handler can be stopped after any single operation.

Operations are read, append, publish, put, ack, nak and post. An actor (one delivery of a message)
crashes before or after its n-th operation, or pauses there while others go on. Each ack is checked
against the reasons that the rules allow.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from contracts.base import utcnow
from contracts.events import EditRequested
from contracts.journal import JournalEntry, Stage
from services.chassis.announce import announcement, event_id
from services.chassis.errors import UnavailableError
from services.chassis.failure import FailurePolicy
from services.chassis.handler import Handler, Task
from services.chassis.step import Step
from tests.fakes import MemoryJournal, MemoryPublisher

MESSAGE = 7
"""EVENTS sequence of the job's message."""
COPY = 9
"""EVENTS sequence of a copy that the watchdog announced."""


class Crash(BaseException):
    """The process is gone (kill -9): nothing catches it."""


@dataclass
class Actor:
    """One delivery's run, and where it is stopped."""

    name: str
    crash_before: int | None = None
    crash_after: int | None = None
    crash_on: str | None = None
    pause_after: int | None = None
    pause_before: int | None = None
    operations: list[str] = field(default_factory=list)
    paused: asyncio.Event = field(default_factory=asyncio.Event)
    resume: asyncio.Event = field(default_factory=asyncio.Event)


class AckedWithoutReasonError(BaseException):
    """Not to be caught by the code under test either."""


ACTOR: ContextVar[Actor] = ContextVar("actor")


class MemoryDelivery:
    """A delivery of a message in the world."""

    def __init__(self, world: "World", sequence: int, deliveries: int) -> None:
        self._world = world
        self.sequence = sequence
        self.deliveries = deliveries

    async def ack(self) -> None:
        async with self._world.gate("ack"):
            self._world.acknowledge(self.sequence)

    async def nak(self, delay: float) -> None:
        async with self._world.gate("nak"):
            self._world.delays.append(delay)

    async def in_progress(self) -> None:
        return


class World:
    """One job, its messages, and everything that a step may touch."""

    def __init__(self, step: Step, opened: JournalEntry, task: Callable[["World"], Task]) -> None:
        self.step = step
        self.journal = MemoryJournal(self.gate)
        self.publisher = MemoryPublisher(self.gate)
        self.letters: list[Exception] = []
        self.objects: set[str] = set()
        self.posts = 0
        self.delays: list[float] = []
        self.acked: set[int] = set()
        self.skew = timedelta()
        self._before: dict[str, Callable[[], None]] = {}
        self.bus_away = 0
        """How many more operations the bus fails."""
        self.job_id = opened.job_id
        self.journal._store(opened, None, "opened")
        self.task = task(self)
        self._deliveries: dict[int, int] = {}

    def now(self) -> datetime:
        return utcnow() + self.skew

    @property
    def last(self) -> JournalEntry:
        return self.journal.entries(self.job_id)[-1]

    @property
    def announced(self) -> bool:
        event = announcement(self.last)
        return event is not None and event_id(event, self.last) in self.publisher.stored

    @asynccontextmanager
    async def gate(self, operation: str) -> AsyncIterator[None]:
        actor = ACTOR.get()
        number = len(actor.operations)
        actor.operations.append(operation)
        if actor.crash_before == number:
            raise Crash
        if happens := self._before.pop(operation, None):
            happens()
        if actor.pause_before == number:
            await self._pause(actor)
        if self.bus_away and operation in {"append", "read", "publish"}:
            self.bus_away -= 1
            raise UnavailableError("the bus is away")
        yield
        if actor.crash_after == number or actor.crash_on == operation:
            raise Crash
        if actor.pause_after == number:
            await self._pause(actor)

    async def _pause(self, actor: Actor) -> None:
        actor.paused.set()
        await actor.resume.wait()

    def before_next(self, operation: str, happens: Callable[[], None]) -> None:
        """Something that happens right before the next such operation."""
        self._before[operation] = happens

    def write(self, entry: JournalEntry) -> None:
        """What somebody else appends."""
        self.journal._store(entry, self.journal.peek(self.job_id), "elsewhere")

    def acknowledge(self, sequence: int) -> None:
        last = self.last
        allowed = (
            last.terminal
            or self.step.beyond(last)
            or self.announced
            or (last.facts.trigger != sequence and last.facts.trigger not in self.acked)
        )
        if not allowed:
            raise AckedWithoutReasonError(f"message {sequence} at {last.stage}")
        self.acked.add(sequence)

    async def keep(self, delivery: object, error: Exception, *, job: JournalEntry | None) -> None:
        async with self.gate("dead letter"):
            self.letters.append(error)

    async def deliver(self, actor: Actor, *, sequence: int = MESSAGE) -> None:
        """Run one delivery to its end, or to the actor's crash."""
        ACTOR.set(actor)
        self._deliveries[sequence] = self._deliveries.get(sequence, 0) + 1
        delivery = MemoryDelivery(self, sequence, self._deliveries[sequence])
        handler = Handler(self.step, self.journal, self.publisher, now=self.now)
        hold = handler.hold(delivery)
        event = EditRequested(job_id=self.job_id, request_id="request", occurred_at=utcnow())
        with suppress(Crash):
            await FailurePolicy(self, self.step.durable).guard_step(
                handler, hold, lambda: handler.handle(hold, event, self.task)
            )

    def start(self, actor: Actor, *, sequence: int = MESSAGE) -> asyncio.Task[None]:
        return asyncio.create_task(self.deliver(actor, sequence=sequence))

    async def until_acked(self, *, sequence: int = MESSAGE, most: int = 8) -> int:
        """Redeliver until the message is gone; how many deliveries that took."""
        for count in range(most):
            if sequence in self.acked:
                return count
            await self.deliver(Actor(f"again {count}"), sequence=sequence)
        assert sequence in self.acked, f"not acked after {most} deliveries: {self.last.stage}"
        return most


async def paused_at(
    world: World, operation: int, *, before: bool = False
) -> tuple[Actor, asyncio.Task[None]]:
    """An actor that stands still around its n-th operation (or has ended before it)."""
    actor = Actor("paused")
    actor.pause_before, actor.pause_after = (operation, None) if before else (None, operation)
    running = world.start(actor)
    waiting = asyncio.create_task(actor.paused.wait())
    await asyncio.wait({running, waiting}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    return actor, running


async def erased_at(world: World, operation: int) -> None:
    """A delivery that goes on after somebody erased its job around its n-th operation."""
    slow, running = await paused_at(world, operation)
    world.write(world.last.erase())
    slow.resume.set()
    await running


async def count_operations(make: Callable[[], World]) -> int:
    """How many operations an undisturbed run takes."""
    actor = Actor("undisturbed")
    await make().deliver(actor)
    return len(actor.operations)


async def explore(
    make: Callable[[], World], disturb: Callable[[World, int], Awaitable[None]]
) -> AsyncIterator[tuple[World, int]]:
    """Worlds in which a first delivery was disturbed at each of its operations."""
    for operation in range(await count_operations(make)):
        world = make()
        await disturb(world, operation)
        yield world, operation


__all__ = [
    "COPY",
    "MESSAGE",
    "Actor",
    "Crash",
    "Stage",
    "World",
    "erased_at",
    "explore",
    "paused_at",
]
