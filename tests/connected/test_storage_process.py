"""Storage as operators meet it: a process that waits for what it needs, and its commands."""

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator, Iterable, Mapping
from dataclasses import asdict
from typing import Any
from uuid import UUID

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Kind, Stage
from deploy.local import ports
from services.chassis.bus import Bus
from services.chassis.database import Database, open_pool
from services.chassis.journal import Recorded
from services.chassis.settings import DatabaseSettings
from services.storage.domain.record import row_of
from tests.connected.places import eventually
from tests.connected.processes import admin, answers, service
from tests.connected.storage_running import appended, lived, rows, storage_running
from tests.samples import follow_up, job
from tests.servers import NatsServer, PostgresServer

WHOLE = (Stage.ENHANCING_PROMPT, Stage.AI_PROCESSING, Stage.UPLOADING_RESULT, Stage.COMPLETED)


@pytest.fixture
async def record(settings: dict[str, str]) -> AsyncIterator[Database]:
    url = DatabaseSettings(database_url=settings["DATABASE_URL"])
    async with open_pool(url, settings["DATABASE_SCHEMA"]) as database:
        yield database


@pytest.mark.parametrize("command", [[], ["migrate"], ["rebuild"], ["styles"], ["styles", "load"]])
def test_every_command_has_help(settings: dict[str, str], command: list[str]) -> None:
    assert "usage:" in admin("storage", settings, *command, "--help")


def test_a_mistyped_option_is_refused(settings: dict[str, str]) -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        admin("storage", settings, "erase", "--user", "somebody", "--tennant", "theirs")

    assert (failed.value.returncode, "unknown: --tennant theirs" in failed.value.stderr) == (
        2,
        True,
    )


async def test_rebuilding_a_record_that_was_dropped_gives_equal_rows(
    empty_bus: Bus, own_nats: NatsServer, settings: dict[str, str], record: Database
) -> None:
    admin("storage", settings, "migrate", "up")
    async with storage_running(own_nats.url, record):
        lives = [await lived(empty_bus, job(), *stages) for stages in (WHOLE, WHOLE[:2], ())]
        lives.append(await lived(empty_bus, follow_up(lives[0].entry), *WHOLE))
        ended = await lived(empty_bus, job(), *WHOLE)
        lives.append(await appended(empty_bus, ended.entry.erase(), ended))
        failed = await lived(empty_bus, job())
        ending = failed.entry.fail(ErrorCode.TIMED_OUT, "Too late.")
        lives.append(await appended(empty_bus, ending, failed))
        await eventually(lambda: _at(record, lives[-1].sequence))
        await eventually(lambda: _has(record, len(lives)))
    before, counts = await rows(record), await _counts(record)
    admin("storage", settings, "migrate", "down", "--to", "0")
    admin("storage", settings, "migrate", "up")

    assert "6 jobs in the journal; 6 rows written" in admin("storage", settings, "rebuild")

    # What the journal says, column by column; when the watchdog looks next is not a memory.
    found = await record.fetch("SELECT * FROM jobs")
    assert {row["job_id"]: _values(row) for row in found} == _expected(lives)
    assert await rows(record) == before
    assert await _counts(record) == counts
    assert "6 jobs in the journal; 0 rows written" in admin("storage", settings, "rebuild")
    assert await _counts(record) == counts


async def test_retention_removes_what_was_described_at_once(
    empty_bus: Bus, settings: dict[str, str]
) -> None:
    admin("storage", settings, "migrate", "up")
    await lived(empty_bus, job(kind=Kind.DESCRIPTION), Stage.DESCRIBING, Stage.COMPLETED)
    admin("storage", settings, "rebuild")

    assert "the pictures of 1 descriptions" in admin("storage", settings, "retention")
    assert "the pictures of 0 descriptions" in admin("storage", settings, "retention")


async def test_tables_of_both_services_are_made_by_several_processes_at_once(
    settings: dict[str, str], record: Database
) -> None:
    def up(name: str) -> str:
        return admin(name, settings, "migrate", "up")

    names = ("storage", "feedback") * 2
    for _ in range(2):
        done = await asyncio.gather(*(asyncio.to_thread(up, name) for name in names))
        applied = [line for said in done for line in said.splitlines() if line.startswith("up ")]
        assert len(applied) == len(set(applied)) == await _migrations(record)
        for name in names[:2]:
            admin(name, settings, "migrate", "down", "--to", "0")
        assert await _migrations(record) == 0


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


def _expected(lives: Iterable[Recorded]) -> dict[UUID, dict[str, Any]]:
    found = [asdict(row_of(last)) for last in lives]
    return {row["job_id"]: _values(row) for row in found}


def _values(row: Mapping[str, Any]) -> dict[str, Any]:
    # Postgres writes the same JSON in other words.
    return {**row, "entry": json.loads(row["entry"])}


async def _counts(record: Database) -> list[set[tuple[Any, ...]]]:
    """What is counted, in each table."""
    tables = ("job_counts WHERE jobs <> 0", "chain_ends", "chain_counts WHERE edits <> 0")
    found = [await record.fetch(f"SELECT * FROM {table}") for table in tables]
    return [{tuple(row.values()) for row in rows} for rows in found]


async def _migrations(record: Database) -> int:
    """How many are applied."""
    return int(await record.fetchval("SELECT count(*) FROM migration_history"))


async def _has(record: Database, count: int) -> bool:
    return bool(await record.fetchval("SELECT count(*) = $1 FROM jobs", count))


async def _at(record: Database, sequence: int) -> bool:
    return bool(await record.fetchval("SELECT max(sequence) = $1 FROM jobs", sequence))
