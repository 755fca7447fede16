"""A bus that is away for a while: what could not be sent is not sent later."""

import asyncio
import time
from uuid import uuid4

import pytest

from contracts.events import EditRequested
from contracts.subjects import EDIT_REQUESTED, ENHANCER_EDIT_REQUESTED, EVENTS, JOURNAL
from services.chassis.broker import bus_of, make_broker
from services.chassis.errors import UnavailableError
from services.chassis.journal import JetStreamJournal
from services.chassis.pull import Pull
from services.chassis.settings import ServiceSettings
from services.chassis.streams import durable_named
from tests.buses import ensure_streams
from tests.samples import job
from tests.servers import nats_server

DURABLE = durable_named(ENHANCER_EDIT_REQUESTED)


@pytest.fixture
def own(tmp_path):
    with nats_server(tmp_path / "nats") as server:
        ensure_streams(server.url)
        yield server


@pytest.fixture
async def service(own):
    """The connection of a service, as its broker makes it."""
    broker = make_broker(ServiceSettings(nats_url=own.url), "service")
    await broker.connect()
    yield bus_of(broker)
    await broker.stop()


async def until(condition) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


async def requested(bus) -> None:
    entry = job()
    event = EditRequested(job_id=entry.job_id, request_id="r", occurred_at=entry.public.created_at)
    await bus.publish(EDIT_REQUESTED, event, message_id=str(uuid4()))


async def test_what_was_refused_during_an_outage_has_no_effect_afterwards(own, service):
    own.kill()
    await until(lambda: not service.is_connected)
    with pytest.raises(UnavailableError):
        await JetStreamJournal(service).append(job(), judged=None, message_id=str(uuid4()))
    with pytest.raises(UnavailableError):
        await requested(service)

    own.start()
    await until(lambda: service.is_connected)

    for stream in (JOURNAL, EVENTS):
        assert (await service.js.stream_info(stream)).state.messages == 0


async def test_a_message_sent_while_the_bus_is_away_for_a_moment_waits_for_it(own, service):
    own.kill()
    await until(lambda: not service.is_connected)
    sending = asyncio.create_task(requested(service))
    await asyncio.to_thread(own.start)

    await sending

    assert (await service.js.stream_info(EVENTS)).state.messages == 1


async def test_a_puller_asks_for_one_message_however_long_the_bus_was_away(own, service):
    for _ in range(5):
        await requested(service)
    pull = Pull(service, DURABLE)
    own.kill()
    await until(lambda: not service.is_connected)
    assert [await pull.fetch() for _ in range(3)] == [[], [], []]
    own.start()
    await until(lambda: service.is_connected)

    fetched = await pull.fetch()

    assert len(fetched) == 1
    assert (await service.js.consumer_info(EVENTS, DURABLE.name)).num_ack_pending == 1
    await pull.close()


async def test_a_durable_that_is_missing_is_no_reason_to_spin(service):
    await service.js.delete_consumer(EVENTS, DURABLE.name)
    pull = Pull(service, DURABLE)

    with pytest.raises(UnavailableError):
        await pull.fetch()
    await pull.close()
