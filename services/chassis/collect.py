"""Collecting what a provider works on: one look a delivery, and nothing held while waiting.

    on delivery:
      last entry; none, terminal or beyond -> ack;  raw -> announce, ack;  no handle yet -> nak
      (a job that ended before its task: look on until the task has ended too, or must have; ack)
      look once:
        pending, or any passing error   nak with the next interval (an extra copy is acked)
        result                          store, record on top, announce, ack
        failed or moderated             failed against the judged entry; lost race -> start over
        forgotten by the provider       noted with its moment; still so when more than one run's
                                        limit has passed: look for a stored result, then failed

It takes no attempt and has no fence: a collector only reads, and records a fact when there is one.
A waiting job costs no task and no memory, and any replica takes the next look.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Final

from contracts.errors import ErrorCode
from contracts.events import TaskSubmitted
from contracts.journal import JournalEntry
from contracts.stages import NOUNS, message_of
from services.chassis.errors import PermanentError, TransientError
from services.chassis.handler import Handler
from services.chassis.hold import Hold
from services.chassis.step import Facts

NO_HANDLE_SECONDS: Final = 0.5
"""A copy that overtook the journal looks again after this."""

ENDED_AGAIN_SECONDS: Final = 60.0
"""The pause after an error about the task of a job that has ended: nobody waits for it, and what
only an operator can mend is told a few times and no more.
"""
FORGOTTEN_SENTENCE: Final = "The image service lost your request. Please try again."


class ForgottenError(TransientError):
    """The provider does not know the task, or its result is not there (any more): believed at the
    second time, and then `verdict` ends the job.
    """

    def __init__(self, reason: str, *, verdict: PermanentError | None = None) -> None:
        super().__init__(reason)
        self.verdict = verdict or PermanentError(
            ErrorCode.PROVIDER_FAILED, FORGOTTEN_SENTENCE, reason="the task is unknown"
        )


@dataclass(frozen=True, slots=True)
class Pending:
    """Not ready: look again after `delay_seconds`; `progress_percent` is the job's, if known."""

    delay_seconds: float
    progress_percent: int | None = None
    is_known: bool = True
    """Whether the provider said so: a look that asked nobody has learned nothing."""


@dataclass(frozen=True, slots=True)
class Collected:
    """The stored result as facts of the work part, and what the public part says of it."""

    work: Facts
    public: Facts = field(default_factory=dict)


Look = Callable[[JournalEntry, TaskSubmitted], Awaitable[Pending | Collected]]
"""One question to the provider, and the result stored when there is one.

Raises ForgottenError, PermanentError for a task that failed, TransientError for what may pass.
"""


