"""Many deliveries at once over a real bus: bounded, prompt, and handed back at the end."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from nats.aio.msg import Msg

from contracts.base import utcnow
from contracts.events import EditSubmitted
from contracts.subjects import EDIT_SUBMITTED, EVENTS, RENDERER_EDIT_SUBMITTED
from services.chassis.bus import Bus
from services.chassis.flow import Flow, Many, pull_many
from services.chassis.loops import Loops
from services.chassis.streams import ACK_WAIT_SECONDS, durable_named
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
    bus: Bus, deliver: Callable[[Msg], Awaitable[None]], *, at_once: int
) -> AsyncIterator[Loops]:
    loops = Loops()
    pull_many(loops, bus, DURABLE, deliver, at_once=at_once)
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


async def test_everything_is_delivered_and_never_more_at_once_than_allowed(empty_bus: Bus):
    deliveries = Deliveries()
    deliveries.go.clear()
    await published(empty_bus, 30)

    async with pulling(empty_bus, deliveries, at_once=4):
        await until(lambda: deliveries.running == 4)
        info = await empty_bus.js.consumer_info(EVENTS, DURABLE.name)
        assert info.num_ack_pending == 4
        deliveries.go.set()
        await until(lambda: deliveries.count == 30)

    assert deliveries.most == 4


async def test_one_that_runs_long_holds_up_nobody(empty_bus: Bus):
    deliveries, first = Deliveries(), asyncio.Event()

    async def deliver(message: Msg) -> None:
        if deliveries.count == 0:
            deliveries.count += 1
            await first.wait()
            await message.ack()
            return
        await deliveries(message)

    await published(empty_bus, 10)
    async with pulling(empty_bus, deliver, at_once=2):
        await until(lambda: deliveries.count == 10)
        first.set()


async def test_an_error_of_one_delivery_ends_no_other(empty_bus: Bus):
    deliveries = Deliveries()

    async def deliver(message: Msg) -> None:
        if (message.metadata.num_delivered or 1) == 1 and deliveries.count == 0:
            deliveries.count += 1
            raise RuntimeError("a bug")
        await deliveries(message)

    await published(empty_bus, 5)
    async with pulling(empty_bus, deliver, at_once=2):
        await until(lambda: deliveries.count == 5)


async def test_it_goes_on_after_the_bus_was_away(own_nats: NatsServer, empty_bus: Bus):
    deliveries = Deliveries()
    async with pulling(empty_bus, deliveries, at_once=8):
        await asyncio.to_thread(own_nats.kill)
        await asyncio.to_thread(own_nats.start)
        await until(lambda: empty_bus.is_connected)
        await published(empty_bus, 3)
        await until(lambda: deliveries.count == 3)


async def test_who_stops_with_work_under_way_hands_the_rest_back_and_sees_it_end(empty_bus: Bus):
    own, others = Deliveries(), Deliveries()
    own.go.clear()
    flow = Flow(empty_bus, DURABLE)
    many = Many(flow, own, name="stopping", at_once=8)
    await published(empty_bus, 4)
    await many.cycle()

    closing = asyncio.create_task(many.close())
    async with pulling(empty_bus, others, at_once=8):
        # Long before the bus would deliver them again by itself.
        await until(lambda: others.count == 3, seconds=ACK_WAIT_SECONDS / 2)
    await until(lambda: not flow.is_asked)
    ended, _ = await asyncio.wait([closing], timeout=0.2)

    assert not ended
    own.go.set()
    await closing
    assert (own.count, own.running) == (1, 0)
