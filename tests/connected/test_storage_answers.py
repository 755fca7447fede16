"""Chains and histories as the record tells them, and what the database reads for each answer."""

import re
from collections import Counter
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from contracts.base import utcnow
from contracts.journal import JournalEntry, Kind, Stage
from contracts.queries import HistoryQuestion, JobRecord
from services.chassis.database import Connection, Database
from services.chassis.journal import Recorded
from services.storage.adapters import answers as sql
from services.storage.adapters import jobs as keeping
from services.storage.adapters.answers import PostgresAnswers
from services.storage.adapters.jobs import PostgresJobs
from services.storage.domain.record import rows_of
from tests.connected.places import migrated_schema
from tests.many_rows import DEEPEST, FIRST_OWNER, write_jobs
from tests.samples import aged, follow_up, job
from tests.servers import PostgresServer

MANY = 20_000


async def kept(tables: Database, *entries: JournalEntry) -> None:
    recorded = [Recorded(entry, at) for at, entry in enumerate(entries, 1)]
    await PostgresJobs(tables).keep(rows_of(recorded))


def ids(records: tuple[JobRecord, ...]) -> list[UUID]:
    return [record.entry.job_id for record in records if record.entry]


async def test_a_chain_is_the_path_from_the_root_whatever_branches_off(
    storage_tables: Database,
) -> None:
    root = job()
    first, other = follow_up(root), follow_up(root)
    last = follow_up(first)
    await kept(storage_tables, root, first, other, last)

    answers = PostgresAnswers(storage_tables)

    assert ids((await answers.chain(last.job_id)).members) == [
        root.job_id,
        first.job_id,
        last.job_id,
    ]
    assert ids((await answers.chain(other.job_id)).members) == [root.job_id, other.job_id]
    assert (await answers.chain(uuid4())).members == ()


async def test_a_chain_in_a_circle_ends(storage_tables: Database) -> None:
    alone = job()
    circle = alone.follow(public={"parent_job_id": alone.job_id})
    await kept(storage_tables, circle)

    assert len((await PostgresAnswers(storage_tables).chain(alone.job_id)).members) == 100


async def test_a_history_is_the_owners_newest_first_page_by_page(storage_tables: Database) -> None:
    # Three at each moment: pages end between jobs that were created together.
    mine = [aged(job(), at // 3) for at in range(10)]
    theirs = job(owner="somebody else")
    await kept(storage_tables, *mine, theirs)
    answers, seen, place = PostgresAnswers(storage_tables), [], None

    while True:
        page = await answers.history(HistoryQuestion(owner="owner", after=place, limit=4))
        seen.append(page.jobs)
        if (place := page.next) is None:
            break

    expected = sorted(mine, key=lambda e: (e.public.created_at, e.job_id), reverse=True)
    assert [len(jobs) for jobs in seen] == [4, 4, 2]
    assert ids(tuple(one for jobs in seen for one in jobs)) == [e.job_id for e in expected]


async def test_what_is_made_meanwhile_moves_no_page(storage_tables: Database) -> None:
    old = [aged(job(), 10 + at) for at in range(4)]
    await kept(storage_tables, *old)
    answers = PostgresAnswers(storage_tables)
    first = await answers.history(HistoryQuestion(owner="owner", limit=2))

    await kept(storage_tables, job())
    second = await answers.history(HistoryQuestion(owner="owner", after=first.next, limit=2))

    assert ids(first.jobs + second.jobs) == [entry.job_id for entry in old]
    assert second.next is None


async def test_a_history_tells_one_kind_and_nothing_that_was_erased(
    storage_tables: Database,
) -> None:
    cutout = job().model_copy(update={"kind": Kind.CUTOUT})
    gone, edit = job().erase(), job()
    await kept(storage_tables, cutout, gone, edit)
    answers = PostgresAnswers(storage_tables)

    every = await answers.history(HistoryQuestion(owner="owner"))
    some = await answers.history(HistoryQuestion(owner="owner", kind=Kind.CUTOUT))

    assert set(ids(every.jobs)) == {cutout.job_id, edit.job_id}
    assert ids(some.jobs) == [cutout.job_id]


@pytest.fixture
async def many(own_postgres: PostgresServer) -> AsyncIterator[Database]:
    """A record that is large enough for an index to be worth it."""
    async with migrated_schema(own_postgres.url, f"m_{uuid4().hex}", "storage") as tables:
        await write_jobs(tables, MANY)
        yield tables


async def test_no_answer_reads_the_whole_table(many: Database) -> None:
    deepest = await many.fetchval(f"SELECT {DEEPEST}")
    owner, place, kind, now = FIRST_OWNER, (utcnow(), uuid4()), "edit", utcnow()
    statements: list[tuple[str, tuple[object, ...]]] = [
        (sql.CHAIN, (deepest, 100)),
        (sql.HISTORY, (owner, None, None, 21)),
        (sql.HISTORY, (owner, *place, 101)),
        (sql.HISTORY_OF_KIND, (owner, None, None, 21, kind)),
        (sql.HISTORY_OF_KIND, (owner, *place, 101, "description")),
        (sql.CHAINS, ()),
        (sql.PROCESSING, (30,)),
        (sql.EDITS_PER_DAY, (30,)),
        (keeping._READ, (deepest,)),
        (keeping._CLAIM, (now, now, 200)),
        (keeping._UNWATCH, ([deepest],)),
    ]

    for statement, arguments in statements:
        plan = await many.fetch(f"EXPLAIN {statement}", *arguments)
        lines = "\n".join(str(line["QUERY PLAN"]) for line in plan)
        assert not re.search(r"Seq Scan on jobs", lines), f"{statement}\n{lines}"


async def test_a_history_reads_no_more_than_its_page(many: Database) -> None:
    async with many.transaction() as session:
        before = await _reads(session)
        arguments = (FIRST_OWNER, None, None, 3, "description")
        assert len(await session.fetch(sql.HISTORY_OF_KIND, *arguments)) == 3

        assert await _reads(session) - before == Counter(rows=3)


async def test_keeping_and_counting_read_only_what_they_touch(many: Database) -> None:
    deepest: UUID = await many.fetchval(f"SELECT {DEEPEST}")
    last = follow_up(job().model_copy(update={"job_id": deepest}))
    entries = [last, last.advance(Stage.COMPLETED), *(job() for _ in range(5))]
    rows = rows_of(Recorded(entry, 10**9 + at) for at, entry in enumerate(entries))
    columns = [list(c) for c in zip(*map(keeping._values, rows), strict=True)]

    async with many.transaction() as session:
        before = await _reads(session)
        assert len(await session.fetch(keeping._KEEP, *columns)) == 6

        read = await _reads(session) - before
        assert read["scans"] == 0
        assert read["rows"] < 20


async def _reads(session: Connection) -> Counter[str]:
    """How often `jobs` was read as a whole on this connection, and rows that indexes gave."""
    row = await session.fetchrow(
        "SELECT seq_scan AS scans, idx_tup_fetch AS rows FROM pg_stat_xact_user_tables"
        " WHERE relid = 'jobs'::regclass"
    )
    return Counter(dict(row or {}))
