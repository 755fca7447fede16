"""The SQL of storage and feedback through a real PgBouncer that swaps servers."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from uuid import uuid4

import pytest
from pydantic import SecretStr

from contracts.base import utcnow
from contracts.queries import GiveFeedback
from contracts.styles import Guide
from services.chassis.database import Database, open_pool
from services.chassis.errors import UnavailableError
from services.chassis.inspection import performance_of, schema_of
from services.chassis.journal import Recorded
from services.chassis.migrate import open_migrator
from services.chassis.migrations import check_schema, load_migrations
from services.chassis.settings import DatabaseSettings
from services.feedback.adapters import PostgresRatings
from services.storage.adapters.jobs import PostgresJobs
from services.storage.adapters.styles import PostgresCatalogue
from services.storage.domain.record import rows_of
from services.storage.domain.styles import style_of
from tests.fakes_objects import MemoryStore
from tests.pgbouncer import PgBouncerServer, pgbouncer_server
from tests.samples import PREFIX, job
from tests.servers import PostgresServer

SERVICES = ["storage", "feedback"]
CALLS = 50
"""Many more than servers, so that callers meet each other's."""


@pytest.fixture(scope="module")
def pgbouncer(
    own_postgres: PostgresServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[PgBouncerServer]:
    with pgbouncer_server(tmp_path_factory.mktemp("pgbouncer"), own_postgres) as server:
        yield server


@asynccontextmanager
async def tables(pgbouncer: PgBouncerServer, service: str) -> AsyncIterator[Database]:
    """A service's tables, made and used through the pooler alone."""
    url, schema = SecretStr(pgbouncer.url_of("postgres")), f"p_{uuid4().hex}"
    migrations = load_migrations(service)
    async with open_migrator(url, schema, service=service, migrations=migrations) as migrator:
        await migrator.up()
    async with pool(url, schema) as database:
        yield database


@asynccontextmanager
async def pool(url: SecretStr, schema: str, *, mode: bool = True) -> AsyncIterator[Database]:
    async with open_pool(DatabaseSettings(database_url=url, database_pgbouncer=mode), schema) as d:
        yield d


@pytest.mark.parametrize("service", SERVICES)
async def test_migrations_go_up_and_down(pgbouncer: PgBouncerServer, service: str) -> None:
    url, schema = SecretStr(pgbouncer.url_of("postgres")), f"p_{uuid4().hex}"
    migrations = load_migrations(service)

    async with open_migrator(url, schema, service=service, migrations=migrations) as migrator:
        up = await migrator.up()
        async with pool(url, schema) as database:
            await check_schema(database, service, migrations)
        down = await migrator.down(0)

    assert up == tuple(reversed(down))
    assert up


async def test_the_record_is_kept_read_and_claimed(pgbouncer: PgBouncerServer) -> None:
    history = [Recorded(job(), at) for at in range(1, CALLS + 1)]
    ids = {recorded.entry.job_id for recorded in history}
    async with tables(pgbouncer, "storage") as database:
        jobs = PostgresJobs(database)
        await asyncio.gather(*(jobs.keep(rows_of([recorded])) for recorded in history))
        read = await asyncio.gather(*(jobs.read(job_id) for job_id in ids))
        later = utcnow() + timedelta(days=1)
        claims = await asyncio.gather(*(jobs.claim_silent(later, limit=10) for _ in range(8)))
        await jobs.unwatch(ids)
        left = await jobs.claim_silent(later + timedelta(days=1), limit=CALLS)

    claimed = [job_id for claim in claims for job_id in claim]
    assert {record.entry.job_id for record in read if record.entry} == ids
    assert len(claimed) == len(set(claimed))
    assert set(claimed) <= ids
    assert left == []


async def test_styles_are_put_in_use_and_discarded(pgbouncer: PgBouncerServer) -> None:
    style = style_of(PREFIX, "ink", Guide(name="Ink", rules="Black."), None)
    store, now = MemoryStore(), utcnow()
    async with tables(pgbouncer, "storage") as database:
        catalogue = PostgresCatalogue(database)
        await catalogue.note([style], now)
        await asyncio.gather(*(catalogue.put_in_use([style], now) for _ in range(8)))
        told = await catalogue.current()
        await catalogue.put_in_use([], now)
        removed = await catalogue.discard(now, store.delete, limit=20)

    assert told == [style]
    assert removed == 1


async def test_one_rating_of_many_at_once_is_kept_and_read(pgbouncer: PgBouncerServer) -> None:
    edit = uuid4()
    async with tables(pgbouncer, "feedback") as database:
        ratings = PostgresRatings(database)
        given = GiveFeedback(edit_uuid=edit, rating=1, feedback_text="lovely")
        numbers = await asyncio.gather(*(ratings.add(given) for _ in range(CALLS)))
        read = await ratings.read(edit)

    assert sum(number is not None for number in numbers) == 1
    assert read is not None
    assert read.feedback_text == "lovely"


async def test_services_that_share_servers_never_see_each_others_tables(
    pgbouncer: PgBouncerServer,
) -> None:
    async with AsyncExitStack() as stack:
        here = [await stack.enter_async_context(tables(pgbouncer, name)) for name in SERVICES * 2]

        async def sees(database: Database) -> bool:
            return bool(await database.fetchval("SELECT current_schema()") == database.schema)

        assert all(await asyncio.gather(*(sees(database) for database in here * CALLS)))


async def test_operators_look_into_a_database_behind_it(pgbouncer: PgBouncerServer) -> None:
    async with tables(pgbouncer, "storage") as database:
        told, pace = await schema_of(database, "storage"), await performance_of(database)

    assert "jobs" in {table.name for table in told.tables}
    assert "jobs_pkey" in {use.index for use in pace.indexes}


async def test_without_its_setting_the_operator_is_told_which_one_it_is(
    pgbouncer: PgBouncerServer,
) -> None:
    url = SecretStr(pgbouncer.url_of("postgres"))
    async with pool(url, "public", mode=False) as database:
        with pytest.raises(UnavailableError, match="DATABASE_PGBOUNCER"):
            await database.check()
