"""Pulling many at once: for short work that mostly waits for somebody else's answer."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Final

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription

from services.chassis.bus import Bus, translated
from services.chassis.errors import UnavailableError
from services.chassis.loops import STOP_SECONDS, Loops, went_well
from services.chassis.pull import PULL_SECONDS
from services.chassis.streams import Durable

_NOTHING_NOW: Final = frozenset({"404", "408"})
"""Statuses that end a request: no message, and its time is over."""


class Flow:
    """An open request of a durable, answered message by message and renewed when it is used up.

    The client's own fetch of many waits for the last of them before it gives the first.
    """

    def __init__(self, bus: Bus, durable: Durable) -> None:
        self._bus = bus
        self._subject = f"$JS.API.CONSUMER.MSG.NEXT.{durable.stream}.{durable.name}"
        self._replies: Subscription | None = None
        self._asked = 0

    @property
    def is_asked(self) -> bool:
        """Whether messages may still come that were asked for."""
        return self._asked > 0

    async def next(self, most: int) -> Msg | None:
        """The next message; None when none came for a second, or the bus is away.

        `most` is what a new request may bring. Raises UnavailableError when nobody answers.
        """
        if not await self._bus.connected(within=PULL_SECONDS):
            self._asked = 0
            return None
        with translated(f"pull {self._subject}"):
            replies = await self._subscribed()
            if not self.is_asked:
                await self._ask(most, replies.subject)
            try:
                return self._counted(await replies.next_msg(timeout=2 * PULL_SECONDS))
            except TimeoutError:
                self._asked = 0
                return None

    async def close(self) -> None:
        """Stop listening."""
        if self._replies is not None:
            with translated("stop pulling"):
                await self._replies.unsubscribe()
            self._replies = None

    async def _subscribed(self) -> Subscription:
        if self._replies is None:
            self._replies = await self._bus.client.subscribe(self._bus.client.new_inbox())
        return self._replies

    async def _ask(self, most: int, inbox: str) -> None:
        request = {"batch": most, "expires": int(PULL_SECONDS * 1e9)}
        await self._bus.client.publish(self._subject, json.dumps(request).encode(), reply=inbox)
        self._asked = most

    def _counted(self, message: Msg) -> Msg | None:
        status = (message.headers or {}).get("Status")
        if status is None:
            self._asked -= 1
            return message
        self._asked = 0
        if status not in _NOTHING_NOW:
            raise UnavailableError(f"the durable answered {status}")
        return None


class Many:
    """So many deliveries at once from one flow: what was asked for and what runs, never more."""

    def __init__(
        self, flow: Flow, deliver: Callable[[Msg], Awaitable[None]], *, name: str, at_once: int
    ) -> None:
        self._flow = flow
        self._deliver = deliver
        self._name = name
        self._at_once = at_once
        self._running: set[asyncio.Task[bool]] = set()

    async def cycle(self) -> None:
        """Take one message up, or see that there is none."""
        if len(self._running) >= self._at_once:
            await asyncio.wait(self._running, return_when=asyncio.FIRST_COMPLETED)
        if message := await self._flow.next(self._at_once - len(self._running)):
            self._take_up(message)

    async def close(self) -> None:
        """Hand back what is still on its way, let the rest end, and stop listening.

        One that cannot be done leaves out none of the others.
        """
        async with AsyncExitStack() as last_things:
            last_things.push_async_callback(self._flow.close)
            last_things.push_async_callback(self._ended)
            while self._flow.is_asked:
                if message := await self._flow.next(0):
                    await message.nak()

    def _take_up(self, message: Msg) -> None:
        work = went_well(self._name, lambda: self._deliver(message), failures=0)
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)

    async def _ended(self) -> None:
        if self._running:
            await asyncio.wait(self._running, timeout=STOP_SECONDS)


def pull_many(
    loops: Loops,
    bus: Bus,
    durable: Durable,
    deliver: Callable[[Msg], Awaitable[None]],
    *,
    at_once: int,
) -> None:
    """Deliver up to so many messages at once."""
    many = Many(Flow(bus, durable), deliver, name=durable.name, at_once=at_once)
    loops.add(durable.name, many.cycle, close=many.close)
