"""Storage as a process: `uvicorn --factory services.storage.main:build_app`."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, closing
from datetime import timedelta
from functools import partial
from typing import Any, Final

from faststream.asgi import AsgiFastStream
from faststream.nats import NatsBroker

from contracts import subjects as s
from contracts.analytics import ChainsQuestion, ProcessingQuestion
from contracts.journal import Kind
from contracts.queries import (
    ERASE_SECONDS,
    ChainQuestion,
    ErasureQuestion,
    HistoryQuestion,
    JobQuestion,
    MovedQuestion,
    StylesQuestion,
)
from services.chassis.app import Check, bus_check, make_app
from services.chassis.broker import bus_of, make_broker, put_command, put_query, put_step
from services.chassis.database import open_pool
from services.chassis.handler import Task
from services.chassis.images.limits import raw_limits
from services.chassis.images.pool import PixelPool
from services.chassis.inspection import put_inspection
from services.chassis.journal import JetStreamJournal
from services.chassis.limits import give_back
from services.chassis.loops import Loops
from services.chassis.migrations import check_schema, load_migrations
from services.chassis.objects import ObjectStore, open_store
from services.chassis.settings import load, prefix_of, schema_of
from services.chassis.step import Step
from services.chassis.telemetry import configure_logging
from services.storage.adapters.answers import PostgresAnswers
from services.storage.adapters.forgetting import Forgetting, forgetting_on
from services.storage.adapters.jobs import PostgresJobs
from services.storage.adapters.projector import Projector, kept_to
from services.storage.adapters.stuck import StuckEvents
from services.storage.adapters.styles import PostgresCatalogue
from services.storage.domain.finishing import Finisher
from services.storage.domain.judging import Judging
from services.storage.domain.stuck import MaxDeliveries
from services.storage.domain.styles import Catalogue, grace_of
from services.storage.handlers import finishing as ends
from services.storage.handlers import forgetting as forget
from services.storage.handlers import record as on
from services.storage.handlers import styles
from services.storage.settings import StorageSettings

STREAMS: Final = (s.EVENTS, s.JOURNAL, s.FEED, s.DEAD_LETTERS, s.ADVISORIES)
DURABLES: Final = (
    *(step.durable for step in (ends.EDITS, ends.VARIATIONS, ends.CUTOUTS, ends.DESCRIPTIONS)),
    s.STORAGE_PROJECTOR,
    s.STORAGE_ADVISORY,
)
WATCH_EVERY_SECONDS: Final = 1.0
FORGET_EVERY_SECONDS: Final = 2.0
EXPIRE_EVERY_SECONDS: Final = 30.0


def put_record(broker: NatsBroker, loops: Loops, jobs: PostgresJobs) -> None:
    """Put the record's keeper, its watchdog and its answers on the bus."""
    bus = bus_of(broker)
    judging = Judging(JetStreamJournal(bus), bus)
    keep = partial(on.on_journal_entries, jobs=jobs, feed=bus, give_back=partial(give_back, bus))
    projector = Projector(bus, keep)
    loops.add("projector", projector.cycle, close=projector.close)
    watch = partial(on.watch, jobs=jobs, judging=judging)
    loops.add("watchdog", watch, every_seconds=WATCH_EVERY_SECONDS)
    put_query(broker, s.STORAGE_JOB_QUERY, JobQuestion, partial(on.on_job_question, jobs=jobs))
    moved = partial(on.on_moved_question, jobs=jobs, kept_to=partial(kept_to, bus))
    put_query(broker, s.STORAGE_MOVED_QUERY, MovedQuestion, moved)
    advised = partial(on.on_max_deliveries, stuck=StuckEvents(bus), judging=judging, publisher=bus)
    put_command(loops, bus, s.STORAGE_ADVISORY, MaxDeliveries, advised)


