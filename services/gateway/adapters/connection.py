"""The broker beside the server: started in the background, so HTTP is up while the bus is away."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from faststream.nats import NatsBroker
from nats.errors import Error as NatsError

from contracts.subjects import COMMANDS, GATEWAY_JOB_CANCEL, GATEWAY_JOB_SUBMIT
from services.chassis.broker import bus_of
from services.chassis.bus import Bus, translated
from services.chassis.errors import UnavailableError
from services.chassis.streams import missing

log = logging.getLogger(__name__)

STREAMS: Final = (COMMANDS,)
DURABLES: Final = (GATEWAY_JOB_SUBMIT, GATEWAY_JOB_CANCEL)
RETRY_SECONDS: Final = 0.5
STOP_SECONDS: Final = 4.0


@asynccontextmanager
async def connected(broker: NatsBroker) -> AsyncIterator[None]:
    """Connect and pull as soon as that is possible; stop pulling at the end."""
    starting = asyncio.create_task(_start(broker))
    try:
        yield
    finally:
        starting.cancel()
        with suppress(asyncio.CancelledError):
            await starting
        await _stop(broker)


def is_connected(bus: Bus) -> bool:
    """Whether a question has a chance right now."""
    try:
        return bus.client.is_connected
    except UnavailableError:
        return False


async def _start(broker: NatsBroker) -> None:
    while not await _reached(broker):  # noqa: ASYNC110 - nobody tells when it would let us in
        await asyncio.sleep(RETRY_SECONDS)
    bus = bus_of(broker)
    while not await _ready(bus):  # noqa: ASYNC110 - another process makes them
        await asyncio.sleep(RETRY_SECONDS)
    await broker.start()
    log.info("bus_connected")


async def _reached(broker: NatsBroker) -> bool:
    # The client tries for ever by itself, but gives up when it is refused.
    try:
        await broker.connect()
    except (NatsError, OSError) as error:
        log.warning("bus_refused", extra={"error": type(error).__name__})
        return False
    return True


async def _ready(bus: Bus) -> bool:
    # A broker that starts without its durables raises, and cannot be started again.
    try:
        with translated("look for the durables"):
            return not await missing(bus.js, streams=STREAMS, durables=DURABLES)
    except UnavailableError:
        return False


async def _stop(broker: NatsBroker) -> None:
    # With the bus away there is nobody to say goodbye to.
    with suppress(NatsError, OSError, TimeoutError):
        async with asyncio.timeout(STOP_SECONDS):
            await broker.stop()
