"""The doors to a provider's hosts: what one of them cannot do says nothing about the others."""

import time
from collections.abc import Callable
from typing import Final

from services.chassis.breaker import PAUSE_BASE_SECONDS, Breaker
from services.chassis.metrics import BREAKER_OPEN
from services.chassis.providers import Provider
from services.renderer.adapters.hosts import listed_as

MOST_HOSTS: Final = 16
"""More than there are regions: the bound is for answers that name ever new ones."""


class Doors:
    """A breaker for each host that results are asked of; the one idle longest is forgotten."""

    def __init__(self, name: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._name = name
        self._clock = clock
        self._doors: dict[str, Provider] = {}

    def to(self, url: str) -> Provider:
        """The door that the URL leads to. Raises ValueError for what is no address."""
        host = listed_as(url)
        label = f"{self._name}-results {host}"
        door = self._doors.pop(host, None) or Provider(
            self._name, Breaker(label, clock=self._clock)
        )
        # The order of the dictionary is that of the last use.
        self._doors[host] = door
        if len(self._doors) > MOST_HOSTS:
            self._forget(next(iter(self._doors)))
        return door

    def _forget(self, host: str) -> None:
        BREAKER_OPEN.remove(self._doors.pop(host).breaker.name)


def pause_before(door: Provider) -> float:
    """Seconds until it is worth trying a door that was shut; a moment while another tries it."""
    return door.breaker.seconds_left or PAUSE_BASE_SECONDS