def put_forgetting(
    broker: NatsBroker, loops: Loops, parts: Forgetting, periods: Mapping[Kind, timedelta]
) -> None:
    """Put what forgets jobs on the bus and on the clock."""
    erase = partial(forget.on_erasure_question, eraser=parts.eraser)
    put_query(broker, s.STORAGE_ERASE_QUERY, ErasureQuestion, erase, asked_within=ERASE_SECONDS)

    async def again() -> None:
        await forget.forget_again(eraser=parts.eraser, erasures=parts.erasures)
        await parts.spent.remove(limit=forget.FORGET_BATCH)

    async def expire() -> None:
        await forget.expire(erasures=parts.erasures, periods=periods)
        await forget.sweep_orphans(orphans=parts.orphans, erasures=parts.erasures)
        await styles.sweep_styles(former=parts.former_styles, erasures=parts.erasures)

    loops.add("erasures", again, every_seconds=FORGET_EVERY_SECONDS)
    loops.add("retention", expire, every_seconds=EXPIRE_EVERY_SECONDS)


def put_answers(broker: NatsBroker, answers: PostgresAnswers) -> None:
    """Put what is asked about many jobs at once on the bus."""
    on_chain = partial(on.on_chain_question, answers=answers)
    on_history = partial(on.on_history_question, answers=answers)
    on_chains = partial(on.on_chains_question, answers=answers)
    on_processing = partial(on.on_processing_question, answers=answers)
    put_query(broker, s.STORAGE_CHAIN_QUERY, ChainQuestion, on_chain)
    put_query(broker, s.STORAGE_HISTORY_QUERY, HistoryQuestion, on_history)
    put_query(broker, s.STORAGE_CHAINS_QUERY, ChainsQuestion, on_chains)
    put_query(broker, s.STORAGE_PROCESSING_QUERY, ProcessingQuestion, on_processing)


def put_styles(broker: NatsBroker, catalogue: Catalogue) -> None:
    """Put the styles on the bus."""
    on_styles = partial(styles.on_styles_question, catalogue=catalogue)
    put_query(broker, s.STORAGE_STYLES_QUERY, StylesQuestion, on_styles)


def finishing_tasks(
    store: ObjectStore, finisher: Finisher, prefix: str
) -> tuple[tuple[Step, Task], ...]:
    """The last step of each kind, which nobody of another kind waits for."""
    parts: dict[str, Any] = {"store": store, "finisher": finisher, "prefix": prefix}
    return (
        (ends.EDITS, partial(ends.on_edit_rendered, **parts)),
        (ends.VARIATIONS, partial(ends.on_variation_rendered, **parts)),
        (ends.CUTOUTS, partial(ends.on_cutout_rendered, **parts)),
        (ends.DESCRIPTIONS, ends.on_description_written),
    )


def build_app() -> AsgiFastStream:
    """The service, wired from its environment; nothing is connected yet."""
    settings = load(StorageSettings)
    configure_logging("storage", settings.log_level)
    broker, loops = make_broker(settings, "storage"), Loops()
    checks: dict[str, Check] = {
        "bus": bus_check(bus_of(broker), settings, streams=STREAMS, durables=DURABLES)
    }
    prefix, migrations = prefix_of(settings, settings), load_migrations("storage")

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        with closing(PixelPool()) as pool:
            async with (
                open_pool(settings, schema_of(settings, settings)) as database,
                open_store(settings, settings.mizual_home) as store,
            ):
                checks["database"] = partial(check_schema, database, "storage", migrations)
                checks["objects"] = store.check
                finisher = Finisher(raw_limits(settings.max_image_pixels), pool)
                tasks = finishing_tasks(store, finisher, prefix)
                for step, task in tasks:
                    at_once = settings.worker_concurrency
                    put_step(loops, bus_of(broker), step, task, concurrency=at_once)
                put_record(broker, loops, PostgresJobs(database))
                grace = grace_of(settings.job_deadline_seconds)
                parts = forgetting_on(
                    bus_of(broker), database, store, prefix=prefix, style_grace=grace
                )
                put_forgetting(broker, loops, parts, settings.periods)
                put_answers(broker, PostgresAnswers(database))
                put_styles(broker, PostgresCatalogue(database))
                put_inspection(broker, "storage", database)
                yield

    return make_app(broker, checks, opened, loops=loops)
