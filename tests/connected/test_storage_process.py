"""Storage as operators meet it: a process that waits for what it needs, and its commands."""

import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from contracts.journal import Stage
from deploy.local import ports
from services.chassis.bus import Bus
from services.chassis.database import Database, open_pool
from services.chassis.settings import DatabaseSettings
from tests.connected.places import eventually
from tests.connected.storage_running import lived, rows, storage_running
from tests.samples import job
from tests.servers import NatsServer, PostgresServer

WHOLE = (Stage.ENHANCING_PROMPT, Stage.AI_PROCESSING, Stage.UPLOADING_RESULT, Stage.COMPLETED)


@pytest.fixture
def settings(own_nats: NatsServer, own_postgres: PostgresServer, tmp_path: Path) -> dict[str, str]:
    """The environment of a deployment whose database does not exist yet."""
    return {
        **os.environ,
        "NATS_URL": own_nats.url,
        "DATABASE_URL": own_postgres.url_of(f"record_{uuid4().hex[:12]}"),
        "DATABASE_SCHEMA": "storage",
        "MIZUAL_HOME": str(tmp_path),
        "DOTENV_FILE": str(tmp_path / "none"),
        "ENVIRONMENT": "preview",
    }


@pytest.fixture
async def record(settings: dict[str, str]) -> AsyncIterator[Database]:
    url = DatabaseSettings(database_url=settings["DATABASE_URL"])  # type: ignore[arg-type]
    async with open_pool(url, "storage") as database:
        yield database


@pytest.mark.parametrize("command", [[], ["migrate"], ["rebuild"]])
def test_every_command_has_help(settings: dict[str, str], command: list[str]) -> None:
    assert "usage:" in _admin(settings, *command, "--help")


async def test_rebuilding_a_record_that_was_dropped_gives_equal_rows(
    empty_bus: Bus, own_nats: NatsServer, settings: dict[str, str], record: Database
) -> None:
    _admin(settings, "migrate", "up")
    async with storage_running(own_nats.url, record):
        for stages in (WHOLE, WHOLE[:2], (Stage.CANCELLED,), ()):
            last = await lived(empty_bus, job(), *stages)
        await eventually(lambda: _has(record, 4))
        await eventually(lambda: _at(record, last.sequence))
    before = await rows(record)
    _admin(settings, "migrate", "down", "--to", "0")
    _admin(settings, "migrate", "up")

    assert "4 jobs in the journal; 4 rows written" in _admin(settings, "rebuild")

    assert await rows(record) == before
    assert "4 jobs in the journal; 0 rows written" in _admin(settings, "rebuild")


def test_a_command_that_cannot_reach_the_bus_says_so(settings: dict[str, str]) -> None:
    _admin(settings, "migrate", "up")
    nowhere = settings | {"NATS_URL": f"nats://127.0.0.1:{ports.free()}"}

    with pytest.raises(subprocess.CalledProcessError) as failed:
        _admin(nowhere, "rebuild")

    assert "NATS_URL" in failed.value.stderr


async def test_the_service_starts_before_its_tables_and_becomes_ready_with_them(
    empty_bus: Bus, settings: dict[str, str]
) -> None:
    _admin(settings, "migrate", "up")
    _admin(settings, "migrate", "down")
    with _service("storage", settings) as url:
        await eventually(lambda: _answers(url, 503, "admin migrate up"))
        _admin(settings, "migrate", "up")
        await eventually(lambda: _answers(url, 200, "ok"))


async def test_the_service_waits_for_a_postgres_that_is_away(
    empty_bus: Bus, own_postgres: PostgresServer, settings: dict[str, str], record: Database
) -> None:
    _admin(settings, "migrate", "up")
    own_postgres.stop()
    with _service("storage", settings) as url:
        await eventually(lambda: _answers(url, 503, "database"))
        await lived(empty_bus, job(), *WHOLE)
        own_postgres.start()
        await eventually(lambda: _answers(url, 200, "ok"))
        await eventually(lambda: _has(record, 1))


def _admin(settings: Mapping[str, str], *words: str) -> str:
    command = [sys.executable, "-m", "services.storage.admin", *words]
    done = subprocess.run(
        command, env=dict(settings), capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout


@contextmanager
def _service(name: str, settings: Mapping[str, str]) -> Iterator[str]:
    """The address of a running service, ended as an operator ends it."""
    port = ports.free()
    app = f"services.{name}.main:build_app"
    command = [sys.executable, "-m", "uvicorn", "--factory", app, "--port", str(port)]
    with subprocess.Popen(command, env=dict(settings)) as process:
        try:
            yield f"http://127.0.0.1:{port}"
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) in {0, -signal.SIGTERM, 128 + signal.SIGTERM}
        finally:
            process.kill()


async def _answers(url: str, status: int, words: str) -> bool:
    async with httpx.AsyncClient() as client:
        try:
            answer = await client.get(f"{url}/health/ready")
        except httpx.TransportError:
            return False
    return answer.status_code == status and words in answer.text


async def _has(record: Database, count: int) -> bool:
    return bool(await record.fetchval("SELECT count(*) = $1 FROM jobs", count))


async def _at(record: Database, sequence: int) -> bool:
    return bool(await record.fetchval("SELECT max(sequence) = $1 FROM jobs", sequence))
