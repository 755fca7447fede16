"""A picture that was described is removed with the job's ending, whatever that was."""

from datetime import timedelta

import pytest

from contracts.base import utcnow
from contracts.journal import JournalEntry, Kind, Stage, Written
from contracts.objects import ObjectRef, digest, job_key, thumb_key
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.errors import UnavailableError
from services.chassis.journal import JetStreamJournal, Recorded
from services.chassis.objects import DirectoryStore
from services.storage.adapters.jobs import PostgresJobs
from services.storage.adapters.spent import PostgresSpentJobs
from services.storage.domain.record import rows_of
from services.storage.domain.retention import Orphans
from services.storage.domain.spent import Remover
from tests.connected.studio import Interposed
from tests.samples import PREFIX, job

PICTURE = b"pixels"
WRITTEN = Written(text="A mug.", provider="local", model="local-fallback")


@pytest.fixture
def store(tmp_path) -> DirectoryStore:
    return DirectoryStore(tmp_path)


async def kept(
    tables: Database, store: DirectoryStore, kind: Kind, stage: Stage | None
) -> JournalEntry:
    """A job on record with its picture in the store; it ended at the stage, if there is one."""
    opened = job(kind=kind)
    key = job_key(
        PREFIX,
        kind,
        opened.job_id,
        role="original",
        sha256=digest(PICTURE),
        content_type="image/jpeg",
    )
    await store.put(key, PICTURE, content_type="image/jpeg")
    picture = ObjectRef(
        key=key, content_type="image/jpeg", size_bytes=len(PICTURE), sha256=digest(PICTURE)
    )
    entry = opened.follow(work={"original": picture, "written": WRITTEN})
    if stage is not None:
        entry = entry.advance(stage)
    await PostgresJobs(tables).keep(rows_of([Recorded(entry, 7)]))
    return entry


def remover(tables: Database, store: DirectoryStore) -> Remover:
    return Remover(PostgresSpentJobs(tables), store, PREFIX)


async def has_picture(store: DirectoryStore, entry: JournalEntry) -> bool:
    assert entry.facts.original is not None
    return await store.head(entry.facts.original.key) is not None


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED])
async def test_a_described_picture_goes_with_its_job(storage_tables, store, stage: Stage):
    entry = await kept(storage_tables, store, Kind.DESCRIPTION, stage)

    assert await remover(storage_tables, store).remove(limit=10) == 1

    assert not await has_picture(store, entry)
    assert await remover(storage_tables, store).remove(limit=10) == 0
    record = await PostgresJobs(storage_tables).read(entry.job_id)
    assert record.entry is not None
    assert record.entry.facts.written == WRITTEN


async def test_a_small_copy_that_is_put_beside_it_meanwhile_goes_too(storage_tables, store):
    entry = await kept(storage_tables, store, Kind.DESCRIPTION, Stage.COMPLETED)
    assert entry.facts.original is not None
    original = entry.facts.original.key

    async def late(key: str) -> None:
        if key == original:
            await store.put(thumb_key(original), b"small", content_type="image/webp")

    interposed = Interposed(store, "delete", late)
    jobs = PostgresSpentJobs(storage_tables)
    await Remover(jobs, interposed, PREFIX).remove(limit=10)

    assert [stored async for stored in store.list(f"{PREFIX}/")] == []


async def test_a_job_under_way_and_the_pictures_of_other_kinds_keep_theirs(storage_tables, store):
    entries = [
        await kept(storage_tables, store, Kind.DESCRIPTION, None),
        await kept(storage_tables, store, Kind.CUTOUT, Stage.COMPLETED),
        await kept(storage_tables, store, Kind.EDIT, Stage.FAILED),
    ]

    assert await remover(storage_tables, store).remove(limit=10) == 0

    assert [await has_picture(store, entry) for entry in entries] == [True, True, True]


async def test_a_picture_that_a_slow_request_stores_again_goes_after_a_day(
    storage_tables, store, empty_bus: Bus
):
    ended = await kept(storage_tables, store, Kind.DESCRIPTION, Stage.COMPLETED)
    others = [
        await kept(storage_tables, store, Kind.DESCRIPTION, None),
        await kept(storage_tables, store, Kind.CUTOUT, Stage.COMPLETED),
    ]
    await remover(storage_tables, store).remove(limit=10)
    assert ended.facts.original is not None
    await store.put(ended.facts.original.key, PICTURE, content_type="image/jpeg")
    orphans = Orphans(store, PostgresJobs(storage_tables), JetStreamJournal(empty_bus), PREFIX)

    removed = [await orphans.sweep(utcnow() + timedelta(hours=hours)) for hours in (23, 25)]

    assert removed == [0, 1]
    assert not await has_picture(store, ended)
    assert [await has_picture(store, entry) for entry in others] == [True, True]


async def test_a_store_that_is_away_is_waited_for(storage_tables, store, monkeypatch):
    entry = await kept(storage_tables, store, Kind.DESCRIPTION, Stage.COMPLETED)

    async def away(key: str) -> bool:
        raise UnavailableError("the store is away")

    with monkeypatch.context() as patched:
        patched.setattr(store, "delete", away)
        with pytest.raises(UnavailableError):
            await remover(storage_tables, store).remove(limit=10)

    assert await remover(storage_tables, store).remove(limit=10) == 1
    assert not await has_picture(store, entry)
