"""What a language model gets to see of the picture."""

import asyncio
import logging
from contextlib import closing

import pytest
import pyvips

from contracts.objects import ObjectRef, digest, upload_key
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.objects import ObjectStore
from services.enhancer.adapters.picture import MAX_SIDE_PIXELS, Preview
from tests.fakes_objects import MemoryStore
from tests.pictures import photo, plain
from tests.samples import PREFIX, job


@pytest.fixture
def pool():
    with closing(PixelPool(threads=1)) as made:
        yield made


async def kept(store: ObjectStore, data: bytes, content_type: str = "image/jpeg") -> ObjectRef:
    """The reference to stored bytes, as the gateway would have made it."""
    sha256 = digest(data)
    key = upload_key(PREFIX, job().job_id, sha256=sha256, content_type=content_type)
    await store.put(key, data, content_type=content_type)
    return ObjectRef(
        key=key,
        content_type=content_type,
        size_bytes=len(data),
        sha256=sha256,
        width_pixels=1200,
        height_pixels=900,
    )


def preview(store: MemoryStore, pool: PixelPool) -> Preview:
    return Preview(store, ImageLimits(), pool)


async def test_a_large_picture_is_shown_as_a_small_jpeg(pool):
    store = MemoryStore()

    shown = await preview(store, pool).of(await kept(store, photo()))

    assert shown is not None
    image = pyvips.Image.new_from_buffer(shown, "")
    assert shown.startswith(b"\xff\xd8\xff")
    assert max(image.width, image.height) == MAX_SIDE_PIXELS


async def test_a_small_picture_is_not_blown_up(pool):
    store = MemoryStore()

    shown = await preview(store, pool).of(await kept(store, plain(64, 48)))

    image = pyvips.Image.new_from_buffer(shown, "")
    assert (image.width, image.height) == (64, 48)


async def test_nothing_of_who_took_the_picture_is_shown(pool):
    store = MemoryStore()
    image = pyvips.Image.new_from_buffer(plain(64, 48), "").copy()
    image.set_type(pyvips.GValue.gstr_type, "exif-ifd0-Artist", "hush hush (ASCII)")
    tagged = bytes(image.jpegsave_buffer())
    assert b"hush" in tagged

    shown = await preview(store, pool).of(await kept(store, tagged))

    assert b"hush" not in shown


@pytest.mark.parametrize("what", ["none", "missing", "corrupt", "damaged", "away"])
async def test_a_picture_that_cannot_be_shown_is_done_without(pool, what: str, caplog):
    store = MemoryStore()
    ref = await kept(store, b"\xff\xd8\xff no picture" if what == "damaged" else plain(64, 48))
    if what == "missing":
        await store.delete(ref.key)
    if what == "corrupt":
        store.contents[ref.key] = b"other bytes"
    if what == "away":
        store.away = "the store is away"

    shown = await preview(store, pool).of(None if what == "none" else ref)

    assert shown is None
    told = [record.message for record in caplog.records if record.levelno == logging.WARNING]
    assert told == ([] if what == "none" else ["picture_not_shown"])


class SlowStore(MemoryStore):
    """Answers some other day."""

    async def get(self, key: str) -> bytes | None:
        await asyncio.Event().wait()
        return None


async def test_a_slow_store_does_not_hold_the_sentence_up(pool):
    store = SlowStore()
    impatient = Preview(store, ImageLimits(), pool, look_seconds=0.01)

    assert await impatient.of(await kept(store, plain(64, 48))) is None
