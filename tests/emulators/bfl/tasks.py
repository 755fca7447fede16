"""Tasks: what was ordered, how far it is, how it ends."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tests.emulators.bfl.models import Model
from tests.emulators.core.pictures import Look

MAX_TASKS: Final = 20_000
READY: Final = "Ready"
PENDING: Final = "Pending"
NOT_FOUND: Final = "Task not found"
FAILURES: Final = frozenset({"Error", "Failed"})
ENDINGS: Final = frozenset({READY, NOT_FOUND, "Request Moderated", "Content Moderated", *FAILURES})
THOUGHTS: Final = (PENDING, "Reasoning", "Generating")
# It is not done before it is done.
ALMOST: Final = 0.99


@dataclass(slots=True)
class Task:
    """One order."""

    id: str
    model: Model
    prompt: str
    seed: int | None
    """None where the endpoint has no seeds."""
    source: str
    """Digest of the first picture."""
    look: Look
    cost: float
    input_pixels: int
    webhook_url: str | None
    webhook_secret: str | None
    outcome: str
    """The status it comes to."""
    reasons: tuple[str, ...]
    seconds: float
    host: str
    """As the submission wrote it."""
    began: float
    """Time of day."""
    ended: float | None = None
    polls: int = 0
    timer: asyncio.TimerHandle | None = None

    def share(self, now: float) -> float:
        """How much of its time is over, below 1."""
        return min((now - self.began) / self.seconds, ALMOST) if self.seconds else ALMOST

    def status(self, now: float) -> str:
        """The word for where it is now."""
        if self.ended is not None or self.outcome not in ENDINGS:
            return self.outcome
        return THOUGHTS[int(self.share(now) * len(THOUGHTS))] if self.model.thinks else PENDING


class Tasks:
    """The orders of one account, the newest MAX_TASKS of them."""

    def __init__(self, now: Callable[[], float], on_end: Callable[[Task], None]) -> None:
        self._now = now
        self._on_end = on_end
        self._tasks: OrderedDict[str, Task] = OrderedDict()
        self._active: dict[str, int] = {}
        self.active_max = 0
        self.polls_max = 0

    @property
    def active(self) -> int:
        """How many have not ended."""
        return sum(self._active.values())

    def active_of(self, model: str) -> int:
        """How many of one endpoint have not ended."""
        return self._active.get(model, 0)

    def find(self, task_id: str) -> Task | None:
        """The task, unless it is unknown or forgotten."""
        return self._tasks.get(task_id)

    def begin(self, task: Task) -> None:
        """Take the order; it ends by itself after its time."""
        self._tasks[task.id] = task
        self._active[task.model.name] = self.active_of(task.model.name) + 1
        self.active_max = max(self.active_max, self.active)
        if task.outcome in ENDINGS:
            loop = asyncio.get_running_loop()
            task.timer = loop.call_later(task.seconds, self.end, task)
        if len(self._tasks) > MAX_TASKS:
            self._forget(next(iter(self._tasks.values())))

    def end(self, task: Task) -> None:
        """Bring a running task to its outcome now."""
        if task.ended is not None:
            return
        self._stop(task)
        task.ended = self._now()
        self._on_end(task)

    def end_all(self) -> int:
        """Bring every task that would end to its end now; how many there were."""
        running = [task for task in self._tasks.values() if task.timer and task.ended is None]
        for task in running:
            self.end(task)
        return len(running)

    def polled(self, task: Task) -> None:
        """Count a poll."""
        task.polls += 1
        self.polls_max = max(self.polls_max, task.polls)

    def clear(self) -> None:
        """Forget all tasks."""
        for task in [*self._tasks.values()]:
            self._forget(task)
        self.active_max = self.polls_max = 0

    def _forget(self, task: Task) -> None:
        if task.ended is None:
            self._stop(task)
        del self._tasks[task.id]

    def _stop(self, task: Task) -> None:
        self._active[task.model.name] -= 1
        if task.timer is not None:
            task.timer.cancel()
