"""The handler rules, once and for all: how a delivery becomes work, an event and an ack.

    on delivery:
      last entry; none -> ack
      terminal or beyond -> ack;  output fact there -> announce, ack
      submitting without handle -> wait, then decide
      take (attempt + 1);  lost race -> judge again
      work, recording facts as they happen
      announce, ack

An acknowledgement needs a reason: the job ended, the journal is beyond this step (which proves that
its event was stored), the next event is stored, or another copy of the message holds the stage.
"""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import EVENT_SUBJECTS, JobEvent
from contracts.journal import Handle
from services.chassis.announce import again_id, announcement, event_id, task_event
from services.chassis.bus import Publisher
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.chassis.hold import SUBMIT_MARGIN_SECONDS, Hold, OutlivedError, to_its_end
from services.chassis.journal import Journal
from services.chassis.step import Delivery, Step

Task = Callable[[Hold], Awaitable[None]]
"""What a service does in its step: record the step's fact, or raise one of the three kinds."""

RECHECK_SECONDS: Final = 1.0
UNCERTAIN_SENTENCE: Final = (
    "We could not find out whether the image service took your request. Please try again."
)


class Handler:
    """Carries one step's deliveries through the rules."""

    def __init__(
        self,
        step: Step,
        journal: Journal,
        publisher: Publisher,
        *,
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        self.step = step
        self.journal = journal
        self._publisher = publisher
        self.now = now

    def hold(self, delivery: Delivery) -> Hold:
        """A fresh run of this step: its message ids are its own."""
        return Hold(self.step, delivery, self.journal, now=self.now)

    async def handle(self, hold: Hold, event: JobEvent, task: Task) -> None:
        """Bring the job through the step. What is raised goes to the failure policy."""
        await hold.read(event.job_id)
        while not await self.settled(hold):
            if await self._may_take(hold) and await hold.take():
                await self._work(hold, task)
                return

    async def announce(self, hold: Hold) -> None:
        """Store the next event, then ack: the order that loses nothing."""
        job = hold.job
        event = announcement(job)
        if event is not None:
            await self._publisher.publish(
                EVENT_SUBJECTS[event],
                event(job_id=job.job_id, request_id=job.facts.request_id, occurred_at=self.now()),
                message_id=event_id(event, job),
            )
        await self.acknowledge(hold)

    async def acknowledge(self, hold: Hold, *, has_ended: bool = False) -> None:
        """Ack, after freeing what the job used; `has_ended`: the provider's task is over."""
        if self.step.release and hold.last and hold.job.work is not None:
            await self.step.release(hold.job, has_ended=has_ended)
        await hold.delivery.ack()

    async def settled(self, hold: Hold) -> bool:
        """Ack what needs no more work: gone, ended, beyond, or done (and announced again)."""
        if hold.last is None or self.step.beyond(hold.job):
            await self.acknowledge(hold)
            return True
        if self.step.done(hold.job.facts):
            await self.announce(hold)
            return True
        return False

    async def _may_take(self, hold: Hold) -> bool:
        if not self.step.needs(hold.job.facts):
            await hold.read(hold.job.job_id, leader=True)
            if hold.last is None or not (hold.job.terminal or self.step.needs(hold.job.facts)):
                raise UnavailableError("the event is ahead of the journal")
            return False
        if hold.job.facts.submitting is not None:
            return await self._decide_submission(hold)
        return True

    async def _work(self, hold: Hold, task: Task) -> None:
        try:
            async with asyncio.timeout(self.step.limit_seconds):
                await task(hold)
        except TimeoutError as error:
            raise TransientError(f"longer than {self.step.limit_seconds} s") from error
        except OutlivedError as error:
            await self._see_to(error.task, hold)
            return
        if hold.job.terminal:
            await self.acknowledge(hold)
            return
        if not self.step.done(hold.job.facts):
            raise TransientError("the handler ended without its fact")
        await self.announce(hold)

    async def _see_to(self, task: Handle, hold: Hold) -> None:
        """Have a task collected that no journal tells of; nothing may be kept of an erased job."""
        if hold.job.work is not None:
            kind = task_event(hold.job)
            event = kind(
                job_id=hold.job.job_id,
                request_id=hold.job.work.request_id,
                occurred_at=self.now(),
                task=task,
            )
            message_id = again_id(kind, hold.job, f"t{hold.attempt}")
            subject = EVENT_SUBJECTS[kind]
            publish = partial(self._publisher.publish, subject, event, message_id=message_id)
            await to_its_end(hold.surely(publish))
        await self.acknowledge(hold)

    async def _decide_submission(self, hold: Hold) -> bool:
        """Wait, read-only, until another's submission is known or overdue; then repeat or fail.

        True: judged on an unchanged entry, take it. False: something changed, judge again.
        """
        judged = hold.last
        assert judged is not None
        assert judged.entry.facts.submitting is not None
        overdue = judged.entry.facts.submitting.deadline + timedelta(seconds=SUBMIT_MARGIN_SECONDS)
        while (left := (overdue - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(left, RECHECK_SECONDS))
            if await hold.read(judged.entry.job_id, leader=True) != judged:
                return False
        if await hold.read(judged.entry.job_id, leader=True) != judged:
            return False
        return await self._give_up_submission(hold)

    async def _give_up_submission(self, hold: Hold) -> bool:
        if self.step.recover and (found := await self.step.recover(hold.job)) is not None:
            await hold.append(hold.job.follow(work={**found, "submitting": None}))
            return False
        uncertain = hold.job.facts.uncertain
        if uncertain < self.step.repeats(hold.job.facts):
            await hold.append(
                hold.job.follow(work={"submitting": None, "uncertain": uncertain + 1})
            )
            return False
        await hold.append(hold.job.fail(ErrorCode.PROVIDER_UNCERTAIN, UNCERTAIN_SENTENCE))
        return False


def sentence_of(error: Exception) -> tuple[ErrorCode, str]:
    """The public code and sentence of what ended a job."""
    if isinstance(error, PermanentError):
        return error.code, error.sentence
    if isinstance(error, TransientError) and error.sentence:
        return ErrorCode.PROVIDER_FAILED, error.sentence
    return ErrorCode.PROVIDER_FAILED, "Something went wrong on our side. Please try again later."
