"""What the record answers at a million jobs, while entries arrive all the time."""

import asyncio
import os
import random
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from uuid import UUID, uuid4

from contracts.analytics import (
    ChainAnalytics,
    ChainsQuestion,
    FeedbackAnalytics,
    FeedbackAnalyticsQuestion,
    ProcessingAnalytics,
    ProcessingQuestion,
)
from contracts.base import Message
from contracts.journal import Kind, Stage
from contracts.queries import ChainQuestion, ChainRecord, HistoryPage, HistoryQuestion
from contracts.subjects import (
    FEEDBACK_ANALYTICS_QUERY,
    STORAGE_CHAIN_QUERY,
    STORAGE_CHAINS_QUERY,
    STORAGE_HISTORY_QUERY,
    STORAGE_PROCESSING_QUERY,
)
from services.chassis.bus import Bus
from services.chassis.database import Database, open_pool
from services.chassis.journal import JetStreamJournal, Recorded
from services.chassis.settings import DatabaseSettings
from tests.bench.table import Figure, p50, p95
from tests.buses import connected
from tests.connected.processes import admin
from tests.many_rows import DEEPEST, FIRST_OWNER, write_feedback, write_jobs
from tests.samples import job
from tests.stack import UNLIMITED, RealStack, real_stack

JOBS: Final = 1_000_000
ENTRIES_PER_SECOND: Final = 200
UNDER_WAY: Final = 200
QUESTIONS: Final = 300
LAGS_PER_SECOND: Final = 10
LOOK_SECONDS: Final = 0.005
SCHEMA: Final = "preview"
# The rows are of a year: nothing of them is to be forgotten meanwhile.
KEPT: Final = {"RETENTION_DAYS": "3650", "CUTOUT_RETENTION_HOURS": "87600"}
STAGES: Final = (
    Stage.ENHANCING_PROMPT,
    Stage.FETCHING_IMAGE,
    Stage.AI_PROCESSING,
    Stage.UPLOADING_RESULT,
    Stage.COMPLETED,
)
Ask = Callable[[], Awaitable[Message]]


async def record() -> list[Figure]:
    """Histories, chains and figures as the gateway asks for them, and how far the record is."""
    with (
        tempfile.TemporaryDirectory(prefix="mizual-bench-") as folder,
        real_stack(Path(folder), ("storage", "feedback"), **UNLIMITED, **KEPT) as system,
    ):
        address = DatabaseSettings(database_url=system.environment["DATABASE_URL"])
        async with open_pool(address, SCHEMA) as tables, connected(system.nats_url) as bus:
            prepared = await _prepared(system, tables)
            deepest: UUID = await tables.fetchval(f"SELECT {DEEPEST}")
            async with _arriving(bus, tables) as arriving:
                answered = [
                    figure
                    for name, ask in _questions(bus, deepest).items()
                    for figure in await _asked(name, ask)
                ]
    lags = [seconds * 1000 for seconds in arriving.lags]
    return [
        *prepared,
        *answered,
        Figure("from an entry to its row, p50", p50(lags), "ms"),
        Figure("from an entry to its row, p95", p95(lags), "ms", "< 1,000", f"{len(lags)} entries"),
        Figure("entries meanwhile", arriving.rate, "/s", f"= {ENTRIES_PER_SECOND}"),
    ]


async def _prepared(system: RealStack, tables: Database) -> list[Figure]:
    """Write the rows as if nothing had counted them, then bring the tables up to date."""
    for service, before in (("storage", "2"), ("feedback", "1")):
        admin(service, system.environment, "migrate", "down", "--to", before)
    await write_jobs(tables, JOBS)
    await write_feedback(tables, JOBS)
    begun = time.monotonic()
    for service in ("storage", "feedback"):
        await asyncio.to_thread(
            admin, service, system.environment, "migrate", "up", within_seconds=600
        )
    taken = time.monotonic() - begun
    size = await tables.fetchval("SELECT pg_total_relation_size('jobs') / 1024 / 1024")
    return [Figure(f"counting {JOBS:,} jobs, once", taken, "s", "", f"table of {size:,} MiB")]


