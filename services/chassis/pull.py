"""Pulling a durable: messages are asked for only while somebody is there to answer.

A client that reconnects buffers what is published meanwhile, pull requests too, and has all of
them served at once later: messages would wait in a local queue, without a heartbeat, and be worked
on twice. So the connection buffers nothing (see `make_broker`), and one request is out at a time.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Final

from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.js import JetStreamContext

from services.chassis.breaker import Breaker
from services.chassis.bus import Bus, translated
from services.chassis.errors import UnavailableError
from services.chassis.loops import STOP_SECONDS, Loops, went_well
from services.chassis.streams import Durable

PULL_SECONDS: Final = 1.0
"""A fetch that was open while the server restarted is noticed only after this."""
CLOSED_SECONDS: Final = 0.1
"""Between two looks at a breaker that lets nothing through."""
_NOTHING_NOW: Final = frozenset({"404", "408"})


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


def pull_one_by_one(
    loops: Loops,
    bus: Bus,
    durable: Durable,
    deliver: Callable[[Msg], Awaitable[None]],
    *,
    concurrency: int,
    breaker: Breaker | None = None,
) -> None:
    """Deliver messages one at a time to each of so many pullers, while the breaker allows it."""
    gate = breaker or Breaker(durable.name)
    for number in range(concurrency):
        pull = Pull(bus, durable)

        async def cycle(pull: Pull = pull) -> None:
            with gate.turn() as is_allowed:
                if not is_allowed:
                    await asyncio.sleep(CLOSED_SECONDS)
                    return
                for message in await pull.fetch():
                    await deliver(message)

        loops.add(f"{durable.name}-{number}", cycle, close=pull.close)


def pull_many(
    loops: Loops,
    bus: Bus,
    durable: Durable,
    deliver: Callable[[Msg], Awaitable[None]],
    *,
    at_once: int,
    breaker: Breaker,
) -> None:
    """Deliver up to so many messages at once: for short work that mostly waits for an answer."""
    flow, running = Flow(bus, durable), set[asyncio.Task[bool]]()

    async def one(message: Msg) -> None:
        work = went_well(durable.name, lambda: deliver(message), failures=0)
        running.add(task := asyncio.create_task(work))
        task.add_done_callback(running.discard)
        if not breaker.is_free:
            # A probe: what it finds out decides about the next.
            await asyncio.wait([task])

    async def cycle() -> None:
        if len(running) >= at_once:
            await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
        with breaker.turn() as is_allowed:
            if not (is_allowed or flow.is_asked):
                await asyncio.sleep(CLOSED_SECONDS)
                return
            room = at_once - len(running) if breaker.is_free else 1
            if message := await flow.next(room):
                await one(message)

    async def close() -> None:
        if running:
            await asyncio.wait(running, timeout=STOP_SECONDS)
        await flow.close()

    loops.add(durable.name, cycle, close=close)
