"""When to look again at a task that somebody else works on: learned from those before it."""

from bisect import bisect_right
from collections import deque
from collections.abc import Mapping, Sequence
from math import ceil, isfinite
from statistics import median
from typing import Final

from services.renderer.domain.models import DEFAULT, MODELS

REMEMBERED: Final = 32
"""Durations a model: enough to know the spread, few enough to follow a change of an afternoon."""
LEAD_SECONDS: Final = 0.03
"""A look comes this long after the expected end: one on the dot would often be too early."""
EARLY_SHARE: Final = 10
"""A look aims at the first tenth of the durations that are still possible."""
UNSURE: Final = 0.2
"""Of the only duration seen: how much quicker the next may well be."""
ONE_SPREAD: Final = 0.5
"""Of the shorter: two neighbours no farther apart have all between them, as two cases have not."""
FIRST_LOOK: Final = 0.6
"""Of a typical duration, while none has been seen."""
GROWTH: Final = 0.25
"""Of the time that a task is overdue: what is slow already is asked for less and less often."""
CLOSE_SHARE: Final = 0.04
"""Of the time since the submission, between two looks at a task that may end any moment: the look
that finds the result is half of this late on average, 2 % of what the task took. So however long
tasks take, each is looked at about as often, and thousands that end in one minute can be.
"""
CLOSEST: Final = 0.5
"""Of the interval: closer looks than this are not taken, however quick the model."""
PATIENCE: Final = 6.0
"""How much longer to wait while the provider says by itself when a task has ended."""

LONG_SECONDS: Final = 4.0
"""From here on a wait aims at no moment of its own, and may end with others."""
TOGETHER_SECONDS: Final = 0.25
"""Long waits end at multiples of this: looks that fall together take a quarter less processor time
than the same looks spread out, for they share the reads and writes of the bus.
"""
FAR_SECONDS: Final = 3600.0
"""Beyond this nothing is aimed at: the first percent of progress promises ages."""

_TYPICAL: Final = {model.name: model.typical_seconds for model in MODELS}


class PollTimer:
    """Says how long to wait before the next look. It has no clock and touches nothing outside.

    Delays lie between `interval_seconds` and `most_seconds`, where a model's durations are known
    down to half the interval; while a model's results come by wake-ups they are `PATIENCE` times as
    long, as a net under wake-ups that get lost.
    """

    def __init__(self, *, interval_seconds: float = 0.5, most_seconds: float = 5.0) -> None:
        self._interval = interval_seconds
        self._most = max(most_seconds, interval_seconds)
        self._seen: Mapping[str, deque[float]] = {
            name: deque(maxlen=REMEMBERED) for name in _TYPICAL
        }
        # By model, since not all of them call when a task has ended.
        self._announced: set[str] = set()

    def delay(self, model: str, elapsed_seconds: float, progress: float | None = None) -> float:
        """Seconds until the next look at a task that was submitted `elapsed_seconds` ago.

        `progress` is the provider's own share of done, 0 to 1, where it tells.
        """
        elapsed = max(elapsed_seconds, 0.0)
        wait = self._within(self._expected(model, elapsed, progress), self._least(model, elapsed))
        return wait * PATIENCE if model in self._announced else wait

    def learned(
        self,
        model: str,
        elapsed_seconds: float,
        told_seconds: float | None = None,
        *,
        by_wake_up: bool = False,
    ) -> None:
        """A result was found so long after the submission.

        `told_seconds` is what the provider says it took. Without it, a look finds a result half
        a pause late on average, a wake-up at once. A result that no wake-up announced ends the
        patience with its model.
        """
        if model not in self._seen:
            return
        late = 0.0 if by_wake_up else self._least(model, elapsed_seconds) / 2
        seconds = elapsed_seconds - late if told_seconds is None else told_seconds
        # Of a task whose submission has no moment, nobody knows how long it took.
        if isfinite(seconds):
            self._seen[model].append(min(max(seconds, 0.0), elapsed_seconds))
        if by_wake_up:
            self._announced.add(model)
        else:
            self._announced.discard(model)

    def _expected(self, model: str, elapsed: float, progress: float | None) -> float:
        if progress is not None and 0 < progress < 1:
            return elapsed * (1 - progress) / progress + LEAD_SECONDS
        seen = sorted(self._seen.get(model, ()))
        if not seen:
            return self._unlearned(model, elapsed)
        passed = bisect_right(seen, elapsed)
        possible = seen[passed:]
        # Beyond nearly all that was seen, a rare slow one says little of when this one ends.
        if len(possible) * EARLY_SHARE < len(seen):
            aims = [seconds - elapsed + LEAD_SECONDS for seconds in possible[:1]]
            return min([self._overdue(model, elapsed, seen[passed - 1]), *aims])
        since = seen[passed - 1] if passed else _soonest(seen)
        return self._towards(model, elapsed, since, _first_tenth(possible))

    def _towards(self, model: str, elapsed: float, since: float, aim: float) -> float:
        if elapsed < since:
            return since - elapsed + LEAD_SECONDS
        wait = aim - elapsed + LEAD_SECONDS
        if aim - since > ONE_SPREAD * since:
            return wait
        # In equal steps too, so that the aim itself is met.
        return wait / max(1, int(wait / self._least(model, elapsed)))

    def _unlearned(self, model: str, elapsed: float) -> float:
        first = _TYPICAL.get(model, DEFAULT.typical_seconds) * FIRST_LOOK
        return first - elapsed if elapsed < first else self._overdue(model, elapsed, first)

    def _overdue(self, model: str, elapsed: float, usual: float) -> float:
        return min(self._least(model, elapsed) + GROWTH * (elapsed - usual), self._most)

    def _least(self, model: str, elapsed: float) -> float:
        if not self._seen.get(model):
            return self._interval
        return max(CLOSE_SHARE * elapsed, CLOSEST * self._interval)

    def _within(self, wait: float, least: float) -> float:
        # In equal steps, so that the last one ends on the mark and is not cut to the interval.
        steps = max(1, ceil(min(wait, FAR_SECONDS) / self._most))
        return min(max(wait / steps, least), self._most)


def together(delay_seconds: float, *, now: float) -> float:
    """The delay, a little shorter where it is long, so that it ends with others'.

    `now` is any clock that the processes of a machine have in common, in seconds.
    """
    if delay_seconds < LONG_SECONDS:
        return delay_seconds
    return delay_seconds - (now + delay_seconds) % TOGETHER_SECONDS


def _soonest(seen: Sequence[float]) -> float:
    """When the next may end: while few were seen, some time before the quickest of them."""
    if len(seen) == 1:
        return (1 - UNSURE) * seen[0]
    if len(seen) >= EARLY_SHARE:
        return _first_tenth(seen)
    # Twice the way to the median is the spread, without what was rare and slow.
    return seen[0] - 2 * (median(seen) - seen[0]) / (len(seen) - 1)


def _first_tenth(ordered: Sequence[float]) -> float:
    return ordered[len(ordered) // EARLY_SHARE]
