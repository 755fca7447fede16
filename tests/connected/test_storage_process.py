"""Storage as operators meet it: a process that waits for what it needs, and its commands."""

import subprocess
from collections.abc import AsyncIterator

import pytest

from contracts.journal import Stage
from deploy.local import ports
from services.chassis.bus import Bus
from services.chassis.database import Database, open_pool
from services.chassis.settings import DatabaseSettings
from tests.connected.places import eventually
from tests.connected.processes import admin, answers, service
from tests.connected.storage_running import lived, rows, storage_running
from tests.samples import job
from tests.servers import NatsServer, PostgresServer

WHOLE = (Stage.ENHANCING_PROMPT, Stage.AI_PROCESSING, Stage.UPLOADING_RESULT, Stage.COMPLETED)


@pytest.fixture
async def record(settings: dict[str, str]) -> AsyncIterator[Database]:
    url = DatabaseSettings(database_url=settings["DATABASE_URL"])
    async with open_pool(url, settings["DATABASE_SCHEMA"]) as database:
        yield database


@pytest.mark.parametrize("command", [[], ["migrate"], ["rebuild"]])
def test_every_command_has_help(settings: dict[str, str], command: list[str]) -> None:
    assert "usage:" in admin("storage", settings, *command, "--help")


async def test_rebuilding_a_record_that_was_dropped_gives_equal_rows(
    empty_bus: Bus, own_nats: NatsServer, settings: dict[str, str], record: Database
) -> None:
    admin("storage", settings, "migrate", "up")
    async with storage_running(own_nats.url, record):
        for stages in (WHOLE, WHOLE[:2], (Stage.CANCELLED,), ()):
            last = await lived(empty_bus, job(), *stages)
        await eventually(lambda: _has(record, 4))
        await eventually(lambda: _at(record, last.sequence))
    before = await rows(record)
    admin("storage", settings, "migrate", "down", "--to", "0")
    admin("storage", settings, "migrate", "up")

    assert "4 jobs in the journal; 4 rows written" in admin("storage", settings, "rebuild")

    assert await rows(record) == before
    assert "4 jobs in the journal; 0 rows written" in admin("storage", settings, "rebuild")


def test_a_command_that_cannot_reach_the_bus_says_so(settings: dict[str, str]) -> None:
    admin("storage", settings, "migrate", "up")
    nowhere = settings | {"NATS_URL": f"nats://127.0.0.1:{ports.free()}"}

    with pytest.raises(subprocess.CalledProcessError) as failed:
        admin("storage", nowhere, "rebuild")

    assert "NATS_URL" in failed.value.stderr


async def test_the_service_starts_before_its_tables_and_becomes_ready_with_them(
    empty_bus: Bus, settings: dict[str, str]
) -> None:
    admin("storage", settings, "migrate", "up")
    admin("storage", settings, "migrate", "down")
    with service("storage", settings) as url:
        await eventually(lambda: answers(url, 503, "admin migrate up"))
        admin("storage", settings, "migrate", "up")
        await eventually(lambda: answers(url, 200, "ok"))


async def test_the_service_waits_for_a_postgres_that_is_away(
    empty_bus: Bus, own_postgres: PostgresServer, settings: dict[str, str], record: Database
) -> None:
    admin("storage", settings, "migrate", "up")
    own_postgres.stop()
    with service("storage", settings) as url:
        await eventually(lambda: answers(url, 503, "database"))
        await lived(empty_bus, job(), *WHOLE)
        own_postgres.start()
        await eventually(lambda: answers(url, 200, "ok"))
        await eventually(lambda: _has(record, 1))


async def _has(record: Database, count: int) -> bool:
    return bool(await record.fetchval("SELECT count(*) = $1 FROM jobs", count))


async def _at(record: Database, sequence: int) -> bool:
    return bool(await record.fetchval("SELECT max(sequence) = $1 FROM jobs", sequence))
