"""The record follows the journal, whatever is repeated, late or away."""

import asyncio
import random
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Stage, Status
from contracts.queries import JobQuestion, JobRecord, MovedJobs, MovedQuestion
from contracts.subjects import (
    DEAD_LETTERS,
    JOURNAL,
    STORAGE_JOB_QUERY,
    STORAGE_MOVED_QUERY,
    STORAGE_PROJECTOR,
    journal_subject,
)
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.journal import Recorded
from services.chassis.limits import Policy, Quota
from services.chassis.streams import DURABLES
from services.storage.adapters.jobs import PostgresJobs
from services.storage.domain.record import rows_of
from tests.connected.places import eventually
from tests.connected.storage_running import (
    appended,
    fed,
    lived,
    rows,
    stage_of,
    storage_running,
)
from tests.samples import job
from tests.servers import NatsServer, PostgresServer

WHOLE = (Stage.ENHANCING_PROMPT, Stage.AI_PROCESSING, Stage.UPLOADING_RESULT, Stage.COMPLETED)


def line(opened: JournalEntry, *stages: Stage) -> list[Recorded]:
    """A job's journal in memory."""
    entries = [opened]
    for stage in stages:
        entries.append(entries[-1].advance(stage))
    return [Recorded(entry, 10 + at) for at, entry in enumerate(entries)]


@pytest.mark.parametrize("stages", [WHOLE, WHOLE[:3]], ids=["ended", "under way"])
async def test_entries_in_any_order_and_any_number_leave_the_same_row(
    storage_tables: Database, stages: tuple[Stage, ...]
) -> None:
    jobs, history = PostgresJobs(storage_tables), line(job(), *stages)
    await jobs.keep(rows_of(history[-1:]))
    expected = await rows(storage_tables)
    await storage_tables.execute("TRUNCATE jobs")

    shuffled = history * 3
    random.shuffle(shuffled)
    for recorded in shuffled:
        await jobs.keep(rows_of([recorded]))

    assert await rows(storage_tables) == expected


async def test_a_job_that_ended_is_never_opened_again(storage_tables: Database) -> None:
    jobs, history = PostgresJobs(storage_tables), line(job(), *WHOLE)
    await jobs.keep(rows_of(history))

    late = Recorded(history[2].entry, sequence=1_000)
    assert await jobs.keep(rows_of([late])) == []

    assert await stage_of(storage_tables, late.entry.job_id) == "completed"


async def test_an_erased_job_keeps_nothing_that_a_person_said(storage_tables: Database) -> None:
    jobs, history = PostgresJobs(storage_tables), line(job(prompt="my secret"), *WHOLE)
    await jobs.keep(rows_of(history))

    await jobs.keep(rows_of([Recorded(history[-1].entry.erase(), 1_000)]))
    await jobs.keep(rows_of(history))

    (row,) = (await rows(storage_tables)).values()
    assert row["stage"] == "erased"
    assert row["owner"] is row["prompt"] is row["original_key"] is None
    assert "my secret" not in str(row)


async def test_a_character_that_postgres_cannot_hold_costs_only_itself(
    storage_tables: Database,
) -> None:
    odd = Recorded(job(prompt="nul \0 and \\u0000"), 1)

    await PostgresJobs(storage_tables).keep(rows_of([odd]))

    (row,) = (await rows(storage_tables)).values()
    assert row["prompt"] == "nul  and \\u0000"


