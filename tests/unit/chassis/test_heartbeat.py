"""A message stays with who works on it, however long that takes."""

import asyncio

import pytest

from services.chassis import delivery
from services.chassis.delivery import Heartbeat
from services.chassis.errors import UnavailableError


class Beats:
    """A delivery that counts how often somebody said that its work goes on."""

    sequence = 1
    deliveries = 1

    def __init__(self) -> None:
        self.count = 0
        self.third = asyncio.Event()

    async def in_progress(self) -> None:
        self.count += 1
        if self.count == 1:
            raise UnavailableError("the bus is away")
        if self.count == 3:
            self.third.set()

    async def ack(self) -> None:
        """Nobody asks."""

    async def nak(self, delay: float) -> None:
        """Nobody asks."""


async def test_long_work_is_told_of_until_it_ends_also_after_an_outage(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "HEARTBEAT_SECONDS", 0.001)
    beats = Beats()

    async with asyncio.timeout(5), Heartbeat(beats):
        await beats.third.wait()
    told = beats.count
    await asyncio.sleep(0.01)

    assert beats.count == told


async def test_short_work_says_nothing() -> None:
    beats, before = Beats(), asyncio.all_tasks()

    async with Heartbeat(beats):
        await asyncio.sleep(0)
        assert asyncio.all_tasks() == before

    assert beats.count == 0
