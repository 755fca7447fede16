"""The feedback tables on a real Postgres, and the command that makes them."""

import os
import subprocess
import sys
from pathlib import Path
from uuid import uuid4

import pytest
from pydantic import SecretStr

from services.chassis.migrations import check_schema, load_migrations
from tests.connected.databases import new_url, opened_database, opened_migrator
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


def test_the_command_goes_up_down_and_tells(url: SecretStr, tmp_path: Path) -> None:
    assert _command(url, tmp_path, "up") == (0, "up 0001_feedback.up.sql\n")
    assert _command(url, tmp_path, "up") == (0, "schema preview: nothing to do\n")
    assert "0001_feedback applied" in _command(url, tmp_path, "status")[1]
    assert _command(url, tmp_path, "down", "--to", "0") == (0, "down 0001_feedback.up.sql\n")
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
