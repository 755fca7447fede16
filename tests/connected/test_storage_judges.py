"""Jobs that do not move, on a real bus: woken, timed out, or settled after their last delivery."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from nats.js.api import ConsumerConfig, RawStreamMsg

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import DeadLetter, EditRequested
from contracts.journal import Enhanced, JournalEntry, Stage
from contracts.subjects import (
    DEAD_LETTERS,
    EDIT_ENHANCED,
    EDIT_REQUESTED,
    ENHANCER_EDIT_REQUESTED,
    EVENTS,
    JOURNAL,
)
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.journal import JetStreamJournal
from services.chassis.streams import DURABLES
from tests.connected.places import eventually
from tests.connected.storage_running import appended, storage_running
from tests.samples import job
from tests.servers import NatsServer

ENHANCED = Enhanced(instruction="Make it blue.")


def long_ago(entry: JournalEntry) -> JournalEntry:
    """A job whose last entry is two minutes old."""
    then = utcnow() - timedelta(minutes=2)
    public = entry.public.model_copy(update={"created_at": then, "updated_at": then})
    return entry.model_copy(update={"public": public})


@pytest.fixture
async def stream(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> AsyncIterator[Bus]:
    """A bus with storage on it."""
    async with storage_running(own_nats.url, storage_tables):
        yield empty_bus


async def test_a_job_whose_event_was_lost_is_announced_again(stream: Bus) -> None:
    lost = await appended(stream, long_ago(job()))

    await eventually(lambda: _stands(stream, EDIT_REQUESTED))

    message = await stream.js.get_last_msg(EVENTS, EDIT_REQUESTED)
    job_id = lost.entry.job_id
    assert _id(message) == f"{job_id}:edit.requested:r{lost.sequence}"
    assert EditRequested.model_validate_json(message.data or b"").job_id == job_id


async def test_the_journal_says_what_is_announced(stream: Bus) -> None:
    await appended(stream, long_ago(job(enhanced=ENHANCED)))

    await eventually(lambda: _stands(stream, EDIT_ENHANCED))


async def test_a_job_past_its_deadline_times_out(stream: Bus) -> None:
    late = await appended(stream, job(deadline=utcnow() - timedelta(seconds=1)))

    await eventually(lambda: _failed(stream, late.entry))

    assert (await stream.js.stream_info(EVENTS)).state.messages == 0
    assert (await _last(stream, late.entry)).public.error_code is ErrorCode.TIMED_OUT


async def test_a_job_that_the_journal_forgot_is_not_looked_for_again(
    stream: Bus, storage_tables: Database
) -> None:
    await appended(stream, long_ago(job(deadline=utcnow() + timedelta(days=1))))
    await eventually(lambda: _stands(stream, EDIT_REQUESTED))
    await stream.js.purge_stream(JOURNAL)
    await storage_tables.execute("UPDATE jobs SET watch_at = now()")

    await eventually(lambda: _unwatched(storage_tables))


async def test_a_message_that_nobody_can_handle_fails_its_job(stream: Bus) -> None:
    poisoned = await appended(stream, job())
    async with _one_delivery_each(stream):
        await _deliver_in_vain(stream, poisoned.entry)
        await eventually(lambda: _failed(stream, poisoned.entry))
        await eventually(lambda: _empty(stream))

    letter = await stream.js.get_last_msg(DEAD_LETTERS, f"mizual.dead.{ENHANCER_EDIT_REQUESTED}.*")
    assert DeadLetter.model_validate_json(letter.data or b"").job_id == poisoned.entry.job_id


async def test_what_was_found_out_before_the_last_delivery_goes_on(stream: Bus) -> None:
    poisoned = await appended(stream, job(enhanced=ENHANCED))
    async with _one_delivery_each(stream):
        stuck = await _deliver_in_vain(stream, poisoned.entry)
        await eventually(lambda: _stands(stream, EDIT_ENHANCED))

    message = await stream.js.get_last_msg(EVENTS, EDIT_ENHANCED)
    assert _id(message) == f"{poisoned.entry.job_id}:edit.enhanced:a{stuck}"
    assert (await _last(stream, poisoned.entry)).stage is Stage.PENDING


async def test_an_ended_job_only_loses_its_message(stream: Bus) -> None:
    opened = await appended(stream, job())
    ended = await appended(stream, opened.entry.advance(Stage.CANCELLED), opened)
    async with _one_delivery_each(stream):
        await _deliver_in_vain(stream, ended.entry)
        await eventually(lambda: _empty(stream))

    assert await _last(stream, ended.entry) == ended.entry


@asynccontextmanager
async def _one_delivery_each(bus: Bus) -> AsyncIterator[None]:
    """The enhancer's durable gives up at once; restored with the next test's streams."""
    durable = next(d for d in DURABLES if d.name == ENHANCER_EDIT_REQUESTED)
    config: ConsumerConfig = durable.config()
    config.max_deliver = 1
    await bus.js.add_consumer(EVENTS, config)
    yield


async def _deliver_in_vain(bus: Bus, entry: JournalEntry) -> int:
    event = EditRequested(job_id=entry.job_id, request_id="request", occurred_at=utcnow())
    await bus.publish(EDIT_REQUESTED, event, message_id="once")
    pull = await bus.js.pull_subscribe_bind(stream=EVENTS, durable=ENHANCER_EDIT_REQUESTED)
    (message,) = await pull.fetch(1)
    await message.nak()
    with pytest.raises(TimeoutError):
        await pull.fetch(1, timeout=0.5)
    return int(message.metadata.sequence.stream)


async def _stands(bus: Bus, subject: str) -> bool:
    state = (await bus.js.stream_info(EVENTS, subjects_filter=subject)).state
    return bool(state.subjects)


async def _empty(bus: Bus) -> bool:
    return (await bus.js.stream_info(EVENTS)).state.messages == 0


async def _last(bus: Bus, entry: JournalEntry) -> JournalEntry:
    last = await JetStreamJournal(bus).last(entry.job_id, leader=True)
    assert last is not None
    return last.entry


async def _failed(bus: Bus, entry: JournalEntry) -> bool:
    return (await _last(bus, entry)).stage is Stage.FAILED


async def _unwatched(tables: Database) -> bool:
    return bool(await tables.fetchval("SELECT bool_and(watch_at IS NULL) FROM jobs"))


def _id(message: RawStreamMsg) -> str:
    return str((message.headers or {})["Nats-Msg-Id"])
