"""Connections to a real bus, with its streams."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import nats

from services.chassis.bus import Bus
from services.chassis.streams import StreamSettings, ensure


@asynccontextmanager
async def connected(url: str) -> AsyncIterator[Bus]:
    """A bus that reconnects; closed in the end."""
    client = await nats.connect(
        url,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.05,
        error_cb=_silent,
        pending_size=0,
    )
    try:
        yield Bus(lambda: client)
    finally:
        await client.close()


async def _silent(_: Exception) -> None:
    """The tests kill servers on purpose."""


def ensure_streams(url: str) -> None:
    """Create every stream and durable, as the command does."""

    async def run() -> None:
        async with connected(url) as bus:
            await ensure(bus.js, StreamSettings(nats_url=url))

    asyncio.run(run())
