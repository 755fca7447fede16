"""Pixel work off the event loop: few threads, and a bound on the pixels in flight."""

import asyncio
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from time import perf_counter
from typing import Final, TypeVar

from services.chassis.errors import UnavailableError
from services.chassis.images.vips import give_memory_back
from services.chassis.metrics import PIXEL_SECONDS

T = TypeVar("T")

DEFAULT_THREADS: Final = 2
DEFAULT_BUDGET_PIXELS: Final = 50_000_000
DEFAULT_MAX_WAITING: Final = 256
# A picture for a page. Two of them at a time are nothing beside the budget.
SMALL_PIXELS: Final = 2_000_000


class PixelPool:
    """Runs work in threads with no more than `budget_pixels` in flight, first come first served.

    A job larger than the whole budget waits until it is alone. Small jobs have threads of their
    own, so that none waits behind a large one. More than `max_waiting` jobs in line are refused
    with UnavailableError. Work whose caller is cancelled keeps its pixels until its thread is done.
    """

    def __init__(
        self,
        *,
        threads: int = DEFAULT_THREADS,
        budget_pixels: int = DEFAULT_BUDGET_PIXELS,
        max_waiting: int = DEFAULT_MAX_WAITING,
    ) -> None:
        self._large = ThreadPoolExecutor(threads, thread_name_prefix="pixels-large")
        self._small = ThreadPoolExecutor(threads, thread_name_prefix="pixels-small")
        self._budget = budget_pixels
        self._free = budget_pixels
        self._max_waiting = max_waiting
        self._small_jobs = 0
        self._line: deque[tuple[int, asyncio.Future[None]]] = deque()

    async def in_thread(self, work: Callable[[], T], *, pixels: int) -> T:
        """The result of the work, run in a thread once its pixels fit. Raises what it raises."""
        if pixels <= min(SMALL_PIXELS, self._budget):
            return await self._run_small(work)
        share = min(pixels, self._budget)
        await self._admit(share)
        running = _submit(self._large, partial(_then_trim, work))
        running.add_done_callback(lambda _: self._release(share))
        return await asyncio.shield(running)

    def close(self) -> None:
        """Wait for the work in the threads and end them."""
        for threads in (self._small, self._large):
            threads.shutdown(wait=True, cancel_futures=True)

    async def _run_small(self, work: Callable[[], T]) -> T:
        if self._small_jobs > self._max_waiting:
            raise _full()
        self._small_jobs += 1
        running = _submit(self._small, work)
        running.add_done_callback(lambda _: self._leave_small())
        return await asyncio.shield(running)

    def _leave_small(self) -> None:
        self._small_jobs -= 1

    async def _admit(self, share: int) -> None:
        if not self._line and share <= self._free:
            self._free -= share
            return
        if len(self._line) >= self._max_waiting:
            raise _full()
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._line.append((share, turn))
        try:
            await turn
        except asyncio.CancelledError:
            self._step_out(share, turn)
            raise

    def _step_out(self, share: int, turn: asyncio.Future[None]) -> None:
        if turn.done() and not turn.cancelled():
            self._release(share)
            return
        self._line.remove((share, turn))
        self._call_next()

    def _release(self, share: int) -> None:
        self._free += share
        self._call_next()

    def _call_next(self) -> None:
        while self._line and self._line[0][0] <= self._free:
            share, turn = self._line.popleft()
            # One that was cancelled a moment ago steps out by itself and takes nothing.
            if turn.cancelled():
                self._line.appendleft((share, turn))
                return
            self._free -= share
            turn.set_result(None)


def _submit(threads: ThreadPoolExecutor, work: Callable[[], T]) -> asyncio.Future[T]:
    return asyncio.get_running_loop().run_in_executor(threads, partial(_timed, work))


def _timed(work: Callable[[], T]) -> T:
    begun = perf_counter()
    try:
        return work()
    finally:
        PIXEL_SECONDS.inc(perf_counter() - begun)


def _then_trim(work: Callable[[], T]) -> T:
    try:
        return work()
    finally:
        give_memory_back()


def _full() -> UnavailableError:
    return UnavailableError("too many pictures are waiting", retry_after=1.0)
