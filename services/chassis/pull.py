"""Pulling a durable: messages are asked for only while somebody is there to answer.

A client that reconnects buffers what is published meanwhile, pull requests too, and has all of
them served at once later: messages would wait in a local queue, without a heartbeat, and be worked
on twice. So the connection buffers nothing (see `make_broker`), and one request is out at a time.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AbstractContextManager, nullcontext
from functools import partial
from typing import Final

from nats.aio.msg import Msg
from nats.js import JetStreamContext

from services.chassis.breaker import Breaker
from services.chassis.bus import Bus, translated
from services.chassis.loops import Loops
from services.chassis.streams import Durable

PULL_SECONDS: Final = 1.0
"""A fetch that was open while the server restarted is noticed only after this."""
CLOSED_SECONDS: Final = 0.1
"""Between two looks at a breaker that lets nothing through, or had a turn for nothing."""


class Pull:
    """One puller of a durable."""

    def __init__(self, bus: Bus, durable: Durable) -> None:
        self._bus = bus
        self._durable = durable
        self._subscription: JetStreamContext.PullSubscription | None = None

    async def fetch(self, most: int = 1) -> list[Msg]:
        """Up to so many messages; none when none came within a second, or the bus is away.

        Raises UnavailableError when nobody answers for the durable.
        """
        if not await self._bus.connected(within=PULL_SECONDS):
            return []
        with translated(f"pull {self._durable.name}"):
            subscription = await self._subscribed()
            try:
                return await subscription.fetch(most, timeout=PULL_SECONDS)
            except TimeoutError:
                return []

    async def close(self) -> None:
        """Stop listening: draining a connection waits for ever for a pull that nobody ends."""
        if self._subscription is not None:
            with translated("stop pulling"):
                await self._subscription.unsubscribe()
            self._subscription = None

    async def _subscribed(self) -> JetStreamContext.PullSubscription:
        if self._subscription is None:
            self._subscription = await self._bus.js.pull_subscribe_bind(
                stream=self._durable.stream, durable=self._durable.name
            )
        return self._subscription


def pull_one_by_one(
    loops: Loops,
    bus: Bus,
    durable: Durable,
    deliver: Callable[[Msg], Awaitable[None]],
    *,
    concurrency: int,
    breaker: Breaker | None = None,
) -> None:
    """Deliver messages one at a time to each of so many pullers, while the breaker allows it.

    Several durables may go by one breaker: a turn that finds nothing is left to the others.
    """
    for number in range(concurrency):
        pull = Pull(bus, durable)
        cycle = partial(_cycle, pull, deliver, breaker)
        loops.add(f"{durable.name}-{number}", cycle, close=pull.close)


async def _cycle(
    pull: Pull, deliver: Callable[[Msg], Awaitable[None]], breaker: Breaker | None
) -> None:
    with breaker.turn() if breaker else always() as is_allowed:
        messages = await pull.fetch() if is_allowed else []
        for message in messages:
            await deliver(message)
    if breaker and not messages and not breaker.is_free:
        await asyncio.sleep(CLOSED_SECONDS)


def always() -> AbstractContextManager[bool]:
    """The turn of a durable that no breaker is before."""
    return nullcontext(enter_result=True)
