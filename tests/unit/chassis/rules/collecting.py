"""The world of a collecting step: a provider that works on a task, and what it says when asked."""

from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from contracts.base import utcnow
from contracts.events import EditSubmitted, TaskSubmitted
from contracts.journal import Handle, JournalEntry, Stage
from services.chassis.collect import Collected, Collector, ForgottenError, Pending
from services.chassis.failure import FailurePolicy
from services.chassis.handler import Handler
from services.chassis.step import Facts, Step
from tests.samples import job
from tests.unit.chassis.rules.steps import ENHANCED, raw
from tests.unit.chassis.rules.world import (
    ACTOR,
    MESSAGE,
    AckedWithoutReasonError,
    Actor,
    Crash,
    MemoryDelivery,
    World,
)

LATER = timedelta(seconds=47)
"""Longer than any run may last."""
WAKE_UP = 11
"""EVENTS sequence of an extra copy."""
LIMIT_SECONDS = 45.0
TASK_SECONDS = 360.0
"""The longest that the provider's task may be under way."""
RAW = raw()
TASK = Handle(provider="flux", task_id="task", model="flux-2-pro")

COLLECT = Step(
    event=EditSubmitted,
    durable="renderer_edit_submitted",
    stages=(Stage.FETCHING_IMAGE, Stage.AI_PROCESSING),
    needs=lambda work: work.handle is not None,
    done=lambda work: work.raw is not None,
    who="The image service",
    limit_seconds=LIMIT_SECONDS,
    task_seconds=TASK_SECONDS,
)


@dataclass
class Task:
    """What the provider says: pending so many times, then `says`."""

    pending: int = 0
    says: Exception | None = None
    progress: int | None = None
    is_asked: bool = True
    """Whether a look asks it at all."""


class Collecting(World):
    """One submitted job, its messages, its provider."""

    def __init__(self, task: Task | None = None, **work: Any) -> None:
        opened = job(enhanced=ENHANCED, **{"handle": TASK, **work}).advance(Stage.AI_PROCESSING)
        super().__init__(COLLECT, opened.model_copy(update={"index": 0}), lambda _: None)  # type: ignore[arg-type,return-value]
        self.provider = task or Task()
        self.polls = 0
        self.released: list[JournalEntry] = []
        """What was freed, each time with the task known to have ended or its result recorded."""
        self.recovers = True
        self.told: Handle | None = None
        """The task as the event tells of it."""

    @property
    def collector(self) -> Collector:
        step = replace(COLLECT, recover=self._recover, release=self._release)
        return Collector(Handler(step, self.journal, self.publisher, now=self.now), self._look)

    def acknowledge(self, sequence: int) -> None:
        if sequence == WAKE_UP and self.last.facts.handle is not None:
            self.acked.add(sequence)
            return
        last = self.last
        if not (last.terminal or COLLECT.beyond(last) or self.announced):
            raise AckedWithoutReasonError(f"message {sequence} at {last.stage}")
        self.acked.add(sequence)

    async def deliver(self, actor: Actor, *, sequence: int = MESSAGE) -> None:
        ACTOR.set(actor)
        self._deliveries[sequence] = self._deliveries.get(sequence, 0) + 1
        delivery = MemoryDelivery(self, sequence, self._deliveries[sequence])
        event = EditSubmitted(
            job_id=self.job_id,
            request_id="request",
            occurred_at=utcnow(),
            wake_up=sequence == WAKE_UP,
            task=self.told,
        )
        collector = self.collector
        hold = collector.handler.hold(delivery)
        with suppress(Crash):
            await FailurePolicy(self, COLLECT.durable).guard_collection(
                collector, hold, lambda: collector.collect(hold, event)
            )

    def cancel(self) -> None:
        """The ending that the journal has, whatever the task does."""
        judged = self.journal.peek(self.job_id)
        assert judged is not None
        self.journal._store(judged.entry.advance(Stage.CANCELLED), judged, "cancel")

    async def _look(self, job: JournalEntry, event: TaskSubmitted) -> Pending | Collected:
        async with self.gate("poll"):
            self.polls += 1
            provider, says = self.provider, self.provider.says
            if provider.pending:
                provider.pending -= 1
                return Pending(1.5, provider.progress, is_known=provider.is_asked)
        if says is not None:
            raise says
        async with self.gate("put"):
            self.objects.add(RAW.image.key)
        return Collected(work={"raw": RAW})

    async def _recover(self, _: JournalEntry) -> Facts | None:
        return {"raw": RAW} if self.objects and self.recovers else None

    async def _release(self, job: JournalEntry, *, has_ended: bool) -> None:
        if has_ended or job.facts.raw is not None:
            self.released.append(job)


def forgotten() -> Task:
    """The provider does not know the task."""
    return Task(says=ForgottenError("the task is unknown"))


def assert_collected(world: Collecting) -> None:
    """The result is a fact, its event is stored once, nobody took an attempt."""
    entries = world.journal.entries(world.job_id)
    assert [entry.index for entry in entries] == list(range(len(entries)))
    assert world.last.facts.raw == RAW
    assert world.last.facts.attempt == 0
    assert not world.last.terminal
    assert len(world.publisher.stored) == 1
