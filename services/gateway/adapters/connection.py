"""The broker beside the server: started in the background, so HTTP is up while the bus is away."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError

from services.chassis.loops import Loops

log = logging.getLogger(__name__)

RETRY_SECONDS: Final = 0.5
STOP_SECONDS: Final = 4.0


@asynccontextmanager
async def connected(broker: NatsBroker, loops: Loops) -> AsyncIterator[None]:
    """Connect as soon as that is possible; the loops wait for it by themselves."""
    connecting = asyncio.create_task(_connect(broker))
    await loops.start()
    try:
        yield
    finally:
        await loops.stop()
        connecting.cancel()
        with suppress(asyncio.CancelledError):
            await connecting
        await _stop(broker)


async def _connect(broker: NatsBroker) -> None:
    while not await _reached(broker):  # noqa: ASYNC110 - nobody tells when it would let us in
        await asyncio.sleep(RETRY_SECONDS)
    log.info("bus_connected")


async def _reached(broker: NatsBroker) -> bool:
    # The client tries for ever by itself, but gives up when it is refused.
    try:
        await broker.start()
    except (NatsError, OSError, TimeoutError) as error:
        log.warning("bus_refused", extra={"error": type(error).__name__})
        return False
    return True


async def _stop(broker: NatsBroker) -> None:
    # With the bus away there is nobody to say goodbye to.
    with suppress(NatsError, OSError, TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await broker.stop()
