"""A delivery's hold of its step: what a handler may write to the journal, and when it may not.

Facts are never fenced: what was found out or paid for is appended on top even of a later attempt.
Entering a stage and submitting need the current attempt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime, timedelta
from itertools import count
from typing import Any, Final, TypeVar
from uuid import UUID, uuid4

from contracts.base import utcnow
from contracts.journal import PROGRESS, Handle, JournalEntry, Stage, Submitting
from services.chassis.errors import ObsoleteError, PermanentError, TransientError, UnavailableError
from services.chassis.journal import Journal, Recorded
from services.chassis.step import Delivery, Facts, Step

T = TypeVar("T")

WRITE_AGAIN_SECONDS: Final = 0.5
SUBMIT_MARGIN_SECONDS: Final = 2.0
"""Room between a POST's own timeout and when others may decide."""


class FencedError(ObsoleteError):
    """A later attempt holds the stage."""


class NotSubmittedError(UnavailableError):
    """The provider certainly did not accept the task (no connection, 429, early 503): it waits."""


class Hold:
    """One run of a step for one job; `job` is the newest entry that this run has judged."""

    def __init__(
        self,
        step: Step,
        delivery: Delivery,
        journal: Journal,
        *,
        now: Callable[[], datetime] = utcnow,
    ) -> None:
        self.step = step
        self.delivery = delivery
        self.attempt = 0
        self.last: Recorded | None = None
        self._journal = journal
        self.now = now
        self.limit: asyncio.Timeout | None = None
        """The time limit of this run."""
        self._run = uuid4()
        self._numbers = count()

    @property
    def job(self) -> JournalEntry:
        """The newest entry judged."""
        assert self.last is not None
        return self.last.entry

    async def read(self, job_id: UUID, *, leader: bool = False) -> Recorded | None:
        """Look at the journal; what is read is what the next append is judged against."""
        self.last = await self._journal.last(job_id, leader=leader)
        return self.last

    async def append(self, entry: JournalEntry) -> bool:
        """Append after the judged entry. False: somebody was first, and was read instead."""
        message_id = f"{entry.job_id}:{self._run}:{next(self._numbers)}"
        appended = await self._journal.append(entry, judged=self.last, message_id=message_id)
        if appended is None:
            await self.read(entry.job_id, leader=True)
            return False
        self.last = appended
        return True

    async def take(self, **work: Any) -> bool:
        """Take the step: a new attempt that fences every earlier one. False: judge again."""
        attempt = self.job.facts.attempt + 1
        entry = self.job.advance(
            self.step.first_stage(self.job),
            work={"attempt": attempt, "trigger": self.delivery.sequence, **work},
        )
        taken = await self.append(entry)
        self.attempt = attempt if taken else self.attempt
        return taken

    @property
    def fenced(self) -> bool:
        """Whether a later attempt holds the stage."""
        return not self.job.terminal and self.job.facts.attempt != self.attempt

    async def enter(self, stage: Stage, **public: Any) -> None:
        """Show a later stage of this step. Raises FencedError or ObsoleteError."""
        for _ in self._until_written():
            self._current()
            if PROGRESS[self.job.stage] >= PROGRESS[stage]:
                return
            if await self.append(self.job.advance(stage, **public)):
                return

    async def record(self, *, public: Facts | None = None, **facts: Any) -> None:
        """Record facts, whoever holds the stage. Raises ObsoleteError when the job has moved on.

        A fact that another attempt recorded first stands.
        """
        for _ in self._until_written():
            self._wanted()
            if await self.append(self.job.follow(public=public, work=facts)):
                return

    async def note(self, **work: Any) -> None:
        """Write down what this attempt is about to do. Raises FencedError or ObsoleteError."""
        for _ in self._until_written():
            self._current()
            if await self.append(self.job.follow(work=work)):
                return

    async def complete(self, **facts: Any) -> None:
        """End the job with its result, whoever holds the stage. Raises ObsoleteError."""
        for _ in self._until_written():
            self._wanted()
            if await self.append(self.job.advance(Stage.COMPLETED, work=facts)):
                return

    async def submit(self, post: Callable[[], Awaitable[Handle]], *, timeout: float) -> None:
        """Send a task that costs money, at most once by our doing, and record its handle.

        `post` must end within `timeout` seconds and raise NotSubmittedError only when the provider
        certainly did not accept. Any other passing error leaves `submitting` standing, with the
        end of the POST as its deadline: its outcome is judged, never guessed.
        """

        async def record(handle: Handle) -> None:
            await self.record(handle=handle, submitting=None)

        await self._submit(post, record, timeout)

    async def submit_whole(self, post: Callable[[], Awaitable[Facts]], *, timeout: float) -> None:
        """The same for a provider without handles: `post` answers, stores the result under its
        content-addressed key and returns the facts, all within `timeout` seconds.
        """

        async def record(facts: Facts) -> None:
            await self.record(**facts, submitting=None)

        await self._submit(post, record, timeout)

    async def _submit(
        self,
        post: Callable[[], Awaitable[T]],
        record: Callable[[T], Awaitable[None]],
        timeout: float,
    ) -> None:
        deadline = self.now() + timedelta(seconds=timeout + 2 * SUBMIT_MARGIN_SECONDS)
        await self.note(submitting=Submitting(deadline=deadline))
        if (deadline - self.now()).total_seconds() < timeout + SUBMIT_MARGIN_SECONDS:
            await self.note(submitting=None)
            raise NotSubmittedError("not enough time was left to submit")
        try:
            answer = await post()
        except (NotSubmittedError, PermanentError):
            await self._surely(lambda: self.note(submitting=None))
            raise
        except TransientError:
            # This POST is over and no other is under way, so nobody needs to wait for it.
            await self.note(submitting=Submitting(deadline=min(deadline, self.now())))
            raise
        await self._surely(lambda: record(answer))

    async def _surely(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write down what the provider did, however long the bus is away.

        It ends with the outage, or when somebody else has decided meanwhile.
        """
        if self.limit is not None:
            self.limit.reschedule(None)
        while True:
            try:
                await write()
            except UnavailableError:
                await asyncio.sleep(WRITE_AGAIN_SECONDS)
            else:
                return

    def _current(self) -> None:
        self._wanted()
        if self.fenced:
            raise FencedError("a later attempt holds the stage")

    def _wanted(self) -> None:
        if self.last is None:
            raise ObsoleteError("the job is gone")
        if self.step.beyond(self.job) or self.step.done(self.job.facts):
            raise ObsoleteError("the job has moved on")

    def _until_written(self) -> Iterator[int]:
        # Each lost race means that another writer advanced the job, so the bound is never met.
        yield from range(100)
        raise TransientError("the journal moves faster than this handler")