async def test_a_job_is_in_the_record_and_on_the_feed(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    async with storage_running(own_nats.url, storage_tables):
        last = await lived(empty_bus, job(), *WHOLE)
        await eventually(lambda: _ended(storage_tables, last))
        await eventually(lambda: _settled(empty_bus))

    assert await fed(empty_bus) == ["mizual.v1.job.accepted", "mizual.v1.job.completed"]


async def test_every_ending_is_told_once_though_entries_come_again(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    endings = [Stage.COMPLETED, Stage.CANCELLED, Stage.FAILED] * 4
    lives = [await lived(empty_bus, job(), stage) for stage in endings]

    async with storage_running(own_nats.url, storage_tables):
        await eventually(lambda: _settled(empty_bus))
    await _deliver_all_again(empty_bus)
    async with storage_running(own_nats.url, storage_tables):
        await eventually(lambda: _settled(empty_bus))

    told = await fed(empty_bus)
    assert len(told) == 2 * len(lives)
    assert told.count("mizual.v1.job.failed") == 4


async def test_two_replicas_share_the_journal(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    async with (
        storage_running(own_nats.url, storage_tables),
        storage_running(own_nats.url, storage_tables),
    ):
        lives = await asyncio.gather(*(lived(empty_bus, job(), *WHOLE) for _ in range(50)))
        await eventually(lambda: _settled(empty_bus))

    assert {row["stage"] for row in (await rows(storage_tables)).values()} == {"completed"}
    assert len(await fed(empty_bus)) == 2 * len(lives)


async def test_nothing_is_lost_when_postgres_dies_in_the_middle(
    empty_bus: Bus, own_nats: NatsServer, own_postgres: PostgresServer, storage_tables: Database
) -> None:
    async with storage_running(own_nats.url, storage_tables):
        before = [await lived(empty_bus, job(), *WHOLE) for _ in range(20)]
        own_postgres.kill()
        after = [await lived(empty_bus, job(), *WHOLE) for _ in range(20)]
        own_postgres.start()
        await eventually(lambda: _settled(empty_bus), seconds=40)

    kept = await rows(storage_tables)
    assert {last.entry.job_id for last in before + after} == set(kept)
    assert {row["stage"] for row in kept.values()} == {"completed"}
    assert len(await fed(empty_bus)) == 2 * 40


async def test_the_keeper_goes_on_after_the_bus_restarted(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    async with storage_running(own_nats.url, storage_tables):
        await lived(empty_bus, job(), *WHOLE)
        own_nats.kill()
        own_nats.start()
        await eventually(lambda: _connected(empty_bus))
        last = await lived(empty_bus, job(), *WHOLE)
        await eventually(lambda: _ended(storage_tables, last))


async def test_a_body_that_is_no_entry_holds_up_nobody(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    await empty_bus.js.publish(journal_subject(uuid4()), b'{"job_id": "no such thing"}')
    last = await lived(empty_bus, job(), *WHOLE)
    await empty_bus.js.publish(journal_subject(uuid4()), b"\xff no json")

    async with storage_running(own_nats.url, storage_tables):
        await eventually(lambda: _ended(storage_tables, last))
        await eventually(lambda: _settled(empty_bus))

    assert (await empty_bus.js.stream_info(DEAD_LETTERS)).state.messages == 2


async def test_a_job_that_failed_by_our_fault_gives_its_place_back(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    quota = Quota(empty_bus, (Policy("daily", 5, 86_400),))
    for code in (ErrorCode.PROVIDER_FAILED, ErrorCode.CONTENT_MODERATED):
        slots = (await quota.take("ada", token=code)).slots
        opened = await appended(empty_bus, job(quota=slots))
        await appended(empty_bus, opened.entry.fail(code, "No."), opened)

    async with storage_running(own_nats.url, storage_tables):
        await eventually(lambda: _settled(empty_bus))

    assert (await empty_bus.js.stream_info("LIMIT_DAILY")).state.messages == 1


async def test_the_record_answers_for_a_job_that_the_journal_forgot(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    async with storage_running(own_nats.url, storage_tables):
        last = await lived(empty_bus, job(), *WHOLE)
        await eventually(lambda: _settled(empty_bus))
        await empty_bus.js.purge_stream(JOURNAL)
        question = JobQuestion(job_id=last.entry.job_id)
        known = await empty_bus.ask(STORAGE_JOB_QUERY, question, JobRecord)
        unknown = await empty_bus.ask(STORAGE_JOB_QUERY, JobQuestion(job_id=uuid4()), JobRecord)

    assert known == JobRecord(entry=last.entry, sequence=last.sequence)
    assert unknown.entry is None


async def test_the_record_knows_which_jobs_of_an_owner_moved_and_how_far_it_knows(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    async with storage_running(own_nats.url, storage_tables):
        ended = await lived(empty_bus, job(owner="ada"), *WHOLE)
        await lived(empty_bus, job(owner="eve"), *WHOLE)
        running = await lived(empty_bus, job(owner="ada"), Stage.ENHANCING_PROMPT)
        await eventually(lambda: _settled(empty_bus))
        all_of_them = await _moved(empty_bus)
        since = await _moved(empty_bus, after=ended.sequence)
        later = await _moved(empty_bus, ended_after=utcnow() + timedelta(seconds=1))

    both = [(running.entry.job_id, running.sequence), (ended.entry.job_id, ended.sequence)]
    assert [(moved.job_id, moved.sequence) for moved in all_of_them.jobs] == both
    assert all_of_them.complete_to == running.sequence
    assert since.jobs == later.jobs == all_of_them.jobs[:1]


async def _moved(bus: Bus, **asked: Any) -> MovedJobs:
    return await bus.ask(STORAGE_MOVED_QUERY, MovedQuestion(owner="ada", **asked), MovedJobs)


async def test_reports_read_edits_and_chains(storage_tables: Database) -> None:
    recorded = Recorded(job(prompt="bluer"), 1)
    await PostgresJobs(storage_tables).keep(rows_of([recorded]))

    edit = await storage_tables.fetchrow("SELECT * FROM edits")
    chain = await storage_tables.fetchrow("SELECT * FROM edit_chains")

    assert edit is not None
    assert chain is not None
    assert edit["uuid"] == chain["edit_uuid"] == recorded.entry.job_id
    assert (edit["prompt"], edit["status"]) == ("bluer", Status.PENDING)
    assert edit["original_image_url"] == recorded.entry.facts.original.key  # type: ignore[union-attr]


async def _ended(tables: Database, last: Recorded) -> bool:
    return await stage_of(tables, last.entry.job_id) == last.entry.stage


async def _settled(bus: Bus) -> bool:
    info = await bus.js.consumer_info(JOURNAL, STORAGE_PROJECTOR)
    return not info.num_pending and not info.num_ack_pending


async def _deliver_all_again(bus: Bus) -> None:
    durable = next(d for d in DURABLES if d.name == STORAGE_PROJECTOR)
    await bus.js.delete_consumer(JOURNAL, durable.name)
    await bus.js.add_consumer(JOURNAL, durable.config())


async def _connected(bus: Bus) -> bool:
    return bool(bus.client.is_connected)
