"""What operators see of a real Postgres that counts statements."""

from collections.abc import AsyncIterator, Iterator
from uuid import uuid4

import asyncpg
import pytest

from services.chassis.database import Database
from services.chassis.inspection import performance_of, schema_of
from tests.connected.places import migrated_schema
from tests.servers import PostgresServer, postgres_server

SECRET = "the words of a person"


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    """A Postgres that may count statements, once a database asks for it."""
    with postgres_server(tmp_path_factory.mktemp("counting")) as server:
        server.stop()
        with (server.data / "postgresql.auto.conf").open("a") as configuration:
            configuration.write("shared_preload_libraries = 'pg_stat_statements'\n")
        server.start()
        yield server


@pytest.fixture
async def tables(counting: PostgresServer) -> AsyncIterator[Database]:
    connection = await asyncpg.connect(counting.url)
    await connection.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements SCHEMA public")
    await connection.close()
    async with migrated_schema(counting.url, f"s_{uuid4().hex}", "storage") as database:
        yield database


async def test_the_slowest_statements_are_told_without_their_values(tables: Database):
    await tables.fetch(f"SELECT job_id, pg_sleep(0.05) FROM jobs WHERE prompt = '{SECRET}'")
    await tables.fetch(f"SELECT pg_sleep(0.05), '{SECRET}'")
    await tables.execute(f"COMMENT ON TABLE jobs IS '{SECRET}'")

    told = await performance_of(tables)

    assert told.source == "pg_stat_statements"
    slowest = told.slow_statements[0]
    assert slowest.statement.startswith("SELECT pg_sleep(")
    assert slowest.calls == 1
    assert (slowest.mean_milliseconds or 0) >= 50
    assert SECRET not in told.model_dump_json()


async def test_an_extension_that_the_server_does_not_load_is_not_asked(
    storage_tables: Database,
):
    await storage_tables.execute("CREATE EXTENSION IF NOT EXISTS pg_stat_statements")

    assert (await performance_of(storage_tables)).source == "pg_stat_activity"

    await storage_tables.execute("DROP EXTENSION pg_stat_statements")


async def test_the_shape_of_every_table_is_told_and_nothing_in_it(feedback_tables: Database):
    insert = "INSERT INTO feedback (edit_uuid, rating, feedback_text) VALUES ($1, 1, $2)"
    await feedback_tables.execute(insert, uuid4(), SECRET)

    told = await schema_of(feedback_tables, "feedback")

    feedback = next(table for table in told.tables if table.name == "feedback")
    columns = {column.name: column for column in feedback.columns}
    assert told.migrations[0].name == "feedback"
    assert (columns["rating"].type, columns["rating"].nullable) == ("smallint", False)
    assert columns["created_at"].default == "now()"
    assert feedback.size_bytes
    assert SECRET not in told.model_dump_json()
