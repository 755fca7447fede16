"""Token buckets in memory: what reads and attempts of one client may cost this process."""

import math
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Final

from services.chassis.limits import Policy
from services.gateway.domain.problems import pause_of, too_many

MINUTE_SECONDS: Final = 60.0
MAX_BUCKETS: Final = 50_000
"""Bound of the buckets of one limit; the one that was idle longest is forgotten first."""


class Buckets:
    """One limit: so many calls a minute per key, saved up for a minute; 0 switches it off."""

    def __init__(
        self, name: str, per_minute: float, *, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._policy = Policy(name, max(1, int(per_minute)), MINUTE_SECONDS)
        self._per_minute = per_minute
        self._now = now
        self._levels: OrderedDict[Hashable, tuple[float, float]] = OrderedDict()

    def take(self, key: Hashable) -> None:
        """Count one call. Raises RefusalError (429) when the key has none left."""
        if not self._per_minute:
            return
        now, rate = self._now(), self._per_minute / MINUTE_SECONDS
        level, at = self._levels.pop(key, (self._per_minute, now))
        level = min(self._per_minute, level + (now - at) * rate)
        self._levels[key] = (max(level - 1, 0.0) if level >= 1 else level, now)
        if len(self._levels) > MAX_BUCKETS:
            self._levels.popitem(last=False)
        if level < 1:
            wait = math.ceil((1 - level) / rate)
            sentence = f"Too many requests; please try again in {pause_of(wait)}."
            raise too_many(self._policy, wait, sentence)
