"""What is seen of a job's pictures: the original first, the style's picture never alone."""

from contextlib import closing

import pytest

from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.images.vips import Error, Image
from services.enhancer.adapters import looks as module
from services.enhancer.adapters.looks import PreviewedLooks
from services.enhancer.adapters.picture import Preview
from services.enhancer.domain.brief import Brief, Seen
from tests.fakes_objects import MemoryStore
from tests.pictures import plain
from tests.unit.enhancer.scenes import RED, jpeg, surface, with_block
from tests.unit.enhancer.test_picture import kept

LEFT = jpeg(with_block(surface(), (0.1, 0.3, 0.4, 0.7), RED))


@pytest.fixture
def pool():
    with closing(PixelPool(threads=1)) as made:
        yield made


def looking(store: MemoryStore, pool: PixelPool) -> PreviewedLooks:
    return PreviewedLooks(Preview(store, ImageLimits(), pool), ImageLimits(), pool)


async def variation(store: MemoryStore, *, original: bytes | None = LEFT) -> Brief:
    first = await kept(store, LEFT if original is None else original)
    reference = await kept(store, plain(64, 48))
    if original is None:
        await store.delete(first.key)
    return Brief(words="", is_variation=True, original=first, reference=reference)


async def test_the_original_comes_first_and_its_layout_with_it(pool):
    store = MemoryStore()
    brief = await variation(store)

    seen = await looking(store, pool).at(brief)

    shown = [Image.new_from_buffer(each, "") for each in seen.pictures]
    assert [(image.width, image.height) for image in shown] == [(600, 400), (64, 48)]
    assert seen.layout.startswith("Landscape, 3:2. The subject stands left of the centre")
    assert seen.layout == await looking(store, pool).layout(brief)


async def test_the_styles_picture_is_not_taken_for_the_original(pool):
    store = MemoryStore()

    assert await looking(store, pool).at(await variation(store, original=None)) == Seen()


async def test_a_reference_that_cannot_be_shown_is_done_without(pool):
    store = MemoryStore()
    brief = await variation(store)
    await store.delete(brief.reference.key)

    seen = await looking(store, pool).at(brief)

    assert len(seen.pictures) == 1
    assert seen.layout


async def test_nobody_measures_for_an_edit(pool):
    store = MemoryStore()
    edit = Brief(words="blue", original=(await variation(store)).original)

    assert await looking(store, pool).layout(edit) == ""
    seen = await looking(store, pool).at(edit)
    assert (len(seen.pictures), seen.layout) == (1, "")


async def test_without_a_picture_there_is_nothing_to_see(pool):
    nothing = Brief(words="snow", is_variation=True)

    assert await looking(MemoryStore(), pool).at(nothing) == Seen()
    assert await looking(MemoryStore(), pool).layout(nothing) == ""


async def test_a_layout_that_cannot_be_measured_is_done_without(pool, monkeypatch, caplog):
    def fail(*_):
        raise Error("libvips")

    monkeypatch.setattr(module, "layout_of", fail)
    store = MemoryStore()

    assert await looking(store, pool).layout(await variation(store)) == ""
    assert [record.message for record in caplog.records] == ["layout_not_measured"]
