"""A delivery's hold of its step: what a handler may write to the journal, and when it may not.

Facts are never fenced: what was found out or paid for is appended on top even of a later attempt.
Entering a stage and submitting need the current attempt.
"""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import suppress
from datetime import datetime, timedelta
from functools import cached_property
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
KEEP_SECONDS: Final = 30.0
"""The longest that one try to store a result may take."""
IN_HAND_SECONDS: Final = 90.0
"""How long others wait for a result in hand, told anew when half is over: longer than a try."""


class FencedError(ObsoleteError):
    """A later attempt holds the stage."""


class OutlivedError(ObsoleteError):
    """The job ended while its task was handed in: nobody waits for it, but it was paid for."""

    def __init__(self, task: Handle) -> None:
        super().__init__("the job ended before its task")
        self.task = task


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
        self._numbers = count()

    @property
    def job(self) -> JournalEntry:
        """The newest entry judged."""
        assert self.last is not None
        return self.last.entry

    @cached_property
    def _run(self) -> UUID:
        return uuid4()

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
        end of the POST as its deadline: its outcome is judged, never guessed. Raises OutlivedError
        when the job has ended meanwhile.
        """

        async def record(handle: Handle) -> None:
            try:
                await self.record(handle=handle, submitting=None)
            except ObsoleteError as error:
                if self.last is not None and self.job.terminal:
                    raise OutlivedError(handle) from error
                raise

        await self._submit(post, record, timeout)

    async def submit_whole(
        self,
        post: Callable[[], Awaitable[T]],
        keep: Callable[[T], Awaitable[Facts]],
        *,
        timeout: float,
    ) -> None:
        """The same for a provider without handles: `keep` stores what `post` brought under its
        content-addressed key and returns the facts, both within `timeout` seconds.

        While it cannot be stored it is kept in hand, and the deadline moves.
        """

        async def record(made: T) -> None:
            try:
                async with asyncio.timeout(KEEP_SECONDS):
                    facts = await keep(made)
            except (TransientError, TimeoutError) as error:
                await self._let_others_wait()
                raise TransientError("the result is in hand and not stored yet") from error
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
        await to_its_end(self._sent(post, record, deadline))

    async def _sent(
        self,
        post: Callable[[], Awaitable[T]],
        record: Callable[[T], Awaitable[None]],
        deadline: datetime,
    ) -> None:
        try:
            answer = await post()
        except (NotSubmittedError, PermanentError):
            with suppress(ObsoleteError):
                await self.surely(lambda: self.note(submitting=None))
            raise
        except TransientError:
            # This POST is over and no other is under way, so nobody needs to wait for it.
            await self.note(submitting=Submitting(deadline=min(deadline, self.now())))
            raise
        await self.surely(lambda: record(answer))

    async def _let_others_wait(self) -> None:
        await self.read(self.job.job_id, leader=True)
        if self._is_mine_to_store():
            # Somebody may be first: what is in hand is kept all the same.
            with suppress(ObsoleteError):
                until = self.now() + timedelta(seconds=IN_HAND_SECONDS)
                await self.note(submitting=Submitting(deadline=until))
        if self.last is None or self.job.work is None:
            raise ObsoleteError("the job is gone")

    def _is_mine_to_store(self) -> bool:
        """Whether others wait for this run's result, and might not for as long as one more try."""
        if self.last is None or self.job.terminal or self.fenced:
            return False
        submitting = self.job.facts.submitting
        if submitting is None:
            return False
        return submitting.deadline - self.now() < timedelta(seconds=IN_HAND_SECONDS / 2)

    async def surely(self, write: Callable[[], Awaitable[None]]) -> None:
        """Write down what the provider did, however long the bus or the store is away.

        It ends with the outage, or when somebody else has decided meanwhile.
        """
        while True:
            try:
                await write()
            except TransientError:
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


async def to_its_end(work: Coroutine[Any, Any, None]) -> None:
    """Wait for the work, also when the run's time is over or the process is asked to stop.

    Cut off, a request that was paid for would be one of unknown outcome. It has its own deadline,
    and what came of it goes before the stop.
    """
    task, stopped = asyncio.create_task(work), None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            stopped = error
    task.result()
    if stopped is not None:
        raise stopped
