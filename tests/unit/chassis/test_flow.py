"""Stopping with work under way: whatever fails of it, the rest is done all the same."""

import asyncio
from collections.abc import Sequence

import pytest
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.subjects import RENDERER_EDIT_SUBMITTED
from services.chassis.bus import Bus
from services.chassis.errors import UnavailableError
from services.chassis.flow import Flow, Many
from services.chassis.streams import durable_named


class UnsettledMsg(Msg):
    """A message that cannot be handed back, for the bus is away."""

    async def nak(self, delay: float | None = None) -> None:
        raise UnavailableError("the bus is away")


MESSAGE = UnsettledMsg(_client=Client())


class ScriptedFlow(Flow):
    """Brings these one after another; an error is raised."""

    def __init__(self, brings: Sequence[Msg | Exception]) -> None:
        super().__init__(Bus(lambda: None), durable_named(RENDERER_EDIT_SUBMITTED))
        self._brings = [*brings]
        self.is_closed = False

    @property
    def is_asked(self) -> bool:
        return bool(self._brings)

    async def next(self, most: int) -> Msg | None:
        found = self._brings.pop(0)
        if isinstance(found, Exception):
            raise found
        return found

    async def close(self) -> None:
        self.is_closed = True


@pytest.mark.parametrize("second", [MESSAGE, UnavailableError("the bus is away")], ids=type)
async def test_work_under_way_is_seen_to_its_end_though_nothing_can_be_handed_back(second):
    flow, go, done = ScriptedFlow([MESSAGE, second]), asyncio.Event(), asyncio.Event()

    async def deliver(_: Msg) -> None:
        await go.wait()
        done.set()

    many = Many(flow, deliver, name="stopping", at_once=8)
    await many.cycle()

    closing = asyncio.create_task(many.close())
    waiting, _ = await asyncio.wait([closing], timeout=0.05)
    assert not waiting
    assert not flow.is_closed
    go.set()
    with pytest.raises(UnavailableError):
        await closing

    assert done.is_set()
    assert flow.is_closed
