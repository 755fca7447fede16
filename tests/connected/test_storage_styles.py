"""Styles that are loaded, changed, removed and used, on real servers and stores of both kinds."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path

import pytest

from contracts.base import utcnow
from contracts.journal import Stage
from contracts.objects import thumb_key
from contracts.queries import ErasureQuestion, Styles, StylesQuestion
from contracts.styles import Style
from contracts.subjects import STORAGE_STYLES_QUERY
from services.chassis.broker import make_broker
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.errors import UnavailableError
from services.chassis.objects import ObjectStore, open_store
from services.chassis.settings import ObjectStoreSettings, ServiceSettings
from services.storage.adapters.erasures import PostgresErasures
from services.storage.adapters.forgetting import forgetting_on
from services.storage.domain.style_files import StyleError
from services.storage.domain.styles import FormerStyles, grace_of
from services.storage.handlers import forgetting as forget
from services.storage.handlers import styles as on
from services.storage.main import put_styles
from tests.connected.places import eventually
from tests.connected.storage_running import lived
from tests.connected.studio import GRACE, Interposed, Studio, opened_studio
from tests.pictures import plain
from tests.ports.buckets import Buckets
from tests.samples import PREFIX, job
from tests.servers import NatsServer, seaweed_server

SOON = GRACE - timedelta(minutes=1)
LATER = GRACE + timedelta(minutes=1)


@pytest.fixture(scope="module")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    with (
        seaweed_server(tmp_path_factory.mktemp("seaweed")) as server,
        closing(Buckets(server)) as buckets,
    ):
        yield buckets


@pytest.fixture
async def s3(buckets: Buckets, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    async with open_store(buckets.new(), tmp_path) as store:
        yield store


@pytest.fixture
async def studio(storage_tables: Database, tmp_path: Path) -> AsyncIterator[Studio]:
    async with open_store(ObjectStoreSettings(s3_bucket_name=""), tmp_path) as disk:
        with opened_studio(disk, storage_tables, tmp_path) as made:
            yield made


async def test_styles_are_told_by_name_with_all_that_they_consist_of(studio: Studio) -> None:
    studio.write("a", "# Neon\nMagenta.")
    studio.write("c", "# ink\nBlack.", None)
    studio.write("b", "# Ink\nBlack.")

    loaded = await studio.load()

    told = await studio.told()
    assert [style.id for style in told] == ["b", "c", "a"]
    assert loaded.new == told
    assert [await studio.rules(style) for style in told] == ["Black.", "Black.", "Magenta."]
    assert [style.reference is None for style in told] == [False, True, False]


async def test_loading_the_same_again_changes_nothing(
    studio: Studio, storage_tables: Database
) -> None:
    studio.write("ink", "Black.")
    await studio.load()
    before = await storage_tables.fetch("SELECT *, xmin FROM styles"), await studio.keys()

    again = await studio.load()

    assert (again.new, again.changed, again.removed) == ((), (), ())
    assert again.unchanged == await studio.told()
    assert (await storage_tables.fetch("SELECT *, xmin FROM styles"), await studio.keys()) == before


async def test_a_job_goes_on_in_the_version_that_it_was_accepted_with(studio: Studio) -> None:
    studio.write("ink", "Black.")
    studio.write("neon", "Magenta.")
    await studio.load()
    ink, neon = await studio.told()

    studio.write("ink", "Blue.", plain(50, 50))
    studio.remove("neon")
    loaded = await studio.load()
    assert await studio.sweep(after=SOON) == 0

    assert [style.id for style in loaded.changed] == ["ink"]
    assert loaded.removed == (neon,)
    assert await studio.rules(await studio.one()) == "Blue."
    assert [await studio.rules(style) for style in (ink, neon)] == ["Black.", "Magenta."]


async def test_a_former_version_is_removed_after_its_grace_and_what_is_still_used_stays(
    studio: Studio,
) -> None:
    studio.write("ink", "Black.")
    await studio.load()
    former = await studio.one()
    studio.write("ink", "Blue.")
    await studio.load()

    assert await studio.sweep(after=LATER) == 1

    style = await studio.one()
    assert style.reference == former.reference
    assert await studio.rules(style) == "Blue."
    assert await studio.keys() == {ref.key for ref in (style.guide, style.reference) if ref}


async def test_the_small_copy_of_a_reference_goes_with_it(studio: Studio) -> None:
    studio.write("ink", "Black.")
    await studio.load()
    reference = (await studio.one()).reference
    assert reference is not None
    await studio.store.put(thumb_key(reference.key), b"small", content_type="image/webp")
    studio.remove("ink")
    await studio.load()

    await studio.sweep(after=LATER)

    assert await studio.keys() == set()


async def test_what_comes_back_within_the_grace_stays(studio: Studio) -> None:
    studio.write("ink", "Black.")
    await studio.load()
    studio.write("ink", "Blue.", plain(50, 50))
    await studio.load()
    studio.write("ink", "Black.")

    loaded = await studio.load()
    await studio.sweep(after=LATER)

    assert [style.id for style in loaded.changed] == ["ink"]
    assert await studio.rules(await studio.one()) == "Black."
    assert len(await studio.keys()) == 2


async def test_what_was_removed_for_good_can_be_loaded_again(studio: Studio) -> None:
    await studio.load_and_remove("ink", "Black.")
    await studio.sweep(after=LATER)
    assert (await studio.told(), await studio.keys()) == ((), set())

    studio.write("ink", "Black.")
    await studio.load()

    assert await studio.rules(await studio.one()) == "Black."


async def test_a_life_of_styles_in_a_bucket(
    s3: ObjectStore, storage_tables: Database, tmp_path: Path
) -> None:
    with opened_studio(s3, storage_tables, tmp_path) as studio:
        studio.write("ink", "Black.")
        await studio.load()
        black = await studio.one()
        studio.write("ink", "Blue.", plain(50, 50))
        await studio.load()
        assert await studio.rules(black) == "Black."
        await studio.load()

        assert await studio.sweep(after=LATER) == 1

        assert await studio.rules(await studio.one()) == "Blue."
        assert len(await studio.keys()) == 2


async def test_a_refused_file_changes_nothing(studio: Studio) -> None:
    studio.write("ink", "Black.")
    await studio.load()
    before = await studio.told(), await studio.keys()
    studio.write("neon", "Magenta.")
    studio.write("ink", "Blue.", b"no picture")

    with pytest.raises(StyleError, match=r"style_images/ink\.jpg"):
        await studio.load()

    assert (await studio.told(), await studio.keys()) == before


async def test_a_check_says_what_would_become_of_each_and_does_nothing(studio: Studio) -> None:
    for style in ("ink", "neon", "warm"):
        studio.write(style, "Black.")
    await studio.load()
    before = await studio.told(), await studio.keys()
    studio.remove("ink")
    studio.write("neon", "Magenta.")
    studio.write("paper", "White.")

    would = await studio.load(only_check=True)

    ids = [[s.id for s in found] for found in (would.new, would.changed, would.unchanged)]
    assert (ids, [s.id for s in would.removed]) == ([["paper"], ["neon"], ["warm"]], ["ink"])
    assert (await studio.told(), await studio.keys()) == before


@pytest.mark.parametrize("puts", range(4))
async def test_a_load_that_dies_changes_nothing_and_the_next_one_mends_it(
    studio: Studio, puts: int
) -> None:
    studio.write("ink", "Black.")
    await studio.load()
    before = await studio.told()
    for style in ("ink", "neon"):
        studio.write(style, "Red.", plain(50, 50))
    store, left = studio.store, [None] * puts

    async def dying(_: str) -> None:
        if not left:
            raise UnavailableError("dead")
        left.pop()

    studio.store = Interposed(store, "put", dying)  # type: ignore[assignment]
    with pytest.raises(UnavailableError):
        await studio.load()
    studio.store = store
    assert await studio.told() == before
    assert [await studio.rules(style) for style in before] == ["Black."]

    await studio.load()
    await studio.sweep(after=LATER)

    assert [await studio.rules(style) for style in await studio.told()] == ["Red.", "Red."]
    assert len(await studio.keys()) == 4


async def test_what_a_dead_load_stored_is_removed_after_the_grace(studio: Studio) -> None:
    studio.write("ink", "Black.")
    (draft,) = await studio.shelf.drafts()
    await studio.catalogue.note([draft.style], utcnow())
    await studio.store.put(draft.style.guide.key, draft.guide, content_type="application/json")

    assert await studio.sweep(after=SOON) == 0
    assert await studio.sweep(after=LATER) == 1

    assert await studio.keys() == set()


async def test_a_version_that_is_loaded_while_it_is_removed_is_whole_afterwards(
    studio: Studio, storage_tables: Database
) -> None:
    await studio.load_and_remove("ink", "Black.")
    studio.write("ink", "Black.")
    removing, go_on = asyncio.Event(), asyncio.Event()

    async def slowly(key: str) -> None:
        removing.set()
        await go_on.wait()
        await studio.store.delete(key)

    # One round alone: to another, in this future, what is loaded now would be long past.
    discard = studio.catalogue.discard(utcnow() + LATER - GRACE, slowly, limit=10)
    sweeping = asyncio.create_task(discard)
    await removing.wait()
    loading = asyncio.create_task(studio.load())
    await eventually(lambda: has_come_as_far_as_it_can(loading, storage_tables))
    assert await studio.told() == ()  # nobody who asks has to wait for either
    go_on.set()
    await asyncio.gather(sweeping, loading)

    assert await studio.rules(await studio.one()) == "Black."


async def test_a_sweep_that_is_cut_off_is_finished_by_the_next(studio: Studio) -> None:
    await studio.load_and_remove("ink", "Black.")
    left = ["one key"]

    async def dying(_: str) -> None:
        if not left:
            raise UnavailableError("dead")
        left.pop()

    cut_off = Interposed(studio.store, "delete", dying)
    with pytest.raises(UnavailableError):
        await FormerStyles(studio.catalogue, cut_off, GRACE).sweep(  # type: ignore[arg-type]
            utcnow() + LATER
        )
    assert len(await studio.keys()) == 1

    assert await studio.sweep(after=LATER) == 1
    assert await studio.keys() == set()


async def test_of_many_loads_at_once_one_is_the_last(studio: Studio, tmp_path: Path) -> None:
    drafts = {}
    for name in "abcd":
        for style in (name, "shared"):
            studio.write(style, f"Rules of {name}.")
        drafts[name] = await studio.shelf.drafts()
        studio.remove(name)

    async def put(name: str) -> None:
        styles = [draft.style for draft in drafts[name]]
        await studio.catalogue.note(styles, utcnow())
        await studio.catalogue.put_in_use(styles, utcnow())

    await asyncio.gather(*(put(name) for name in drafts))

    told = {style.id: style.version for style in await studio.told()}
    last = (set(told) - {"shared"}).pop()
    assert told == {draft.style.id: draft.style.version for draft in drafts[last]}


async def test_a_picture_that_is_replaced_while_it_is_read_is_not_put_in_use(
    studio: Studio,
) -> None:
    studio.write("ink", "Black.")

    async def replaced(_: str) -> None:
        studio.write("ink", "Black.", b"anything else")

    studio.store = Interposed(studio.store, "put", replaced)  # type: ignore[assignment]
    with pytest.raises(StyleError, match="picture of ink changed"):
        await studio.load()

    assert await studio.told() == ()


async def test_a_gateway_asks_over_the_bus(
    studio: Studio, empty_bus: Bus, own_nats: NatsServer
) -> None:
    broker = make_broker(ServiceSettings(nats_url=own_nats.url), "storage")
    put_styles(broker, studio.catalogue)
    await broker.start()
    try:
        await eventually(lambda: is_answered(empty_bus))
        assert await asked(empty_bus) == ()
        studio.write("ink", "Black.")
        await studio.load()
        assert await asked(empty_bus) == await studio.told() != ()
    finally:
        await broker.stop()


async def test_neither_strays_nor_an_erasure_take_anything_of_a_style(
    studio: Studio, empty_bus: Bus, storage_tables: Database
) -> None:
    studio.write("ink", "Black.")
    await studio.load()
    style = await studio.one()
    parts = forgetting_on(empty_bus, storage_tables, studio.store, prefix=PREFIX)
    made = await lived(empty_bus, job(style=style), Stage.AI_PROCESSING)

    await forget.on_erasure_question(ErasureQuestion(job_id=made.entry.job_id), eraser=parts.eraser)
    await parts.orphans.sweep(utcnow() + timedelta(days=365))

    assert await studio.rules(style) == "Black."


async def test_one_process_of_many_removes_former_versions(
    studio: Studio, storage_tables: Database
) -> None:
    await studio.load_and_remove("ink", "Black.")
    await storage_tables.execute("UPDATE styles SET retired_at = retired_at - interval '2 days'")
    former = FormerStyles(studio.catalogue, studio.store, GRACE)
    erasures = PostgresErasures(storage_tables)

    await asyncio.gather(*(on.sweep_styles(former=former, erasures=erasures) for _ in range(4)))

    assert await studio.keys() == set()


@pytest.mark.parametrize(("deadline", "hours"), [(900, 24), (43_200, 24), (86_400, 48)])
def test_a_former_version_outlives_every_job_that_was_accepted_with_it(
    deadline: float, hours: float
) -> None:
    assert grace_of(deadline) == timedelta(hours=hours)


async def has_come_as_far_as_it_can(work: asyncio.Task[object], tables: Database) -> bool:
    waiting = "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'styles'::regclass"
    return work.done() or bool(await tables.fetchval(waiting))


async def is_answered(bus: Bus) -> bool:
    try:
        await asked(bus)
    except UnavailableError:
        return False
    return True


async def asked(bus: Bus) -> tuple[Style, ...]:
    return (await bus.ask(STORAGE_STYLES_QUERY, StylesQuestion(), Styles)).styles
