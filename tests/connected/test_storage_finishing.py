"""A provider's picture becomes the result, on real servers and with real pixels."""

from pathlib import Path

import pytest

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import EVENT_SUBJECTS
from contracts.journal import JournalEntry, Kind, Options, Raw, Stage, Written
from contracts.objects import job_key
from contracts.paths import PATHS
from contracts.subjects import DEAD_LETTERS, EVENTS
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.journal import JetStreamJournal, Recorded
from services.chassis.objects import DirectoryStore, fetch, store_bytes
from tests.connected.places import eventually
from tests.connected.storage_running import lived, storage_running
from tests.samples import PREFIX, job
from tests.servers import NatsServer
from tests.unit.chassis.drawn import jpeg, png

WORKING = {
    Kind.EDIT: Stage.AI_PROCESSING,
    Kind.VARIATION: Stage.AI_PROCESSING,
    Kind.CUTOUT: Stage.REMOVING_BACKGROUND,
}


@pytest.fixture
def store(tmp_path: Path) -> DirectoryStore:
    return DirectoryStore(tmp_path)


async def test_the_result_is_stored_and_ends_the_job(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database, store: DirectoryStore
) -> None:
    rendered = await _rendered(empty_bus, store, png(80, 60), job())

    async with storage_running(own_nats.url, storage_tables, store):
        await eventually(lambda: _terminal(empty_bus, rendered))

    ended = await _last(empty_bus, rendered)
    result = ended.facts.result
    assert ended.stage is Stage.COMPLETED
    assert result is not None
    assert (result.content_type, result.width_pixels, result.height_pixels) == (
        "image/jpeg",
        80,
        60,
    )
    assert (await fetch(store, result)).startswith(b"\xff\xd8\xff")


@pytest.mark.parametrize(
    ("kind", "content_type"),
    [(Kind.VARIATION, "image/jpeg"), (Kind.CUTOUT, "image/png")],
)
async def test_each_kind_of_picture_ends_its_job_in_its_own_type(
    empty_bus: Bus,
    own_nats: NatsServer,
    storage_tables: Database,
    store: DirectoryStore,
    kind: Kind,
    content_type: str,
) -> None:
    rendered = await _rendered(empty_bus, store, png(80, 60), job(kind=kind))

    async with storage_running(own_nats.url, storage_tables, store):
        await eventually(lambda: _terminal(empty_bus, rendered))

    ended = await _last(empty_bus, rendered)
    assert ended.stage is Stage.COMPLETED
    assert ended.facts.result is not None
    assert ended.facts.result.content_type == content_type
    assert ended.facts.result.key.startswith(f"{PREFIX}/{kind}/")


async def test_a_description_ends_its_job_as_it_was_written(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database, store: DirectoryStore
) -> None:
    written = Written(text="A blue mug.", provider="local", model="local-fallback")
    opened = job(kind=Kind.DESCRIPTION)
    last = await lived(empty_bus, opened, Stage.FETCHING_IMAGE, Stage.DESCRIBING, written=written)
    await _announce(empty_bus, opened, message_id=f"{opened.job_id}:written")

    async with storage_running(own_nats.url, storage_tables, store):
        await eventually(lambda: _terminal(empty_bus, last))

    ended = await _last(empty_bus, last)
    assert (ended.stage, ended.public.message) == (
        Stage.COMPLETED,
        "Description completed successfully!",
    )
    assert ended.facts.written == written


async def test_the_same_event_twice_has_the_effect_of_once(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database, store: DirectoryStore
) -> None:
    rendered = await _rendered(empty_bus, store, jpeg(), job(options=Options(output_format="webp")))
    await _announce(empty_bus, rendered.entry, message_id="another copy")

    async with storage_running(own_nats.url, storage_tables, store):
        await eventually(lambda: _nothing_left(empty_bus))

    stages = [
        r.entry.stage for r in await JetStreamJournal(empty_bus).replay(rendered.entry.job_id)
    ]
    assert stages.count(Stage.COMPLETED) == 1
    assert stages[-1] is Stage.COMPLETED
    assert len([o async for o in store.list(f"{PREFIX}/edit/{rendered.entry.job_id}/result")]) == 1


async def test_a_picture_that_does_not_decode_fails_the_job(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database, store: DirectoryStore
) -> None:
    rendered = await _rendered(empty_bus, store, jpeg()[:-200], job())

    async with storage_running(own_nats.url, storage_tables, store):
        await eventually(lambda: _terminal(empty_bus, rendered))

    ended = await _last(empty_bus, rendered)
    assert ended.public.error_code is ErrorCode.RESULT_INVALID
    assert (await empty_bus.js.stream_info(DEAD_LETTERS)).state.messages == 1


async def _rendered(bus: Bus, store: DirectoryStore, data: bytes, opened: JournalEntry) -> Recorded:
    """A job whose renderer is done: its picture is stored, journal and event say so."""
    kind = "image/png" if data.startswith(b"\x89PNG") else "image/jpeg"
    ref = await store_bytes(
        store,
        data,
        content_type=kind,
        key=lambda sha256: job_key(
            PREFIX, opened.kind, opened.job_id, role="raw", sha256=sha256, content_type=kind
        ),
    )
    raw = Raw(image=ref, provider="local", model="libvips")
    last = await lived(bus, opened, Stage.FETCHING_IMAGE, WORKING[opened.kind], raw=raw)
    await _announce(bus, opened, message_id=f"{opened.job_id}:rendered")
    return last


async def _announce(bus: Bus, entry: JournalEntry, *, message_id: str) -> None:
    kind = PATHS[entry.kind].made
    event = kind(job_id=entry.job_id, request_id="request", occurred_at=utcnow())
    await bus.publish(EVENT_SUBJECTS[kind], event, message_id=message_id)


async def _last(bus: Bus, recorded: Recorded) -> JournalEntry:
    last = await JetStreamJournal(bus).last(recorded.entry.job_id, leader=True)
    assert last is not None
    return last.entry


async def _terminal(bus: Bus, recorded: Recorded) -> bool:
    return (await _last(bus, recorded)).terminal


async def _nothing_left(bus: Bus) -> bool:
    return (await bus.js.stream_info(EVENTS)).state.messages == 0
