"""A delivery over NATS, and its heartbeat."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
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


@asynccontextmanager
async def heartbeat(delivery: Delivery) -> AsyncIterator[None]:
    """Keep the message from being redelivered meanwhile."""
    beating = asyncio.create_task(_beat(delivery))
    try:
        yield
    finally:
        beating.cancel()
        with suppress(asyncio.CancelledError):
            await beating


async def _beat(delivery: Delivery) -> None:
    while True:
        await asyncio.sleep(HEARTBEAT_SECONDS)
        with suppress(UnavailableError):
            await delivery.in_progress()
