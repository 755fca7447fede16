"""Durables that go by one breaker: whose turn it is to probe, over a real bus."""

import asyncio

import pytest
from nats.aio.msg import Msg

from contracts.base import utcnow
from contracts.events import EditEnhanced
from contracts.subjects import (
    EDIT_ENHANCED,
    RENDERER_EDIT_ENHANCED,
    RENDERER_VARIATION_ENHANCED,
)
from services.chassis.breaker import OPENS_AFTER, Breaker
from services.chassis.bus import Bus
from services.chassis.loops import Loops
from services.chassis.pull import pull_one_by_one
from services.chassis.streams import durable_named
from tests.samples import job

PATIENCE_SECONDS = 30.0


@pytest.mark.parametrize("first", [RENDERER_EDIT_ENHANCED, RENDERER_VARIATION_ENHANCED])
async def test_a_durable_with_nothing_to_probe_with_leaves_the_turn_to_another(
    empty_bus: Bus, first: str
):
    breaker, loops, delivered = Breaker("test"), Loops(), asyncio.Event()
    for _ in range(OPENS_AFTER):
        breaker.failed()

    async def deliver(message: Msg) -> None:
        await message.ack()
        delivered.set()

    names = sorted({RENDERER_EDIT_ENHANCED, RENDERER_VARIATION_ENHANCED}, key=first.__ne__)
    for name in names:
        durable = durable_named(name)
        pull_one_by_one(loops, empty_bus, durable, deliver, concurrency=2, breaker=breaker)
    event = EditEnhanced(job_id=job().job_id, request_id="request", occurred_at=utcnow())
    await loops.start()
    try:
        await empty_bus.publish(EDIT_ENHANCED, event, message_id="one")
        async with asyncio.timeout(PATIENCE_SECONDS):
            await delivered.wait()
    finally:
        await loops.stop()

    assert delivered.is_set()
