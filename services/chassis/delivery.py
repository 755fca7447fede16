"""A delivery over NATS, and its heartbeat."""

import asyncio
from contextlib import suppress
from typing import Final

from nats.aio.msg import Msg

from services.chassis.bus import translated
from services.chassis.errors import UnavailableError
from services.chassis.step import Delivery

HEARTBEAT_SECONDS: Final = 3.0
"""A third of the durables' ack_wait."""


class NatsDelivery:
    """A delivery over NATS."""

    def __init__(self, raw: Msg) -> None:
        self._raw = raw
        self.sequence = raw.metadata.sequence.stream
        self.deliveries = raw.metadata.num_delivered or 1
        self.outcome = "unsettled"

    @property
    def identity(self) -> str:
        """The same for every delivery of this message, another for any other message: a stream that
        was made anew counts from one again, so the moment of storing belongs to it.
        """
        metadata = self._raw.metadata
        return f"{metadata.stream}:{self.sequence}:{metadata.timestamp.isoformat()}"

    async def ack(self) -> None:
        """See Delivery. Raises UnavailableError."""
        with translated("ack"):
            await self._raw.ack()
        self.outcome = "acked"

    async def nak(self, delay: float) -> None:
        """See Delivery. Raises UnavailableError."""
        with translated("nak"):
            await self._raw.nak(delay=delay)
        self.outcome = "retried"

    async def in_progress(self) -> None:
        """See Delivery. Raises UnavailableError."""
        with translated("heartbeat"):
            await self._raw.in_progress()


class Heartbeat:
    """Keeps the message from being redelivered while the block runs."""

    def __init__(self, delivery: Delivery) -> None:
        self._delivery = delivery
        self._beating: asyncio.Task[None] | None = None
        self._first: asyncio.TimerHandle | None = None

    async def __aenter__(self) -> None:
        # Most work is over before the first beat: only what is not costs a task.
        self._first = asyncio.get_running_loop().call_later(HEARTBEAT_SECONDS, self._begin)

    async def __aexit__(self, *_: object) -> None:
        if self._first is not None:
            self._first.cancel()
        if self._beating is not None:
            self._beating.cancel()
            with suppress(asyncio.CancelledError):
                await self._beating

    def _begin(self) -> None:
        self._beating = asyncio.create_task(self._beat())

    async def _beat(self) -> None:
        while True:
            with suppress(UnavailableError):
                await self._delivery.in_progress()
            await asyncio.sleep(HEARTBEAT_SECONDS)
