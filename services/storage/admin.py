"""Operators' commands: `python -m services.storage.admin migrate up|down|status`, and `rebuild`."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final

from services.chassis.broker import bus_of, make_broker
from services.chassis.bus import Bus
from services.chassis.database import open_pool
from services.chassis.errors import MizualError, UnavailableError
from services.chassis.migrate import migrate_command
from services.chassis.migrations import check_schema, load_migrations
from services.chassis.settings import DatabaseSettings, ServiceSettings, load, schema_of
from services.storage.adapters.jobs import PostgresJobs
from services.storage.adapters.rebuild import WholeJournal
from services.storage.domain.record import rows_of

CONNECT_SECONDS: Final = 5.0


class AdminSettings(ServiceSettings, DatabaseSettings):
    """What the commands read."""


def main(argv: Sequence[str]) -> int:
    """Run one command; its exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m services.storage.admin", description="Looks after the record of jobs."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", add_help=False, help="bring the tables to this code's version")
    commands.add_parser(
        "rebuild",
        help="fill the record from the journal, as far back as it reaches; changes no newer row",
        description="Reads the last entry of every job in the journal into the record. Safe to "
        "repeat and beside running services. Reads NATS_URL, DATABASE_URL, DATABASE_SCHEMA.",
    )
    asked, rest = parser.parse_known_args(argv)
    return migrate_command("storage", rest) if asked.command == "migrate" else _rebuild_command()


def _rebuild_command() -> int:
    try:
        done = asyncio.run(rebuild(load(AdminSettings)))
    except MizualError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(done)  # noqa: T201
    return 0


async def rebuild(settings: AdminSettings) -> str:
    """Fill the record from the journal; what was done, in words. Raises UnavailableError."""
    async with (
        open_pool(settings, schema_of(settings, settings)) as database,
        _connected(settings) as bus,
    ):
        await check_schema(database, "storage", load_migrations("storage"))
        return await _fill(PostgresJobs(database), WholeJournal(bus))


async def _fill(jobs: PostgresJobs, journal: WholeJournal) -> str:
    read = written = 0
    async for batch in journal.batches():
        written += len(await jobs.keep(rows_of(batch)))
        read += len(batch)
    unreadable = f", {journal.unreadable} unreadable" if journal.unreadable else ""
    return f"{read} jobs in the journal{unreadable}; {written} rows written, the others were there"


@asynccontextmanager
async def _connected(settings: AdminSettings) -> AsyncIterator[Bus]:
    broker = make_broker(settings, "storage-admin")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await broker.connect()
    except TimeoutError as error:
        raise UnavailableError("NATS_URL: the bus does not answer") from error
    try:
        yield bus_of(broker)
    finally:
        await broker.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
