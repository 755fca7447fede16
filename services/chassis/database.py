"""Postgres: a pool that starts without its server, one way to use it, and errors of our own kinds.

`uuid` columns are UUIDs and `jsonb` columns are JSON text, both ways (`model_dump_json` in,
`model_validate_json` out); SQL names tables without a schema.
"""

import asyncio
import re
from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Final, Protocol

import asyncpg

from services.chassis.errors import TransientError, UnavailableError
from services.chassis.settings import DatabaseSettings

CONNECT_SECONDS: Final = 5.0
COMMAND_SECONDS: Final = 10.0
ACQUIRE_SECONDS: Final = 5.0
"""The longest wait for a free connection, connecting included."""

CLOSE_SECONDS: Final = 5.0

Row = Mapping[str, Any]
"""One row by column name; what a column holds is known to the SQL alone."""

_AWAY: Final = (
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    # The server died between its last word and the end of the connection.
    asyncpg.InternalClientError,
    # A former primary after a failover: the next connection finds the new one.
    asyncpg.ReadOnlySQLTransactionError,
)
_MISCONFIGURED: Final = (
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.ClientConfigurationError,
    # PgBouncer's word for a database it does not have and for a startup parameter of ours.
    asyncpg.ProtocolViolationError,
)
_UNPREPARED: Final = (asyncpg.UndefinedTableError, asyncpg.InvalidSchemaNameError)
_COLLIDED: Final = (
    asyncpg.TransactionRollbackError,
    asyncpg.LockNotAvailableError,
    asyncpg.QueryCanceledError,
)
_CLOSED: Final = re.compile(r"(connection|pool) (is|was) clos(ed|ing)")


class Connection(Protocol):
    """What our SQL needs of a connection."""

    async def execute(self, query: str, *args: object) -> str:
        """Run it; the server's command tag, as in `UPDATE 1`."""

    async def executemany(self, query: str, args: Iterable[Sequence[object]]) -> None:
        """Run it once per row, all or nothing."""

    async def fetch(self, query: str, *args: object) -> Sequence[Row]:
        """All rows."""

    async def fetchrow(self, query: str, *args: object) -> Row | None:
        """The first row, or None."""

    async def fetchval(self, query: str, *args: object) -> Any:
        """The first row's first column, or None."""


class Transaction(Protocol):
    """A block that is all or nothing."""

    async def __aenter__(self) -> object: ...
    async def __aexit__(self, *raised: object) -> None: ...


class Session(Connection, Protocol):
    """A connection that opens transactions; one inside another is a savepoint."""

    def transaction(self) -> Transaction:
        """Commits when the block ends well."""


@dataclass(frozen=True, slots=True)
class Database:
    """One schema of one Postgres, through a pool.

    Everything raises UnavailableError while Postgres is away, refuses us or lacks our tables, and
    TransientError when a transaction lost against another.
    """

    pool: asyncpg.Pool
    schema: str
    pgbouncer: bool = False

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Session]:
        """A connection inside a transaction that commits when the block ends well."""
        async with self._session() as session, session.transaction():
            if self.pgbouncer:
                await use_schema(session, self.schema)
            yield session

    async def execute(self, query: str, *args: object) -> str:
        """Run one statement; the server's command tag, as in `UPDATE 1`."""
        async with self._statement() as connection:
            return await connection.execute(query, *args)

    async def executemany(self, query: str, args: Iterable[Sequence[object]]) -> None:
        """Run one statement per row, all or nothing."""
        async with self._statement() as connection:
            await connection.executemany(query, args)

    async def fetch(self, query: str, *args: object) -> Sequence[Row]:
        """All rows of one statement."""
        async with self._statement() as connection:
            return await connection.fetch(query, *args)

    async def fetchrow(self, query: str, *args: object) -> Row | None:
        """The first row of one statement, or None."""
        async with self._statement() as connection:
            return await connection.fetchrow(query, *args)

    async def fetchval(self, query: str, *args: object) -> Any:
        """The first column of the first row of one statement, or None."""
        async with self._statement() as connection:
            return await connection.fetchval(query, *args)

    async def check(self) -> None:
        """Readiness. Raises UnavailableError saying why Postgres does not answer."""
        await self.fetchval("SELECT 1")

    def _statement(self) -> AbstractAsyncContextManager[Connection]:
        return self.transaction() if self.pgbouncer else self._session()

    @asynccontextmanager
    async def _session(self) -> AsyncIterator[Session]:
        with translated():
            async with self.pool.acquire(timeout=ACQUIRE_SECONDS) as session:
                yield session


@asynccontextmanager
async def open_pool(settings: DatabaseSettings, schema: str) -> AsyncIterator[Database]:
    """A pool whose statements see `schema` alone; it connects at the first use, not before."""
    pool = await asyncpg.create_pool(
        settings.database_url.get_secret_value(),
        min_size=0,
        max_size=settings.database_pool_size,
        timeout=CONNECT_SECONDS,
        command_timeout=COMMAND_SECONDS,
        **_mode(settings, schema),
    )
    try:
        yield Database(pool, schema, settings.database_pgbouncer)
    finally:
        await _close(pool)


async def use_schema(connection: Connection, schema: str) -> None:
    """Let the current transaction see one schema alone."""
    await connection.execute(f"SET LOCAL search_path TO {quoted(schema)}")


def quoted(identifier: str) -> str:
    """The identifier as SQL takes it, whatever characters it has."""
    return '"' + identifier.replace('"', '""') + '"'


@contextmanager
def translated() -> Iterator[None]:
    """Turn the driver's errors into ours; what is a mistake in our SQL or data passes unchanged."""
    try:
        yield
    except _COLLIDED as error:
        raise TransientError(f"Postgres: {error}") from error
    except _MISCONFIGURED as error:
        raise UnavailableError(f"DATABASE_URL or DATABASE_PGBOUNCER: {error}") from error
    except _AWAY as error:
        raise UnavailableError(f"Postgres is away: {error}") from error
    except _UNPREPARED as error:
        raise UnavailableError(f"the database lacks a migration: {error}") from error
    except asyncpg.InterfaceError as error:
        # The driver has one class for a connection that closed under us and for misuse.
        if not _CLOSED.search(str(error)):
            raise
        raise UnavailableError(f"Postgres is away: {error}") from error
    except TimeoutError as error:
        raise UnavailableError("Postgres does not answer in time") from error
    except OSError as error:
        raise UnavailableError(f"Postgres is away: {error}") from error


def _mode(settings: DatabaseSettings, schema: str) -> dict[str, Any]:
    # PgBouncer refuses unknown startup parameters and swaps the server between transactions.
    if settings.database_pgbouncer:
        return {"statement_cache_size": 0}
    return {"server_settings": {"search_path": quoted(schema), "application_name": "mizual"}}


async def _close(pool: asyncpg.Pool) -> None:
    try:
        async with asyncio.timeout(CLOSE_SECONDS):
            await pool.close()
    except TimeoutError:
        pool.terminate()
