"""The feedback tables on a real Postgres, and the command that makes them."""

import asyncio
import os
import re
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.chassis.database import Database
from services.chassis.migrations import check_schema, load_migrations
from services.feedback.adapters import COMPLAINTS, COUNTS
from tests.connected.databases import new_url, opened_database, opened_migrator
from tests.many_rows import write_feedback
from tests.servers import PostgresServer


@pytest.fixture
def url(own_postgres: PostgresServer) -> SecretStr:
    return new_url(own_postgres)


async def test_feedback_keeps_one_valid_rating_per_edit(url: SecretStr) -> None:
    migrations, edit = load_migrations("feedback"), uuid4()
    insert = "INSERT INTO feedback (edit_uuid, rating, feedback_text) VALUES ($1, $2, $3)"
    async with opened_migrator(url, migrations, service="feedback") as migrator:
        await migrator.up()

    async with opened_database(url) as database:
        await check_schema(database, "feedback", migrations)
        await database.execute(insert, edit, 1, "a" * 1000)
        for row in ((edit, 1, None), (uuid4(), 2, None), (uuid4(), 1, "a" * 1001)):
            with pytest.raises(Exception, match="feedback_"):
                await database.execute(insert, *row)
        assert await database.fetchval("SELECT count(*) FROM feedback") == 1


async def test_feedback_goes_up_down_and_up(url: SecretStr) -> None:
    async with opened_migrator(url, load_migrations("feedback"), service="feedback") as migrator:
        first = await migrator.up()
        assert await migrator.down(0) == tuple(reversed(first))
        assert await migrator.up() == first


async def test_the_counts_are_those_of_the_rows_whoever_changes_them(url: SecretStr) -> None:
    migrations = load_migrations("feedback")
    async with (
        opened_migrator(url, migrations, service="feedback") as migrator,
        opened_database(url) as tables,
    ):
        await migrator.up(1)
        await write_feedback(tables, 2_000)
        await migrator.up()
        await _assert_counted(tables)

        # Code of the first version goes on beside the newer tables, and is counted as well.
        await check_schema(tables, "feedback", migrations[:1])
        add = "INSERT INTO feedback (edit_uuid, rating) SELECT gen_random_uuid(), 1"
        await asyncio.gather(*(tables.execute(add) for _ in range(20)))
        await tables.execute("UPDATE feedback SET rating = 0, style = 'ink' WHERE id % 3 = 0")
        await tables.execute("DELETE FROM feedback WHERE id % 5 = 0")
        await _assert_counted(tables)
        await tables.execute("TRUNCATE feedback")
        assert await tables.fetchval("SELECT count(*) FROM feedback_counts") == 0


async def test_complaints_are_found_without_reading_every_rating(url: SecretStr) -> None:
    async with (
        opened_migrator(url, load_migrations("feedback"), service="feedback") as migrator,
        opened_database(url) as tables,
    ):
        await migrator.up()
        await write_feedback(tables, 200_000)
        for statement, arguments in ((COUNTS, (30,)), (COMPLAINTS, (30, 300, 1000))):
            plan = await tables.fetch(f"EXPLAIN {statement}", *arguments)
            lines = "\n".join(str(line["QUERY PLAN"]) for line in plan)
            assert not re.search(r"Seq Scan on feedback\b", lines), lines


async def _assert_counted(tables: Database) -> None:
    kept = await tables.fetch("SELECT * FROM feedback_counts WHERE ratings <> 0")
    counted = await tables.fetch("SELECT * FROM counted_feedback")
    assert {tuple(row.values()) for row in kept} == {tuple(row.values()) for row in counted}


def test_the_command_goes_up_down_and_tells(url: SecretStr, tmp_path: Path) -> None:
    files = ["0001_feedback.up.sql", "0002_analytics.up.sql"]
    assert _command(url, tmp_path, "up") == (0, "".join(f"up {name}\n" for name in files))
    assert _command(url, tmp_path, "up") == (0, "schema preview: nothing to do\n")
    assert "0001_feedback applied" in _command(url, tmp_path, "status")[1]
    assert _command(url, tmp_path, "down", "--to", "0") == (
        0,
        "".join(f"down {name}\n" for name in reversed(files)),
    )
    assert "0001_feedback missing" in _command(url, tmp_path, "status")[1]


def test_the_command_says_what_it_refuses(url: SecretStr, tmp_path: Path) -> None:
    status, said = _command(url, tmp_path, "up", "--to", "99")

    assert (status, said) == (1, "error: feedback has no migration 99\n")


def _command(url: SecretStr, folder: Path, *arguments: str) -> tuple[int, str]:
    done = subprocess.run(
        [sys.executable, "-m", "services.feedback.admin", "migrate", *arguments],
        env=os.environ
        | {
            "DATABASE_URL": url.get_secret_value(),
            "ENVIRONMENT": "preview",
            "DOTENV_FILE": os.devnull,
        },
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
        text=True,
    )
    return done.returncode, done.stdout
