"""Databases of a test's own on a real Postgres."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

from pydantic import SecretStr

from services.chassis.database import Database, open_pool
from services.chassis.migrate import open_migrator
from services.chassis.migrations import Migration, Migrator
from services.chassis.settings import DatabaseSettings
from tests.servers import PostgresServer


def new_url(server: PostgresServer) -> SecretStr:
    """The address of a database that does not exist yet."""
    return SecretStr(server.url_of(f"test_{uuid4().hex[:12]}"))


@asynccontextmanager
async def opened_migrator(
    url: SecretStr,
    migrations: tuple[Migration, ...],
    *,
    schema: str = "preview",
    service: str = "zoo",
) -> AsyncIterator[Migrator]:
    async with open_migrator(url, schema, service=service, migrations=migrations) as migrator:
        yield migrator


@asynccontextmanager
async def opened_database(url: SecretStr, schema: str = "preview") -> AsyncIterator[Database]:
    settings = DatabaseSettings(database_url=url)
    async with open_pool(settings, schema) as database:
        yield database
