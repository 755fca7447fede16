"""A style's guide out of the store: waited for, unless it is gone for good."""

import asyncio

import pytest

from contracts.objects import digest as sha256
from services.chassis.errors import UnavailableError
from services.enhancer.adapters.guides import StoredGuides
from tests.fakes_objects import MemoryStore
from tests.unit.enhancer.styles import WARM, style


async def stored(data: bytes | None = None) -> MemoryStore:
    store, ref = MemoryStore(), style().guide
    content = WARM.model_dump_json().encode() if data is None else data
    await store.put(ref.key, content, content_type=ref.content_type)
    return store


async def test_the_guide_is_read_as_it_was_written():
    assert await StoredGuides(await stored()).of(style()) == WARM


@pytest.mark.parametrize("data", [b"", b"{}", b"other bytes", b"[" * 10_000])
async def test_a_guide_that_was_spoilt_is_gone(data: bytes, caplog):
    assert await StoredGuides(await stored(data)).of(style()) is None
    assert [record.message for record in caplog.records] == ["style_guide_lost"]


async def test_a_missing_guide_is_gone_and_told_of_without_its_words(caplog):
    assert await StoredGuides(MemoryStore()).of(style()) is None

    (record,) = caplog.records
    assert (record.style, record.error) == ("warm-film", "MissingObjectError")


async def test_bytes_that_are_no_guide_are_gone_though_they_are_the_right_ones():
    ref = style().guide
    data = b'{"name": 7}'.ljust(ref.size_bytes)
    of = style().model_copy(update={"guide": ref.model_copy(update={"sha256": sha256(data)})})

    assert await StoredGuides(await stored(data)).of(of) is None


async def test_a_store_that_is_away_is_waited_for():
    store = await stored()
    store.away = "the store is away"

    with pytest.raises(UnavailableError):
        await StoredGuides(store).of(style())


class SlowStore(MemoryStore):
    """Answers some other day."""

    async def get(self, key: str) -> bytes | None:
        await asyncio.Event().wait()
        return None


async def test_a_store_that_does_not_answer_is_away():
    with pytest.raises(UnavailableError, match="too long"):
        await StoredGuides(SlowStore(), read_seconds=0.01).of(style())
