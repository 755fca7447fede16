"""Pixel work leaves the event loop alone and never holds more pixels than its budget."""

import asyncio
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from functools import partial

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError, UnavailableError
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import SMALL_PIXELS, PixelPool
from tests.unit.chassis import drawn

MEGA = 10 * SMALL_PIXELS
WAIT_SECONDS = 10


class Gates:
    """Work that goes on only when its gate is opened, and that counts who is inside."""

    def __init__(self) -> None:
        self._gates: dict[str, threading.Event] = {}
        self.inside: list[str] = []

    def work(self, name: str) -> Callable[[], str]:
        self._gates[name] = threading.Event()
        return partial(self._wait, name)

    def open(self, *names: str) -> None:
        for name in names or tuple(self._gates):
            self._gates[name].set()

    async def see(self, *names: str) -> None:
        """Wait until exactly these are inside."""
        async with asyncio.timeout(WAIT_SECONDS):
            while set(self.inside) != set(names):
                await asyncio.sleep(0.005)

    def _wait(self, name: str) -> str:
        self.inside.append(name)
        self._gates[name].wait(WAIT_SECONDS)
        self.inside.remove(name)
        return name


@pytest.fixture
def gates() -> Gates:
    return Gates()


@pytest.fixture
async def pool(gates: Gates) -> AsyncIterator[PixelPool]:
    pool = PixelPool(threads=4, budget_pixels=2 * MEGA, max_waiting=2)
    yield pool
    gates.open()
    pool.close()


def start(pool: PixelPool, gates: Gates, name: str, pixels: int) -> "asyncio.Task[str]":
    return asyncio.create_task(pool.in_thread(gates.work(name), pixels=pixels))


async def test_the_result_or_the_error_of_the_work_comes_back(pool):
    def fail() -> None:
        raise PermanentError(ErrorCode.INVALID_IMAGE, "no")

    assert await pool.in_thread(lambda: threading.current_thread().name, pixels=1) != "MainThread"
    with pytest.raises(PermanentError):
        await pool.in_thread(fail, pixels=MEGA)


async def test_work_waits_until_its_pixels_fit(pool, gates):
    tasks = [start(pool, gates, name, MEGA) for name in "abc"]
    await gates.see("a", "b")

    gates.open("a")

    await gates.see("b", "c")
    gates.open()
    assert await asyncio.gather(*tasks) == ["a", "b", "c"]


async def test_a_job_larger_than_the_budget_runs_alone(pool, gates):
    first = start(pool, gates, "first", MEGA)
    await gates.see("first")
    huge, last = start(pool, gates, "huge", 100 * MEGA), start(pool, gates, "last", MEGA)

    gates.open("first")
    await gates.see("huge")
    gates.open("huge")
    await gates.see("last")

    gates.open()
    assert await asyncio.gather(first, huge, last) == ["first", "huge", "last"]


async def test_a_small_job_does_not_wait_behind_large_ones(pool, gates):
    large = [start(pool, gates, name, 2 * MEGA) for name in ("one", "two")]
    await gates.see("one")

    async with asyncio.timeout(WAIT_SECONDS / 2):
        assert await pool.in_thread(lambda: "small", pixels=SMALL_PIXELS) == "small"

    gates.open()
    await asyncio.gather(*large)


async def test_a_full_line_refuses_and_says_when_to_come_back(pool, gates):
    large = [start(pool, gates, name, 2 * MEGA) for name in "abc"]
    await gates.see("a")

    with pytest.raises(UnavailableError) as refused:
        await pool.in_thread(gates.work("d"), pixels=MEGA)

    assert refused.value.retry_after
    gates.open()
    await asyncio.gather(*large)


async def test_pixels_of_a_cancelled_caller_are_kept_until_its_thread_is_done(pool, gates):
    gone = start(pool, gates, "gone", 2 * MEGA)
    await gates.see("gone")
    gone.cancel()
    after = start(pool, gates, "after", MEGA)
    await asyncio.wait([gone])
    assert gates.inside == ["gone"]

    gates.open("gone")

    await gates.see("after")
    gates.open()
    assert await after == "after"


async def test_one_that_gives_up_in_line_takes_nothing_and_blocks_nobody(pool, gates):
    first = start(pool, gates, "first", 2 * MEGA)
    await gates.see("first")
    gone, after = start(pool, gates, "gone", 2 * MEGA), start(pool, gates, "after", MEGA)
    await asyncio.sleep(0)
    gone.cancel()
    with suppress(asyncio.CancelledError):
        await gone

    gates.open()

    assert await asyncio.gather(first, after) == ["first", "after"]


async def test_one_that_is_cancelled_on_its_turn_gives_its_pixels_back(pool, gates):
    holder = start(pool, gates, "holder", MEGA)
    await gates.see("holder")

    async def take_the_next_one_along() -> None:
        with suppress(asyncio.CancelledError):
            await pool.in_thread(gates.work("never"), pixels=2 * MEGA)
        victim.cancel()

    head = asyncio.create_task(take_the_next_one_along())
    await asyncio.sleep(0)
    victim = start(pool, gates, "victim", MEGA)
    await asyncio.sleep(0)
    head.cancel()
    await asyncio.wait([head, victim])

    assert victim.cancelled()
    gates.open()
    await holder
    async with asyncio.timeout(WAIT_SECONDS / 2):
        assert await pool.in_thread(lambda: "after", pixels=2 * MEGA) == "after"


async def test_the_checker_answers_what_a_picture_is(pool):
    picture = await ImageChecker(ImageLimits(), pool).check(drawn.with_exif(orientation=6))

    assert (picture.width_pixels, picture.height_pixels) == (48, 64)


async def test_the_checker_refuses_a_picture_that_stops_early(pool):
    data = drawn.jpeg(400, 300)

    with pytest.raises(PermanentError) as refused:
        await ImageChecker(ImageLimits(), pool).check(data[:-100])

    assert refused.value.code is ErrorCode.INVALID_IMAGE


async def test_the_checker_counts_the_bytes_first(pool):
    with pytest.raises(PermanentError) as refused:
        await ImageChecker(ImageLimits(max_upload_bytes=100), pool).check(bytes(101))

    assert refused.value.code is ErrorCode.PAYLOAD_TOO_LARGE