class Collector:
    """Carries the deliveries of one collecting step through the rules."""

    def __init__(self, handler: Handler, look: Look) -> None:
        self.handler = handler
        self._look = look

    async def collect(self, hold: Hold, event: TaskSubmitted) -> None:
        """One look for the job. What is raised goes to the failure policy."""
        await hold.read(event.job_id)
        _learn_task(hold, event)
        if _outlived(hold):
            await self._see_the_end(hold, event)
            return
        if await self.handler.settled(hold):
            return
        if not self.handler.step.needs(hold.job.facts):
            await hold.delivery.nak(NO_HANDLE_SECONDS)
            return
        try:
            found = await self._looked(hold.job, event)
        except ForgottenError as error:
            await self._forgotten(hold, error, is_extra=event.wake_up)
            return
        if isinstance(found, Pending):
            await self._wait(hold, found, is_extra=event.wake_up)
        else:
            await self._record(hold, found)

    async def look_again(self, hold: Hold, *, after_seconds: float) -> None:
        """Once more after an error that may pass, though not for ever when the job has ended."""
        if not _outlived(hold):
            await hold.delivery.nak(after_seconds)
        elif self._must_be_over(hold.job):
            await self.handler.acknowledge(hold, has_ended=True)
        else:
            await hold.delivery.nak(ENDED_AGAIN_SECONDS)

    def _must_be_over(self, job: JournalEntry) -> bool:
        task = job.facts.handle
        # Of a task without a moment it is known that it is older than the ending.
        since = (task and task.submitted_at) or job.public.updated_at
        return (self.handler.now() - since).total_seconds() > self.handler.step.task_seconds

    async def _see_the_end(self, hold: Hold, event: TaskSubmitted) -> None:
        # Nobody waits for the result any more, but the provider still counts the task as ours, and
        # what it was paid for is kept by the look.
        try:
            found = await self._looked(hold.job, event)
        except PermanentError:
            found = None
        is_open = isinstance(found, Pending) and not self._must_be_over(hold.job)
        if isinstance(found, Pending) and is_open and not event.wake_up:
            await hold.delivery.nak(found.delay_seconds)
        else:
            await self.handler.acknowledge(hold, has_ended=not is_open)

    async def _looked(self, job: JournalEntry, event: TaskSubmitted) -> Pending | Collected:
        limit = self.handler.step.limit_seconds
        try:
            async with asyncio.timeout(limit):
                return await self._look(job, event)
        except TimeoutError as error:
            raise TransientError(f"longer than {limit} s") from error

    async def _wait(self, hold: Hold, pending: Pending, *, is_extra: bool) -> None:
        if pending.is_known:
            await self._show(hold, pending.progress_percent)
        if is_extra:
            await hold.delivery.ack()
        else:
            await hold.delivery.nak(pending.delay_seconds)

    async def _show(self, hold: Hold, percent: int | None) -> None:
        # Whoever is first writes; nobody needs this entry, so a lost race is not repeated.
        moved = percent is not None and percent > hold.job.public.progress_percent
        if moved or hold.job.facts.not_found_seen:
            public = {"progress_percent": percent} if moved else {}
            known = {"not_found_seen": False, "not_found_at": None}
            await hold.append(hold.job.follow(public=public | _found_again(hold.job), work=known))

    async def _record(self, hold: Hold, found: Collected) -> None:
        # Where the job ended or another was first, the next delivery acks: the result is stored.
        await hold.record(public=_found_again(hold.job) | found.public, **found.work)
        await self.handler.announce(hold)

    async def _forgotten(self, hold: Hold, error: ForgottenError, *, is_extra: bool) -> None:
        if is_extra:
            await hold.delivery.ack()
            return
        if (left := await self._left_to_wait(hold)) > 0:
            await hold.delivery.nak(left)
            return
        recover = self.handler.step.recover
        if recover is not None and (found := await recover(hold.job)) is not None:
            await self._record(hold, Collected(found))
            return
        raise error.verdict

    async def _left_to_wait(self, hold: Hold) -> float:
        """Seconds until no run is under way any more that might still hold the result."""
        pause, now = self.handler.step.limit_seconds + 1, self.handler.now()
        seen_at = hold.job.facts.not_found_at
        if seen_at is None:
            seen = {"not_found_seen": True, "not_found_at": now}
            told = _missed(self.handler.step.who, NOUNS[hold.job.kind], now, pause)
            await hold.append(hold.job.follow(public=told, work=seen))
            return pause
        return pause - (now - seen_at).total_seconds()


def _missed(who: str, noun: str, now: datetime, pause: float) -> Facts:
    """What people read meanwhile, for this is a long wait."""
    return {
        "message": f"{who} cannot find your {noun}, trying again in {round(pause)} seconds",
        "retry_at": now + timedelta(seconds=pause),
        "retry_reason": "waiting",
    }


def _found_again(job: JournalEntry) -> Facts:
    """Takes back what people read of a task that was missed."""
    if not job.facts.not_found_seen:
        return {}
    return {"message": message_of(job.kind, job.stage), "retry_at": None, "retry_reason": None}


def _learn_task(hold: Hold, event: TaskSubmitted) -> None:
    """Take the task of an ended job from its event, where the journal cannot tell of it any more.

    What is judged stays the same entry, after which nothing is written.
    """
    if hold.last is None or hold.job.work is None or not hold.job.terminal:
        return
    if event.task is not None and hold.job.work.handle is None:
        work = hold.job.work.model_copy(update={"handle": event.task})
        hold.last = replace(hold.last, entry=hold.job.model_copy(update={"work": work}))


def _outlived(hold: Hold) -> bool:
    """Whether the job ended, and not by a result, while its task may still be under way."""
    if hold.last is None or not hold.job.terminal or hold.job.work is None:
        return False
    return hold.job.facts.handle is not None and hold.job.facts.raw is None
