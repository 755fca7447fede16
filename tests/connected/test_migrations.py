"""Migrations against a real Postgres: up, down, at once, refused, and beside older code."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Final
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.chassis.database import Database
from services.chassis.errors import TransientError, UnavailableError
from services.chassis.migrations import (
    Migration,
    MigrationError,
    check_schema,
    read_migrations,
)
from tests.connected.databases import new_url, opened_database, opened_migrator
from tests.servers import PostgresServer

FILES: Final = {
    "0001_pets.up.sql": "CREATE TABLE pets (id bigserial PRIMARY KEY);",
    "0001_pets.down.sql": "DROP TABLE pets;",
    "0002_names.up.sql": "ALTER TABLE pets ADD name text; ALTER TABLE pets ADD age int;",
    "0002_names.down.sql": "ALTER TABLE pets DROP age, DROP name;",
    "0003_strict.up.sql": "-- min_code_version: 2\nALTER TABLE pets ALTER name SET NOT NULL;",
    "0003_strict.down.sql": "ALTER TABLE pets ALTER name DROP NOT NULL;",
}
NAMES: Final = [name for name in FILES if name.endswith(".up.sql")]


@pytest.fixture
def url(own_postgres: PostgresServer) -> SecretStr:
    return new_url(own_postgres)


@pytest.fixture
def steps(tmp_path: Path) -> tuple[Migration, ...]:
    return _read(tmp_path, FILES)


async def test_up_creates_the_database_the_schema_and_the_tables(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    async with opened_migrator(url, steps) as migrator:
        assert await migrator.up() == tuple(NAMES)
        assert await migrator.up() == ()

        assert [row.version for row in await migrator.history()] == [1, 2, 3]
    assert await _columns(url, "preview") == {"id", "name", "age"}


async def test_down_takes_back_one_step_and_up_brings_it_again(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    async with opened_migrator(url, steps) as migrator:
        await migrator.up()

        assert await migrator.down() == (NAMES[2],)
        assert await migrator.down() == (NAMES[1],)
        assert await _columns(url, "preview") == {"id"}
        assert await migrator.up(2) == (NAMES[1],)
        assert await migrator.down(0) == (NAMES[1], NAMES[0])
        assert await _columns(url, "preview") == set()
        assert await migrator.up() == tuple(NAMES)


async def test_down_with_nothing_applied_does_nothing(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    async with opened_migrator(url, steps) as migrator:
        assert await migrator.down() == ()


async def test_eight_at_once_apply_every_step_once(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    async def up() -> tuple[str, ...]:
        async with opened_migrator(url, steps) as migrator:
            return await migrator.up()

    async with asyncio.timeout(60):
        done = await asyncio.gather(*(up() for _ in range(8)))

    assert sorted(file for files in done for file in files) == NAMES


async def test_a_step_that_fails_leaves_no_trace(url: SecretStr, tmp_path: Path) -> None:
    broken = FILES | {"0002_names.up.sql": "ALTER TABLE pets ADD name text; SELECT 1/0;"}

    async with opened_migrator(url, _read(tmp_path, broken)) as migrator:
        with pytest.raises(MigrationError, match=r"0002_names\.up\.sql.*division by zero"):
            await migrator.up()

        assert [row.version for row in await migrator.history()] == [1]
    assert await _columns(url, "preview") == {"id"}


async def test_a_file_that_was_changed_after_it_was_applied_is_refused_by_name(
    url: SecretStr, steps: tuple[Migration, ...], tmp_path: Path
) -> None:
    async with opened_migrator(url, steps) as migrator:
        await migrator.up(2)
    changed = _read(tmp_path, FILES | {"0002_names.up.sql": "ALTER TABLE pets ADD nick text;"})

    async with opened_migrator(url, changed) as migrator:
        for call in (migrator.up(), migrator.down(), migrator.down(0)):
            with pytest.raises(MigrationError, match=r"0002_names\.up\.sql was changed"):
                await call
    assert await _columns(url, "preview") == {"id", "name", "age"}


async def test_line_endings_are_not_a_change(
    url: SecretStr, steps: tuple[Migration, ...], tmp_path: Path
) -> None:
    async with opened_migrator(url, steps) as migrator:
        await migrator.up()
    windows = {name: text.replace("\n", "\r\n") for name, text in FILES.items()}

    async with opened_migrator(url, _read(tmp_path, windows)) as migrator:
        assert await migrator.up() == ()


async def test_a_database_newer_than_the_files_is_refused(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    async with opened_migrator(url, steps) as migrator:
        await migrator.up()

    async with opened_migrator(url, steps[:2]) as older:
        for call in (older.up(), older.down(), older.down(1)):
            with pytest.raises(MigrationError, match="newer than these files: it has 0003_strict"):
                await call


async def test_a_version_that_no_file_has_is_refused(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    async with opened_migrator(url, steps) as migrator:
        for call in (migrator.up(4), migrator.up(-1), migrator.down(4), migrator.down(-1)):
            with pytest.raises(MigrationError, match="has no migration"):
                await call


async def test_two_schemas_live_side_by_side(url: SecretStr, steps: tuple[Migration, ...]) -> None:
    async with (
        opened_migrator(url, steps) as preview,
        opened_migrator(url, steps, schema="public") as public,
    ):
        await asyncio.gather(preview.up(), public.up(1))
        await preview.down(0)
        await preview.up(2)

    assert await _columns(url, "preview") == {"id", "name", "age"}
    assert await _columns(url, "public") == {"id"}


async def test_two_services_share_a_schema(
    url: SecretStr, steps: tuple[Migration, ...], tmp_path: Path
) -> None:
    cats = {name.replace("pets", "cats"): "SELECT 1;" for name in FILES if "pets" in name}

    async with (
        opened_migrator(url, steps) as zoo,
        opened_migrator(url, _read(tmp_path, cats), service="shelter") as shelter,
    ):
        await asyncio.gather(zoo.up(), shelter.up())

        assert len(await zoo.history()) == 3
        assert await shelter.down() == ("0001_cats.up.sql",)
        assert len(await zoo.history()) == 3


async def test_a_table_that_somebody_holds_is_waited_for_no_longer_than_a_while(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    async with opened_migrator(url, steps) as migrator, opened_database(url) as database:
        await migrator.up(1)
        async with database.transaction() as connection:
            await connection.execute("LOCK TABLE pets")

            with pytest.raises(TransientError, match="lock timeout"):
                await replace(migrator, lock_seconds=0.1).up()

        assert await migrator.up(2) == (NAMES[1],)


async def test_old_code_keeps_working_beside_a_schema_that_allows_it(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    one, two, three = steps[:1], steps[:2], steps
    async with opened_migrator(url, steps) as migrator, opened_database(url) as database:
        await _refused(database, one, "is at migration 0 of zoo and this code needs 1")

        await migrator.up(1)
        await check_schema(database, "zoo", one)
        await _refused(database, two, "admin migrate up")

        await migrator.up(2)
        await check_schema(database, "zoo", one)
        await check_schema(database, "zoo", two)

        await migrator.up(3)
        await _refused(database, one, "needs code of migration 2 or newer; this code has 1")
        await check_schema(database, "zoo", two)
        await check_schema(database, "zoo", three)

        await migrator.down()
        await check_schema(database, "zoo", one)
        await _refused(database, three, "this code needs 3")


async def test_the_schema_of_a_missing_database_is_not_ready(
    url: SecretStr, steps: tuple[Migration, ...]
) -> None:
    async with opened_database(url) as database:
        await _refused(database, steps, "DATABASE_URL.*does not exist")


async def _columns(url: SecretStr, schema: str) -> set[str]:
    async with opened_database(url) as database:
        rows = await database.fetch(
            "SELECT column_name FROM information_schema.columns"
            " WHERE table_name = 'pets' AND table_schema = $1",
            schema,
        )
        return {row["column_name"] for row in rows}


async def _refused(database: Database, migrations: tuple[Migration, ...], said: str) -> None:
    with pytest.raises(UnavailableError, match=said):
        await check_schema(database, "zoo", migrations)


def _read(folder: Path, contents: Mapping[str, str]) -> tuple[Migration, ...]:
    place = folder / uuid4().hex
    place.mkdir()
    for name, text in contents.items():
        (place / name).write_text(text, newline="")
    return read_migrations(place)
