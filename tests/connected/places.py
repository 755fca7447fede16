"""Connections to real servers, and waiting for what must come true."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from pydantic import SecretStr

from services.chassis.bus import Bus
from services.chassis.database import Database, open_pool
from services.chassis.migrate import open_migrator
from services.chassis.migrations import load_migrations
from services.chassis.settings import DatabaseSettings
from services.chassis.streams import StreamSettings, ensure

PATIENCE_SECONDS = 20.0


async def empty_streams(bus: Bus, url: str) -> None:
    """Every stream and durable as configured, with nothing in them."""
    for stream in await bus.js.streams_info():
        assert stream.config.name
        await bus.js.delete_stream(stream.config.name)
    await ensure(bus.js, stream_settings(url))


def stream_settings(url: str) -> StreamSettings:
    return StreamSettings(nats_url=url, rate_limit_daily_images=5, rate_limit_burst_seconds=0)


@asynccontextmanager
async def migrated_schema(url: str, schema: str, service: str) -> AsyncIterator[Database]:
    """The tables of a service in a schema of their own."""
    migrations = load_migrations(service)
    async with open_migrator(
        SecretStr(url), schema, service=service, migrations=migrations
    ) as migrator:
        await migrator.up()
    async with open_pool(DatabaseSettings(database_url=SecretStr(url)), schema) as database:
        yield database


async def eventually(
    holds: Callable[[], Awaitable[bool]], *, seconds: float = PATIENCE_SECONDS
) -> None:
    """Return as soon as it is true. Raises AssertionError when it never was."""
    until = time.monotonic() + seconds
    while not await holds():
        assert time.monotonic() < until, "it did not come true in time"
        await asyncio.sleep(0.01)
