"""An entry that cannot be kept costs itself alone, whatever it raises; a pause costs none."""

from collections.abc import Callable, Sequence
from functools import partial

import pytest

from contracts.journal import JournalEntry
from contracts.subjects import DEAD_LETTERS, JOURNAL, STORAGE_PROJECTOR, journal_subject
from services.chassis.bus import Bus, to_bytes
from services.chassis.database import Database
from services.chassis.errors import UnavailableError
from services.chassis.journal import Recorded
from services.storage.adapters.jobs import PostgresJobs
from services.storage.adapters.projector import Projector
from services.storage.domain.record import rows_of
from tests.connected.places import eventually
from tests.connected.storage_running import appended, fed, rows, storage_running
from tests.samples import job
from tests.servers import NatsServer

POISON = "poison"


class Keeper:
    """Keeps batches, but raises this as long as it meets poison."""

    def __init__(self, error: Callable[[], Exception]) -> None:
        self.kept: set[str] = set()
        self._error = error

    async def keep(self, batch: Sequence[Recorded]) -> None:
        prompts = {recorded.entry.facts.prompt for recorded in batch}
        if POISON in prompts:
            raise self._error()
        self.kept |= prompts


async def letters(bus: Bus) -> list[bytes]:
    last = (await bus.js.stream_info(DEAD_LETTERS)).state.last_seq
    return [(await bus.js.get_msg(DEAD_LETTERS, n)).data or b"" for n in range(1, last + 1)]


async def unsettled(bus: Bus) -> int:
    info = await bus.js.consumer_info(JOURNAL, STORAGE_PROJECTOR)
    return (info.num_pending or 0) + (info.num_ack_pending or 0)


async def settled(bus: Bus) -> bool:
    return not await unsettled(bus)


async def test_an_entry_that_raises_anything_is_dead_lettered_and_the_others_are_kept(
    empty_bus: Bus,
) -> None:
    for prompt in ("one", POISON, "two"):
        await appended(empty_bus, job(prompt=prompt))
    keeper = Keeper(lambda: KeyError("what a person wrote"))
    projector = Projector(empty_bus, keeper.keep)

    await projector.cycle()
    await projector.close()

    assert keeper.kept == {"one", "two"}
    await eventually(partial(settled, empty_bus))
    (letter,) = await letters(empty_bus)
    assert b'"reason":"KeyError"' in letter
    assert b"what a person wrote" not in letter


async def test_an_entry_that_meets_something_away_comes_again(empty_bus: Bus) -> None:
    for prompt in ("one", POISON, "two"):
        await appended(empty_bus, job(prompt=prompt))
    keeper = Keeper(lambda: UnavailableError("away"))
    projector = Projector(empty_bus, keeper.keep)

    with pytest.raises(UnavailableError):
        await projector.cycle()
    await projector.close()

    assert await unsettled(empty_bus) == 3
    assert not await letters(empty_bus)


async def test_an_entry_that_lost_its_work_stops_neither_record_nor_feed(
    empty_bus: Bus, own_nats: NatsServer, storage_tables: Database
) -> None:
    bad: JournalEntry = job().model_copy(update={"work": None})
    await empty_bus.js.publish(journal_subject(bad.job_id), to_bytes(bad))
    good = await appended(empty_bus, job())

    async with storage_running(own_nats.url, storage_tables):
        await eventually(partial(settled, empty_bus))

    assert set(await rows(storage_tables)) == {good.entry.job_id}
    assert await fed(empty_bus) == ["mizual.v1.job.accepted"]
    assert len(await letters(empty_bus)) == 1


async def test_tables_of_another_version_are_no_entrys_fault(storage_tables: Database) -> None:
    await storage_tables.execute("ALTER TABLE jobs RENAME COLUMN prompt TO words")

    with pytest.raises(UnavailableError):
        await PostgresJobs(storage_tables).keep(rows_of([Recorded(job(), 1)]))
