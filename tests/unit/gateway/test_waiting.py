"""How long new work would wait: work is what was acknowledged."""

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import cast

import pytest
from nats.js.api import ConsumerConfig, ConsumerInfo, SequenceInfo

from contracts.stages import Kind
from contracts.subjects import RENDERER_EDIT_SUBMITTED
from services.chassis.bus import Bus
from services.gateway.adapters.waiting import Waiting

DEADLINE_SECONDS = 900


class Durable:
    """What the server says of a durable; every message is the subject's own."""

    def __init__(self) -> None:
        self.waiting = self.delivered = self.done = 0
        self.held_at: int | None = None
        self.looked_at: set[str] = set()

    async def consumer_info(self, _: str, name: str) -> ConsumerInfo:
        self.looked_at.add(name)
        floor = self.done if self.held_at is None else self.held_at
        return ConsumerInfo(
            name="",
            stream_name="",
            config=ConsumerConfig(),
            created=datetime.now(UTC),
            num_pending=self.waiting,
            num_ack_pending=0,
            delivered=SequenceInfo(self.delivered, self.done),
            ack_floor=SequenceInfo(floor + (self.delivered - self.done), floor),
        )


@pytest.fixture
def durable() -> Durable:
    return Durable()


@pytest.fixture
def waiting(durable: Durable) -> Waiting:
    return Waiting(cast("Bus", SimpleNamespace(js=durable)), DEADLINE_SECONDS)


async def test_what_is_delivered_again_and_again_is_no_work_done(
    waiting: Waiting, durable: Durable
):
    durable.waiting = 2000
    for _ in range(30):
        durable.delivered += 200
        await waiting.look()

    assert waiting.overloaded(Kind.EDIT)


async def test_what_is_acknowledged_is(waiting: Waiting, durable: Durable):
    durable.waiting = 2000
    for _ in range(30):
        durable.delivered += 200
        durable.done += 200
        await waiting.look()

    assert not waiting.overloaded(Kind.EDIT)


async def test_what_one_that_took_long_had_hidden_was_not_done_in_a_moment(
    waiting: Waiting, durable: Durable
):
    durable.waiting, durable.held_at = 20_000, 0
    for _ in range(30):
        durable.delivered += 10
        durable.done += 10
        await waiting.look()
    durable.held_at = None
    await waiting.look()

    assert waiting.overloaded(Kind.EDIT)  # 5 a second, though the last look saw 300 at once


async def test_a_quiet_system_takes_a_burst(waiting: Waiting, durable: Durable):
    await waiting.look()
    durable.waiting = 200
    await waiting.look()

    assert not waiting.overloaded(Kind.EDIT)


async def test_what_a_provider_works_on_does_not_wait_for_us(waiting: Waiting, durable: Durable):
    await waiting.look()

    assert durable.looked_at
    assert RENDERER_EDIT_SUBMITTED not in durable.looked_at