def _questions(bus: Bus, deepest: UUID) -> Mapping[str, Ask]:
    def history(owner: Callable[[], str], limit: int, kind: Kind | None = None) -> Ask:
        return lambda: bus.ask(
            STORAGE_HISTORY_QUERY,
            HistoryQuestion(owner=owner(), limit=limit, kind=kind),
            HistoryPage,
        )

    def somebody() -> str:
        return f"owner-{random.randrange(50_000)}"

    def busiest() -> str:
        return FIRST_OWNER

    return {
        "history of somebody, 20 jobs": history(somebody, 20),
        "history of the busiest, 100 jobs": history(busiest, 100),
        "history of the busiest, 20 of a rare kind": history(busiest, 20, Kind.DESCRIPTION),
        "chain of 50": lambda: bus.ask(
            STORAGE_CHAIN_QUERY, ChainQuestion(job_id=deepest), ChainRecord
        ),
        "analytics of chains": lambda: bus.ask(
            STORAGE_CHAINS_QUERY, ChainsQuestion(), ChainAnalytics
        ),
        "analytics of processing, 30 days": lambda: bus.ask(
            STORAGE_PROCESSING_QUERY, ProcessingQuestion(), ProcessingAnalytics
        ),
        "analytics of processing, 365 days": lambda: bus.ask(
            STORAGE_PROCESSING_QUERY, ProcessingQuestion(days=365), ProcessingAnalytics
        ),
        "analytics of feedback, 30 days": lambda: bus.ask(
            FEEDBACK_ANALYTICS_QUERY, FeedbackAnalyticsQuestion(), FeedbackAnalytics
        ),
        "analytics of feedback, 365 days": lambda: bus.ask(
            FEEDBACK_ANALYTICS_QUERY, FeedbackAnalyticsQuestion(days=365), FeedbackAnalytics
        ),
    }


async def _asked(name: str, ask: Ask) -> list[Figure]:
    taken: list[float] = []
    for _ in range(QUESTIONS):
        begun = time.perf_counter()
        await ask()
        taken.append((time.perf_counter() - begun) * 1000)
    load = f"load {os.getloadavg()[0]:.1f}"
    return [
        Figure(f"{name}, p50", p50(taken), "ms"),
        Figure(f"{name}, p95", p95(taken), "ms", "<= 50", load),
    ]


@dataclass
class Arriving:
    """Entries that arrive, and how long some took to be in the record, in seconds."""

    lags: list[float] = field(default_factory=list)
    written: int = 0
    seconds: float = 0.0

    @property
    def rate(self) -> float:
        """Entries a second."""
        return self.written / self.seconds


@asynccontextmanager
async def _arriving(bus: Bus, tables: Database) -> AsyncIterator[Arriving]:
    """Jobs that live at a steady rate until the block ends."""
    arriving, over = Arriving(), asyncio.Event()
    narrating = asyncio.create_task(_narrate(JetStreamJournal(bus), tables, arriving, over))
    try:
        yield arriving
    finally:
        over.set()
        await narrating


async def _narrate(
    journal: JetStreamJournal, tables: Database, arriving: Arriving, over: asyncio.Event
) -> None:
    under_way: list[Recorded | None] = [None] * UNDER_WAY
    begun = time.monotonic()
    async with asyncio.TaskGroup() as followers:
        while not over.is_set():
            at, number = arriving.written % UNDER_WAY, arriving.written
            await asyncio.sleep(max(0.0, begun + number / ENTRIES_PER_SECOND - time.monotonic()))
            under_way[at] = await _moved(journal, under_way[at])
            if number % (ENTRIES_PER_SECOND // LAGS_PER_SECOND) == 0:
                followers.create_task(_follow(tables, under_way[at], arriving))
            arriving.written += 1
    arriving.seconds = time.monotonic() - begun


async def _moved(journal: JetStreamJournal, last: Recorded | None) -> Recorded:
    """The job one stage further, or another one where it has ended."""
    if last is None or last.entry.terminal:
        written = await journal.append(job(), judged=None, message_id=str(uuid4()))
    else:
        following = last.entry.advance(STAGES[last.entry.index])
        written = await journal.append(following, judged=last, message_id=str(uuid4()))
    assert written is not None
    return written


async def _follow(tables: Database, written: Recorded | None, arriving: Arriving) -> None:
    assert written is not None
    begun = time.monotonic()
    while not await tables.fetchval(
        "SELECT sequence >= $2 FROM jobs WHERE job_id = $1",
        written.entry.job_id,
        written.sequence,
    ):
        await asyncio.sleep(LOOK_SECONDS)
    arriving.lags.append(time.monotonic() - begun)
