"""Many deliveries at once over a real bus: bounded, prompt, and held back by the breaker."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import pytest
from nats.aio.msg import Msg

from contracts.base import utcnow
from contracts.events import EditSubmitted
from contracts.subjects import EDIT_SUBMITTED, EVENTS, RENDERER_EDIT_SUBMITTED
from services.chassis.breaker import OPENS_AFTER, Breaker
from services.chassis.bus import Bus
from services.chassis.flow import pull_many
from services.chassis.loops import Loops
from services.chassis.streams import durable_named
from tests.samples import job
from tests.servers import NatsServer

DURABLE = durable_named(RENDERER_EDIT_SUBMITTED)


class Deliveries:
    """What was delivered, how many at a time, and what becomes of each."""

    def __init__(self) -> None:
        self.count = 0
        self.running = 0
        self.most = 0
        self.go = asyncio.Event()
        self.go.set()

    async def __call__(self, message: Msg) -> None:
        self.count += 1
        self.running += 1
        self.most = max(self.most, self.running)
        await self.go.wait()
        await message.ack()
        self.running -= 1


@asynccontextmanager
async def pulling(
    bus: Bus, deliver: Callable[[Msg], Awaitable[None]], *, at_once: int, breaker: Breaker
) -> AsyncIterator[Loops]:
    loops = Loops()
    pull_many(loops, bus, DURABLE, deliver, at_once=at_once, breaker=breaker)
    await loops.start()
    try:
        yield loops
    finally:
        await loops.stop()


async def published(bus: Bus, count: int) -> None:
    for _ in range(count):
        entry = job()
        event = EditSubmitted(job_id=entry.job_id, request_id="request", occurred_at=utcnow())
        await bus.publish(EDIT_SUBMITTED, event, message_id=str(entry.job_id))


async def until(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "it never came so far"
        await asyncio.sleep(0.01)


@pytest.fixture
def breaker() -> Breaker:
    return Breaker("pulling-test")


async def test_everything_is_delivered_and_never_more_at_once_than_allowed(
    empty_bus: Bus, breaker: Breaker
):
    deliveries = Deliveries()
    deliveries.go.clear()
    await published(empty_bus, 30)

    async with pulling(empty_bus, deliveries, at_once=4, breaker=breaker):
        await until(lambda: deliveries.running == 4)
        info = await empty_bus.js.consumer_info(EVENTS, DURABLE.name)
        assert info.num_ack_pending == 4
        deliveries.go.set()
        await until(lambda: deliveries.count == 30)

    assert deliveries.most == 4


async def test_one_that_runs_long_holds_up_nobody(empty_bus: Bus, breaker: Breaker):
    deliveries, first = Deliveries(), asyncio.Event()

    async def deliver(message: Msg) -> None:
        if deliveries.count == 0:
            deliveries.count += 1
            await first.wait()
            await message.ack()
            return
        await deliveries(message)

    await published(empty_bus, 10)
    async with pulling(empty_bus, deliver, at_once=2, breaker=breaker):
        await until(lambda: deliveries.count == 10)
        first.set()


async def test_while_the_breaker_is_open_one_at_a_time_is_taken(empty_bus: Bus, breaker: Breaker):
    deliveries = Deliveries()
    deliveries.go.clear()
    for _ in range(OPENS_AFTER):
        breaker.failed()
    await published(empty_bus, 10)

    async with pulling(empty_bus, deliveries, at_once=8, breaker=breaker):
        await until(lambda: deliveries.running == 1)
        info = await empty_bus.js.consumer_info(EVENTS, DURABLE.name)
        assert info.num_ack_pending == 1
        breaker.succeeded()
        deliveries.go.set()
        await until(lambda: deliveries.count == 10)


async def test_what_comes_after_the_breaker_opened_goes_back_at_once(
    empty_bus: Bus, breaker: Breaker
):
    deliveries = Deliveries()
    deliveries.go.clear()

    async def deliver(message: Msg) -> None:
        if deliveries.count == 0:
            for _ in range(OPENS_AFTER):
                breaker.failed()
        await deliveries(message)

    await published(empty_bus, 12)
    async with pulling(empty_bus, deliver, at_once=8, breaker=breaker):
        await until(lambda: deliveries.count > 0)
        # Handed back with a delay, so still pending at the bus, but in nobody's hands.
        await until(lambda: breaker.is_open)
        assert deliveries.running <= 8
        breaker.succeeded()
        deliveries.go.set()
        await until(lambda: deliveries.count == 12)

    assert deliveries.most <= 8


async def test_nothing_is_taken_while_there_is_no_room(empty_bus: Bus, breaker: Breaker):
    deliveries = Deliveries()
    breaker.rest(3600)
    await published(empty_bus, 3)

    async with pulling(empty_bus, deliveries, at_once=8, breaker=breaker):
        info = await empty_bus.js.consumer_info(EVENTS, DURABLE.name)
        assert info.num_ack_pending == 0
        breaker.wake()
        await until(lambda: deliveries.count == 3)


async def test_an_error_of_one_delivery_ends_no_other(empty_bus: Bus, breaker: Breaker):
    deliveries = Deliveries()

    async def deliver(message: Msg) -> None:
        if (message.metadata.num_delivered or 1) == 1 and deliveries.count == 0:
            deliveries.count += 1
            raise RuntimeError("a bug")
        await deliveries(message)

    await published(empty_bus, 5)
    async with pulling(empty_bus, deliver, at_once=2, breaker=breaker):
        await until(lambda: deliveries.count == 5)


async def test_it_goes_on_after_the_bus_was_away(
    own_nats: NatsServer, empty_bus: Bus, breaker: Breaker
):
    deliveries = Deliveries()
    async with pulling(empty_bus, deliveries, at_once=8, breaker=breaker):
        await asyncio.to_thread(own_nats.kill)
        await asyncio.to_thread(own_nats.start)
        await until(lambda: empty_bus.is_connected)
        await published(empty_bus, 3)
        await until(lambda: deliveries.count == 3)
