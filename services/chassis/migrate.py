"""The `migrate` command of every service that owns tables."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final
from urllib.parse import unquote, urlsplit

import asyncpg
from pydantic import SecretStr

from services.chassis.database import CONNECT_SECONDS, quoted, translated
from services.chassis.errors import MizualError
from services.chassis.migrations import Migration, Migrator, load_migrations
from services.chassis.settings import DatabaseSettings, ServiceSettings, load, schema_of

MIGRATION_SECONDS: Final = 1800.0
"""The longest that one statement of a migration may take."""

# The second is how PgBouncer says it.
_NO_DATABASE: Final = (asyncpg.InvalidCatalogNameError, asyncpg.ProtocolViolationError)


class MigrateSettings(ServiceSettings, DatabaseSettings):
    """What the command reads."""


def migrate_command(service: str, argv: Sequence[str]) -> int:
    """Run `up`, `down` or `status` with the settings of the environment; the exit code."""
    asked = _parser(service).parse_args(argv)
    settings = load(MigrateSettings)
    try:
        lines = asyncio.run(_run(service, asked, settings))
    except MizualError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


@asynccontextmanager
async def open_migrator(
    url: SecretStr, schema: str, *, service: str, migrations: Sequence[Migration]
) -> AsyncIterator[Migrator]:
    """A migrator on a connection of its own; creates the database when it does not exist."""
    with translated():
        connection = await _connect_or_create(url.get_secret_value())
    try:
        yield Migrator(connection, schema, service, migrations)
    finally:
        await connection.close(timeout=CONNECT_SECONDS)


def _parser(service: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"python -m services.{service}.admin migrate",
        description=f"Brings the tables of {service} to the version that this code needs.",
        epilog="Reads DATABASE_URL, DATABASE_SCHEMA and ENVIRONMENT. Several may run at once.",
    )
    actions = parser.add_subparsers(dest="action", required=True, metavar="up|down|status")
    up = actions.add_parser("up", help="apply what is missing; creates the database and schema")
    up.add_argument("--to", type=int, metavar="N", help="stop at migration N")
    down = actions.add_parser("down", help="take back the last migration")
    down.add_argument("--to", type=int, metavar="N", help="take back everything above migration N")
    actions.add_parser("status", help="show what is applied and what is missing")
    return parser


async def _run(service: str, asked: argparse.Namespace, settings: MigrateSettings) -> Sequence[str]:
    migrations, schema = load_migrations(service), schema_of(settings, settings)
    async with open_migrator(
        settings.database_url, schema, service=service, migrations=migrations
    ) as migrator:
        if asked.action == "status":
            return await _status(migrator)
        step = migrator.up if asked.action == "up" else migrator.down
        done = [f"{asked.action} {file}" for file in await step(asked.to)]
        return done or [f"schema {schema}: nothing to do"]


async def _status(migrator: Migrator) -> Sequence[str]:
    applied = await migrator.history()
    pending = migrator.migrations[len(applied) :]
    return [
        f"schema {migrator.schema}, service {migrator.service}",
        *(f"{was.version:04}_{was.name} applied {was.applied_at:%F %T%z}" for was in applied),
        *(f"{step.version:04}_{step.name} missing" for step in pending),
    ]


async def _connect_or_create(url: str) -> asyncpg.Connection:
    try:
        return await _connect(url)
    except _NO_DATABASE:
        await _create_database(url)
        return await _connect(url)


async def _connect(url: str, **other: str) -> asyncpg.Connection:
    # Without a statement cache the same command works through PgBouncer.
    return await asyncpg.connect(
        url,
        timeout=CONNECT_SECONDS,
        command_timeout=MIGRATION_SECONDS,
        statement_cache_size=0,
        **other,
    )


async def _create_database(url: str) -> None:
    name = unquote(urlsplit(url).path.removeprefix("/"))
    connection = await _connect(url, database="postgres")
    try:
        await connection.execute(f"CREATE DATABASE {quoted(name)}")
    except (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError):
        return  # another process was first
    finally:
        await connection.close(timeout=CONNECT_SECONDS)
