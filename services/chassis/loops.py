"""Work that goes on beside the deliveries: cycles that survive whatever they raise."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from services.chassis.errors import MizualError, TransientError

log = logging.getLogger(__name__)

PAUSE_BASE_SECONDS: Final = 1.0
PAUSE_MAX_SECONDS: Final = 10.0
STOP_SECONDS: Final = 5.0
"""The longest that stopping waits for the cycles under way."""
CUT_SECONDS: Final = 0.5
"""A cycle that was cut off ends at once, or goes on for long."""

Cycle = Callable[[], Awaitable[None]]


class Loops:
    """The loops of a process: started once its bus is connected, stopped before that is closed."""

    def __init__(self) -> None:
        self._stopping = asyncio.Event()
        self._cycles: dict[str, tuple[Cycle, float]] = {}
        self._closes: list[Cycle] = []
        self._tasks: list[asyncio.Task[None]] = []

    def add(
        self, name: str, cycle: Cycle, *, every_seconds: float = 0.0, close: Cycle | None = None
    ) -> None:
        """Repeat the cycle from `start` on, with pauses that grow from 1 to 10 s while it fails.

        `close` is called once after the last cycle.
        """
        self._cycles[name] = cycle, every_seconds
        self._closes += [close] if close else []

    async def start(self) -> None:
        """Start each loop."""
        for name, (cycle, seconds) in self._cycles.items():
            self._tasks.append(asyncio.create_task(self._repeat(name, cycle, seconds), name=name))

    async def stop(self) -> None:
        """Let each loop end its cycle, for so long; then cut off what may be cut off.

        What goes on (a call that is paid for) is waited for, after everything else was closed.
        """
        self._stopping.set()
        await self._ended(STOP_SECONDS)
        for task in self._tasks:
            task.cancel()
        await self._ended(CUT_SECONDS)
        for close in self._closes:
            await went_well("close", close, failures=0)
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _ended(self, within_seconds: float) -> None:
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=within_seconds)

    async def _repeat(self, name: str, cycle: Cycle, every_seconds: float) -> None:
        failures = 0
        while not self._stopping.is_set():
            failures = 0 if await went_well(name, cycle, failures=failures) else failures + 1
            await self._pause(pause_after(failures) if failures else every_seconds)

    async def _pause(self, seconds: float) -> None:
        if not seconds:
            return
        try:
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
        except TimeoutError:
            return


def pause_after(failures: int) -> float:
    """The pause in seconds after so many failures in a row."""
    return float(min(PAUSE_BASE_SECONDS * 1.5 ** min(failures - 1, 20), PAUSE_MAX_SECONDS))


async def went_well(name: str, cycle: Cycle, *, failures: int) -> bool:
    """Run one cycle; whether it raised nothing. The first failure in a row is logged."""
    try:
        await cycle()
    except Exception as error:  # noqa: BLE001 - a loop that ended would be missed by nobody
        if failures == 0:
            _log_failure(name, error)
        return False
    if failures:
        log.warning("loop_recovered", extra={"loop": name, "failures": failures})
    return True


def _log_failure(name: str, error: Exception) -> None:
    # As with handlers: the text of an error that is not ours may hold anything.
    reason = str(error) if isinstance(error, TransientError) else None
    log.warning(
        "loop_failed",
        extra={"loop": name, "error": type(error).__name__, "reason": reason},
        exc_info=None if isinstance(error, MizualError) else error,
    )
