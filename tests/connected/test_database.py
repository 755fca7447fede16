"""The pool against a real Postgres that stops, dies, refuses and comes back."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import UUID, uuid4

import asyncpg
import pytest
from pydantic import BaseModel, SecretStr

from services.chassis.database import ACQUIRE_SECONDS, Database, open_pool
from services.chassis.errors import TransientError, UnavailableError
from services.chassis.settings import DatabaseSettings
from tests.servers import PostgresServer, postgres_server


class Note(BaseModel):
    id: UUID
    words: list[str]


@pytest.fixture(params=[False, True], ids=["direct", "pgbouncer"])
async def database(
    request: pytest.FixtureRequest, own_postgres: PostgresServer
) -> AsyncIterator[Database]:
    """A fresh schema with one table, in the mode for each kind of connection."""
    schema = f"s_{uuid4().hex}"
    async with _opened(own_postgres, schema, pgbouncer=request.param) as database:
        await database.execute(f"CREATE SCHEMA {schema}")
        await database.execute("CREATE TABLE notes (id uuid PRIMARY KEY, note jsonb, n int)")
        yield database


async def test_names_without_a_schema_are_those_of_our_schema(database: Database) -> None:
    await _put(database, uuid4())

    assert await database.fetchval(f"SELECT count(*) FROM {database.schema}.notes") == 1
    async with database.transaction() as connection:
        assert await connection.fetchval("SELECT current_schema()") == database.schema


async def test_uuids_and_json_text_pass_both_ways(database: Database) -> None:
    note = Note(id=uuid4(), words=["a", "ü", '"'])
    await database.execute(
        "INSERT INTO notes (id, note) VALUES ($1, $2)", note.id, note.model_dump_json()
    )

    row = await database.fetchrow("SELECT id, note FROM notes")

    assert row is not None
    assert row["id"] == note.id
    assert Note.model_validate_json(row["note"]) == note


async def test_many_rows_go_in_together_or_not_at_all(database: Database) -> None:
    double, insert = uuid4(), "INSERT INTO notes (id) VALUES ($1)"
    await database.executemany(insert, [(uuid4(),), (uuid4(),)])

    with pytest.raises(asyncpg.UniqueViolationError):
        await database.executemany(insert, [(double,), (double,)])

    assert len(await database.fetch("SELECT id FROM notes")) == 2


async def test_a_transaction_that_fails_leaves_nothing(database: Database) -> None:
    async def fail() -> None:
        async with database.transaction() as connection:
            await connection.execute("INSERT INTO notes (id) VALUES ($1)", uuid4())
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail()

    assert await database.fetchval("SELECT count(*) FROM notes") == 0


async def test_mistakes_of_ours_are_not_called_something_else(database: Database) -> None:
    key = await _put(database, uuid4())

    with pytest.raises(asyncpg.UniqueViolationError):
        await _put(database, key)
    with pytest.raises(asyncpg.DataError, match="the pool is closed"):
        await database.execute("INSERT INTO notes (n) VALUES ($1)", "the pool is closed")
    with pytest.raises(asyncpg.PostgresSyntaxError):
        await database.execute("SELEC 1")


async def test_a_transaction_that_lost_against_another_may_be_tried_again(
    database: Database,
) -> None:
    key = await _put(database, uuid4())
    count = "UPDATE notes SET n = (SELECT count(*) FROM notes WHERE n > 0) WHERE id = $1"

    async def lose() -> None:
        async with database.transaction() as first:
            await first.execute("SET TRANSACTION ISOLATION LEVEL SERIALIZABLE")
            await first.fetchval("SELECT count(*) FROM notes")
            await database.execute(count, key)
            await first.execute(count, key)

    with pytest.raises(TransientError) as lost:
        await lose()

    assert not isinstance(lost.value, UnavailableError)


async def test_a_connection_that_is_cut_is_unavailable_and_the_next_one_works(
    database: Database,
) -> None:
    async def be_cut() -> None:
        async with database.transaction() as connection:
            own = await connection.fetchval("SELECT pg_backend_pid()")
            await database.execute("SELECT pg_terminate_backend($1)", own)
            await connection.execute("SELECT pg_sleep(5)")

    with pytest.raises(UnavailableError):
        await be_cut()

    await database.check()


async def test_a_table_that_no_migration_made_yet_is_waited_for(database: Database) -> None:
    with pytest.raises(UnavailableError, match=r"lacks a migration.*later"):
        await database.fetch("SELECT * FROM later")


async def test_a_server_that_is_away_is_waited_for_and_used_again(tmp_path: Path) -> None:
    with postgres_server(tmp_path / "postgres") as server:
        server.stop()
        async with _opened(server, "public") as database:
            with pytest.raises(UnavailableError):
                await database.check()

            await asyncio.to_thread(server.start)
            await database.check()

            await asyncio.to_thread(server.kill)
            with pytest.raises(UnavailableError):
                await database.check()

            await asyncio.to_thread(server.start)
            await database.check()


async def test_a_server_that_hangs_is_unavailable_in_bounded_time(tmp_path: Path) -> None:
    with postgres_server(tmp_path / "postgres") as server:
        async with _opened(server, "public") as database:
            server.pause()
            async with asyncio.timeout(ACQUIRE_SECONDS * 3):
                with pytest.raises(UnavailableError):
                    await database.check()
            server.resume()

            await database.check()


async def test_wrong_addresses_are_named_with_their_setting(own_postgres: PostgresServer) -> None:
    user, _, place = own_postgres.url.rpartition("@")
    wrong = f"{user}wrong@{place}"

    for url in (wrong, own_postgres.url_of("nobody_made_this")):
        async with open_pool(DatabaseSettings(database_url=SecretStr(url)), "public") as database:
            with pytest.raises(UnavailableError, match="DATABASE_URL"):
                await database.check()


async def test_a_pool_that_is_used_up_is_unavailable_in_bounded_time(
    own_postgres: PostgresServer,
) -> None:
    async with _opened(own_postgres, "public", size=1) as database, database.transaction():
        async with asyncio.timeout(ACQUIRE_SECONDS * 3):
            with pytest.raises(UnavailableError):
                await database.check()


@asynccontextmanager
async def _opened(
    server: PostgresServer, schema: str, *, pgbouncer: bool = False, size: int = 4
) -> AsyncIterator[Database]:
    settings = DatabaseSettings(
        database_url=SecretStr(server.url),
        database_pool_size=size,
        database_pgbouncer=pgbouncer,
    )
    async with open_pool(settings, schema) as database:
        yield database


async def _put(database: Database, key: UUID) -> UUID:
    await database.execute("INSERT INTO notes (id, n) VALUES ($1, 1)", key)
    return key
