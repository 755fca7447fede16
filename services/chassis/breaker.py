"""The circuit breaker of one provider's operation: while nothing works, nothing is pulled."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

from services.chassis.metrics import BREAKER_OPEN

log = logging.getLogger(__name__)

OPENS_AFTER: Final = 5
"""Failures in a row: rare by chance while one call in three fails, quick when all do."""
PAUSE_BASE_SECONDS: Final = 1.0
PAUSE_MAX_SECONDS: Final = 15.0


class Breaker:
    """Closed while the provider answers; open after failures in a row, with one probe at a time.

    It also rests without any failure, while an account has no place for another task.
    """

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = name
        self._clock = clock
        self._failures = 0
        self._pause = PAUSE_BASE_SECONDS
        self._open_until: float | None = None
        self._resting_until = 0.0
        self._probing = False
        BREAKER_OPEN.labels(name).set(0)

    @property
    def is_open(self) -> bool:
        """Whether calls have failed too often and none has succeeded since."""
        return self._open_until is not None

    @property
    def is_free(self) -> bool:
        """Whether as much as there is may be pulled."""
        return not self.is_open and self._clock() >= self._resting_until

    @contextmanager
    def turn(self) -> Iterator[bool]:
        """Whether work may be taken up now; while open, one at a time finds out how things are."""
        if not self.is_open:
            yield self.is_free
        elif self._probing or self._clock() < max(self._open_until or 0.0, self._resting_until):
            yield False
        else:
            self._probing = True
            try:
                yield True
            finally:
                self._probing = False

    def succeeded(self) -> None:
        """The provider answered, whatever it said."""
        if self.is_open:
            log.warning("breaker_closed", extra={"breaker": self.name})
        self._failures, self._pause, self._open_until = 0, PAUSE_BASE_SECONDS, None
        BREAKER_OPEN.labels(self.name).set(0)

    def failed(self) -> None:
        """A call brought nothing that the provider could stand by."""
        self._failures += 1
        now = self._clock()
        if self._failures < OPENS_AFTER or now < (self._open_until or 0.0):
            return
        if not self.is_open:
            log.warning("breaker_opened", extra={"breaker": self.name})
        else:
            self._pause = min(self._pause * 2, PAUSE_MAX_SECONDS)
        self._open_until = now + self._pause
        BREAKER_OPEN.labels(self.name).set(1)

    def rest(self, seconds: float) -> None:
        """Take up nothing for so long: the provider is well, but there is no room."""
        self._resting_until = self._clock() + seconds

    def wake(self) -> None:
        """There is room again."""
        self._resting_until = 0.0

    @property
    def seconds_left(self) -> float:
        """How long an open one lets nothing through yet; 0 where somebody may probe."""
        return max((self._open_until or 0.0) - self._clock(), 0.0)
