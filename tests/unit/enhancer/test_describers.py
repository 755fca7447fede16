"""Whoever describes pictures: a vendor's model, or what is measured here."""

import logging
from contextlib import closing

import pytest
import pyvips

from contracts.errors import ErrorCode
from services.chassis.breaker import OPENS_AFTER, Breaker
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.objects import MissingObjectError
from services.enhancer.adapters.describers import LocalDescriber, RemoteDescriber
from services.enhancer.adapters.originals import Originals
from services.enhancer.adapters.picture import MAX_SIDE_PIXELS
from services.enhancer.adapters.vendor import Said
from services.enhancer.domain.description import FORM, USELESS_SENTENCE, Describer
from services.enhancer.domain.instruction import DESCRIPTION
from tests.fakes_objects import MemoryStore
from tests.pictures import photo, plain
from tests.unit.enhancer.models import ScriptedVendor
from tests.unit.enhancer.test_picture import kept

GOOD = Said('{"description": "A red mug on a table."}', "model-2")


@pytest.fixture
def pool():
    with closing(PixelPool(threads=1)) as made:
        yield made


def local(store: MemoryStore, pool: PixelPool) -> LocalDescriber:
    return LocalDescriber(Originals(store, ImageLimits(), pool), ImageLimits(), pool)


def remote(
    vendor: ScriptedVendor, store: MemoryStore, pool: PixelPool, breaker: Breaker | None = None
) -> RemoteDescriber:
    originals = Originals(store, ImageLimits(), pool)
    return RemoteDescriber(vendor, originals, breaker or Breaker("test"))


def both(store: MemoryStore, pool: PixelPool) -> tuple[Describer, ...]:
    return (local(store, pool), remote(ScriptedVendor([GOOD]), store, pool))


async def test_without_a_model_it_is_said_what_was_measured_of_the_very_picture(pool):
    store = MemoryStore()
    describer = local(store, pool)

    shown = await describer.look(await kept(store, plain(64, 48)))
    written = await describer.describe(shown)

    assert shown.data == plain(64, 48)
    assert "64 x 48 pixels" in written.text
    assert (written.provider, written.model) == ("local", "local-fallback")


async def test_a_model_is_shown_a_small_copy_and_nothing_but_our_own_words(pool):
    store, vendor = MemoryStore(), ScriptedVendor([GOOD])
    describer = remote(vendor, store, pool)

    written = await describer.describe(await describer.look(await kept(store, photo())))

    (asked,) = vendor.asked
    (picture,) = asked.pictures
    image = pyvips.Image.new_from_buffer(picture, "")
    assert max(image.width, image.height) == MAX_SIDE_PIXELS
    assert (asked.told.version, asked.form) == (DESCRIPTION, FORM)
    assert (written.text, written.provider, written.model) == (
        "A red mug on a table.",
        "scripted",
        "model-2",
    )


async def test_a_model_that_does_not_say_its_name_is_called_as_it_was_asked(pool):
    store = MemoryStore()
    describer = remote(ScriptedVendor([Said(GOOD.text, None)]), store, pool)

    shown = await describer.look(await kept(store, plain(64, 48)))

    assert (await describer.describe(shown)).model == "scripted-1"


async def test_a_picture_that_is_missing_is_not_described(pool):
    store = MemoryStore()
    ref = await kept(store, plain(64, 48))
    await store.delete(ref.key)

    for describer in both(store, pool):
        with pytest.raises(MissingObjectError):
            await describer.look(ref)


async def test_a_picture_that_cannot_be_read_is_told_of(pool):
    store = MemoryStore()
    ref = await kept(store, b"\xff\xd8\xff no picture")

    for describer in both(store, pool):
        with pytest.raises(PermanentError) as refused:
            await describer.look(ref)
        assert refused.value.code in {ErrorCode.INVALID_IMAGE, ErrorCode.UNSUPPORTED_IMAGE}


async def test_a_store_that_is_away_is_waited_for(pool):
    store = MemoryStore()
    ref = await kept(store, plain(64, 48))
    store.away = "the store is away"

    for describer in both(store, pool):
        with pytest.raises(UnavailableError):
            await describer.look(ref)


@pytest.mark.parametrize(
    ("answer", "opens"),
    [
        (TransientError("busy"), True),
        (Said("", None, ended="LANGUAGE"), False),
        (Said('{"description": "I can\'t do that."}', None), False),
        (PermanentError(ErrorCode.CONTENT_MODERATED, "It declined."), False),
    ],
)
async def test_the_breaker_is_for_outages_and_for_nothing_that_a_picture_does(pool, answer, opens):
    store, breaker = MemoryStore(), Breaker("test")
    describer = remote(ScriptedVendor([answer]), store, pool, breaker)
    shown = await describer.look(await kept(store, plain(64, 48)))

    for _ in range(OPENS_AFTER):
        with pytest.raises((TransientError, PermanentError)):
            await describer.describe(shown)

    assert breaker.is_open is opens


async def test_no_words_are_told_of_with_their_reason_and_a_sentence(pool):
    store = MemoryStore()
    describer = remote(ScriptedVendor([Said("", None, ended="LANGUAGE")]), store, pool)
    shown = await describer.look(await kept(store, plain(64, 48)))

    with pytest.raises(TransientError, match="no text, ended with LANGUAGE") as useless:
        await describer.describe(shown)

    assert useless.value.sentence == USELESS_SENTENCE


async def test_nothing_of_a_description_is_logged(pool, caplog):
    store = MemoryStore()
    with caplog.at_level(logging.DEBUG):
        for describer in both(store, pool):
            await describer.describe(await describer.look(await kept(store, plain(64, 48))))

    assert "mug" not in caplog.text
    assert "pixels" not in caplog.text
