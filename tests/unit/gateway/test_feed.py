"""The feed among fakes: it survives what nobody foresaw, and says when it tells nothing."""

import asyncio
from types import SimpleNamespace
from typing import cast

import pytest

from services.chassis import loops as chassis_loops
from services.chassis.bus import Bus
from services.chassis.loops import Loops
from services.gateway.adapters.feed import JournalFeed


class Listener:
    """Remembers whether it is told anything."""

    def __init__(self) -> None:
        self.followed = False
        self.placed = asyncio.Event()

    def has_its_place(self, _: int) -> None:
        self.followed = True
        self.placed.set()

    def lost_sight(self) -> None:
        self.followed = False

    def heard(self, job: str, sequence: int, data: bytes) -> None: ...

    def lost_its_place(self) -> None: ...


class Broken:
    """A bus whose first answer makes no sense, and which cannot be subscribed to."""

    def __init__(self) -> None:
        self.asked = 0
        self.js = self
        self.client = SimpleNamespace(stats={"reconnects": 0}, new_inbox=lambda: "inbox")

    async def stream_info(self, _: str) -> object:
        self.asked += 1
        if self.asked == 1:
            raise ValueError("not what anybody expected")
        return SimpleNamespace(state=SimpleNamespace(last_seq=7))


async def test_a_feed_that_breaks_is_started_again(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(chassis_loops, "PAUSE_BASE_SECONDS", 0.01)
    listener, loops = Listener(), Loops()
    feed = JournalFeed(cast("Bus", Broken()), listener)
    loops.add("feed", feed.follow)

    await loops.start()
    await asyncio.wait_for(listener.placed.wait(), 5)
    feed.stop()
    await loops.stop()


async def test_a_feed_whose_tail_breaks_says_that_it_tells_nothing():
    listener, bus = Listener(), Broken()
    bus.asked = 1
    feed = JournalFeed(cast("Bus", bus), listener)

    with pytest.raises(AttributeError):
        await feed.follow()

    assert listener.placed.is_set()
    assert not listener.followed
