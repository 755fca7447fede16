"""How slowly a client may send or read before it is given up."""

import asyncio
from collections.abc import Awaitable
from typing import Final, TypeVar

T = TypeVar("T")

IDLE_SECONDS: Final = 20.0
"""The longest pause between two pieces."""

GRACE_SECONDS: Final = 30.0
SLOWEST_BYTES_PER_SECOND: Final = 32 * 1024
"""A quarter of a megabit per second, a slow phone: the average after the grace."""

TOTAL_SECONDS: Final = 300.0
"""28 MB, a picture of 20 MiB in base64, take 235 s at 1 Mbit/s."""


class Pace:
    """One transfer, from now on."""

    def __init__(self) -> None:
        self._begun = asyncio.get_running_loop().time()
        self._bytes = 0

    async def within(self, step: Awaitable[T]) -> T:
        """The result of the step. Raises TimeoutError when the transfer is too slow."""
        async with asyncio.timeout_at(self._deadline()):
            return await step

    def moved(self, count: int) -> None:
        """So many bytes more have come through."""
        self._bytes += count

    def _deadline(self) -> float:
        idle = asyncio.get_running_loop().time() + IDLE_SECONDS
        slowest = GRACE_SECONDS + self._bytes / SLOWEST_BYTES_PER_SECOND
        return min(idle, self._begun + min(slowest, TOTAL_SECONDS))
