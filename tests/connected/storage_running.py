"""Storage's record keeper in this process, on real servers."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any
from uuid import UUID, uuid4

from contracts.journal import JournalEntry, Stage
from contracts.subjects import FEED
from services.chassis.broker import bus_of, make_broker, put_step
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.journal import JetStreamJournal, Recorded
from services.chassis.loops import Loops
from services.chassis.objects import ObjectStore
from services.chassis.settings import ServiceSettings
from services.storage.adapters.answers import PostgresAnswers
from services.storage.adapters.jobs import PostgresJobs
from services.storage.domain.finishing import Finisher
from services.storage.main import finishing_tasks, put_answers, put_record
from tests.samples import PREFIX


@asynccontextmanager
async def storage_running(
    url: str, tables: Database, store: ObjectStore | None = None
) -> AsyncIterator[Bus]:
    """The keeper, its watchdog and its answers; the finisher too when there is a store."""
    broker, loops, pool = (
        make_broker(ServiceSettings(nats_url=url), "storage"),
        Loops(),
        PixelPool(),
    )
    put_record(broker, loops, PostgresJobs(tables))
    put_answers(broker, PostgresAnswers(tables))
    if store is not None:
        finisher = Finisher(ImageLimits(), pool)
        for step, task in finishing_tasks(store, finisher, PREFIX):
            put_step(loops, bus_of(broker), step, task, concurrency=2)
    await broker.start()
    await loops.start()
    try:
        yield bus_of(broker)
    finally:
        await loops.stop()
        await broker.stop()
        pool.close()


async def appended(bus: Bus, entry: JournalEntry, after: Recorded | None = None) -> Recorded:
    """The entry on the journal."""
    journal = JetStreamJournal(bus)
    recorded = await journal.append(entry, judged=after, message_id=str(uuid4()))
    assert recorded is not None
    return recorded


async def lived(bus: Bus, opened: JournalEntry, *stages: Stage, **facts: Any) -> Recorded:
    """A job that was opened and went through these stages."""
    last = await appended(bus, opened)
    for stage in stages:
        last = await appended(bus, last.entry.advance(stage, work=facts), last)
    return last


async def rows(tables: Database) -> dict[UUID, dict[str, Any]]:
    """Every row by its job, but for when the watchdog looks again."""
    found = await tables.fetch("SELECT * FROM jobs")
    return {row["job_id"]: {k: v for k, v in row.items() if k != "watch_at"} for row in found}


async def stage_of(tables: Database, job_id: UUID) -> str | None:
    stage: str | None = await tables.fetchval("SELECT stage FROM jobs WHERE job_id = $1", job_id)
    return stage


async def fed(bus: Bus) -> list[str]:
    """The subjects of everything on the public feed, in order."""
    state = (await bus.js.stream_info(FEED)).state
    messages = [bus.js.get_msg(FEED, seq) for seq in range(1, state.last_seq + 1)]
    return [message.subject or "" for message in await asyncio.gather(*messages)]
