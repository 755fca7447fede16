"""The counts that the database keeps are those of the rows, whoever writes them and how often."""

import asyncio
import random
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Options, Stage
from services.chassis.database import Database
from services.chassis.journal import Recorded
from services.chassis.migrations import check_schema, load_migrations
from services.storage.adapters.answers import PostgresAnswers
from services.storage.adapters.jobs import PostgresJobs
from services.storage.domain.record import rows_of
from tests.connected.databases import new_url, opened_database, opened_migrator
from tests.many_rows import write_jobs
from tests.samples import follow_up, job
from tests.servers import PostgresServer

PROMPTS = ("make it blue", "remove the fence", "a new background", "paint it", "brighter", "wow")
STAGES = (Stage.ENHANCING_PROMPT, Stage.AI_PROCESSING, Stage.UPLOADING_RESULT)

BEFORE = 2
"""The version of the tables that had no counts."""


def lives(count: int) -> list[Recorded]:
    """The journal of so many jobs that follow each other now and then and end in every way."""
    lines: list[list[JournalEntry]] = []
    for _ in range(count):
        parents = [line[0] for line in lines if line[0].public.chain_position < 4]
        words = {"prompt": _one_of(*PROMPTS), "options": Options(style_id=_one_of("ink", None))}
        parent = _one_of(*parents, None)
        opened = follow_up(parent, **words) if parent else job(**words)
        kind = _one_of(Kind.EDIT, Kind.EDIT, Kind.CUTOUT)
        lines.append(_line(opened.model_copy(update={"kind": kind})))
    entries = [entry for line in lines for entry in line]
    return [Recorded(entry, at) for at, entry in enumerate(entries, 1)]


def _line(opened: JournalEntry) -> list[JournalEntry]:
    line = [opened]
    for stage in STAGES[: random.randint(0, 3)]:
        line.append(line[-1].advance(stage))
    how = random.random()
    if how < 0.7:
        line.append(line[-1].advance(Stage.COMPLETED))
    elif how < 0.8:
        line.append(line[-1].fail(ErrorCode.TIMED_OUT, "Too late."))
    if random.random() < 0.2:
        line.append(line[-1].erase())
    return line


def _one_of(*choices: Any) -> Any:
    return random.choice(choices)


@pytest.fixture
async def tables(storage_tables: Database) -> AsyncIterator[Database]:
    """The tables; afterwards their counts are those of their rows."""
    yield storage_tables
    await assert_counted(storage_tables)


async def assert_counted(tables: Database) -> None:
    kept = await tables.fetch("SELECT * FROM job_counts WHERE jobs <> 0")
    counted = await tables.fetch("SELECT * FROM counted_jobs")
    assert _set(kept) == _set(counted)
    ends = await tables.fetch("SELECT job_id, position FROM chain_ends")
    assert _set(ends) == _set(await tables.fetch("SELECT job_id, position FROM found_chain_ends"))
    sums = "SELECT position, count(*) AS edits FROM chain_ends GROUP BY position"
    chains = await tables.fetch("SELECT position, edits FROM chain_counts WHERE edits <> 0")
    assert _set(chains) == _set(await tables.fetch(sums))


def _set(rows: Sequence[Any]) -> set[tuple[Any, ...]]:
    return {tuple(row.values()) for row in rows}


async def test_entries_in_any_order_and_any_number_are_counted_once(tables: Database) -> None:
    entries = lives(80) * 2
    random.shuffle(entries)

    await _keep(tables, entries)

    assert await tables.fetchval("SELECT sum(jobs) FROM job_counts WHERE measure = 'stage'") == 80


async def test_many_writers_at_once_count_right_and_stop_nobody(tables: Database) -> None:
    entries = lives(120) * 3
    random.shuffle(entries)

    await asyncio.gather(*(_keep(tables, entries[at::6]) for at in range(6)))


async def test_rows_that_are_removed_are_counted_no_more(tables: Database) -> None:
    await _keep(tables, lives(60))

    await tables.execute("DELETE FROM jobs WHERE md5(job_id::text) < '8'")
    await assert_counted(tables)
    await tables.execute("TRUNCATE jobs")

    assert await tables.fetchval("SELECT count(*) FROM job_counts") == 0


async def test_an_erased_job_leaves_only_its_place_in_the_counts(tables: Database) -> None:
    opened = job(prompt="paint it", options=Options(style_id="ink"))

    await _keep(tables, [Recorded(opened, 1), Recorded(opened.erase(), 2)])

    told = await PostgresAnswers(tables).processing(1)
    assert told.kinds["edit"].stages == {"erased": 1}
    assert (told.styles, told.prompt_classes) == ({}, {})


@pytest.mark.parametrize(
    ("prompt", "said"),
    [
        ("Make the sky BLUE", "colour"),
        ("Remove the background", "background"),
        ("remove the tree in front of the house", "remove"),
        ("a bit brighter please", "light"),
        ("in the style of Hokusai, with blue waves", "style"),
        ("hello", "other"),
        ("please do, if you can and if it is not too much work, make it blue", "other"),
        ("' \" \\ % \n é 🎨", "other"),
    ],
)
async def test_the_first_words_of_a_prompt_have_a_class(
    storage_tables: Database, prompt: str, said: str
) -> None:
    assert await storage_tables.fetchval("SELECT prompt_class($1)", prompt) == said


async def test_a_record_that_was_there_before_is_counted_by_the_migration(
    own_postgres: PostgresServer,
) -> None:
    url = new_url(own_postgres)
    migrations = load_migrations("storage")
    async with (
        opened_migrator(url, migrations, service="storage") as migrator,
        opened_database(url) as tables,
    ):
        await migrator.up(BEFORE)
        await _keep(tables, lives(40))
        await write_jobs(tables, 2_000)
        await migrator.up()
        await assert_counted(tables)

        # Code of the version before goes on beside the newer tables, and is counted as well.
        await check_schema(tables, "storage", migrations[:BEFORE])
        await _keep(tables, lives(40))
        await assert_counted(tables)
        await migrator.down(0)
        await migrator.up()


async def test_chains_are_told_from_their_counts(tables: Database) -> None:
    root = job()
    first, failing = follow_up(root), follow_up(root)
    ended = [root, first, follow_up(first), follow_up(root)]
    entries = [entry.advance(Stage.COMPLETED) for entry in ended]
    entries.append(failing.fail(ErrorCode.TIMED_OUT, "Too late."))

    await _keep(tables, [Recorded(entry, at) for at, entry in enumerate(entries, 1)])

    told = await PostgresAnswers(tables).chains()
    assert (told.total_chains, told.longest_chain, told.branches) == (2, 3, 1)
    assert told.average_chain_length == 2.5
    assert told.lengths == {2: 1, 3: 1}


async def _keep(tables: Database, entries: list[Recorded]) -> None:
    jobs, at = PostgresJobs(tables), 0
    while at < len(entries):
        size = random.randint(1, 25)
        await jobs.keep(rows_of(entries[at : at + size]))
        at += size
