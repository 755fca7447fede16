"""Which picture an id means, why there may be none, and small copies."""

import asyncio

import pytest

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Stage
from contracts.objects import thumb_key
from services.chassis.errors import UnavailableError
from services.gateway.domain import thumbs
from services.gateway.domain.images import Wanted, picture_of
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.thumbs import MAKERS, Thumbs
from tests.fakes_objects import MemoryStore
from tests.samples import job, reference

RESULT = reference(b"the result", role="result")
SOURCE = reference(b"the source")


def ended(kind: Kind = Kind.EDIT, stage: Stage = Stage.COMPLETED) -> JournalEntry:
    work = {"result": RESULT} if kind is not Kind.DESCRIPTION else {}
    return job(kind=kind).advance(stage, work=work)


def test_a_job_stands_for_its_result_and_if_asked_for_its_original():
    done = ended()

    assert picture_of(done, Wanted.of({})) == RESULT
    assert picture_of(done, Wanted.of({"role": "original"})) == done.facts.original


@pytest.mark.parametrize(
    ("entry", "role", "sentence"),
    [
        (job(), "result", "There is no result yet: the job has not completed."),
        (ended(stage=Stage.CANCELLED), "result", "There is no result: the job was cancelled."),
        (
            job().fail(ErrorCode.TIMED_OUT, "Too late."),
            "result",
            "There is no result: the job failed.",
        ),
        (
            ended(Kind.DESCRIPTION),
            "result",
            "A description has no picture; its text stands in the status.",
        ),
        (ended(Kind.DESCRIPTION), "original", "The picture was removed when the job had ended."),
    ],
)
def test_where_there_is_no_picture_the_reason_is_told(entry, role: str, sentence: str):
    with pytest.raises(RefusalError) as refused:
        picture_of(entry, Wanted.of({"role": role}))

    assert (refused.value.status, refused.value.code) == (404, ErrorCode.IMAGE_NOT_FOUND)
    assert refused.value.sentence == sentence


@pytest.mark.parametrize("query", [{"role": "raw"}, {"size": "large"}])
def test_another_role_or_size_is_refused_by_name(query: dict[str, str]):
    with pytest.raises(RefusalError) as refused:
        Wanted.of(query)

    assert (refused.value.status, refused.value.errors[0].field) == (422, next(iter(query)))


class Shrinker:
    """Keeps the first letters; counts how many it makes, and at most at once."""

    def __init__(self) -> None:
        self.made = self.at_once = self.most_at_once = 0
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    async def shrink(self, data: bytes) -> bytes:
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        await self.may_go_on.wait()
        self.made += 1
        self.at_once -= 1
        return data[:3]


@pytest.fixture
async def store() -> MemoryStore:
    store = MemoryStore()
    await store.put(SOURCE.key, b"the source", content_type="image/jpeg")
    return store


async def test_a_small_copy_is_made_once_beside_its_source(store: MemoryStore):
    shrinker = Shrinker()
    small = Thumbs(store, shrinker)

    await asyncio.gather(*(small.ensure(SOURCE.key) for _ in range(8)))

    assert store.contents[thumb_key(SOURCE.key)] == b"the"
    assert store.known[thumb_key(SOURCE.key)].content_type == "image/webp"
    assert thumb_key(SOURCE.key).rpartition("/")[0] == SOURCE.key.rpartition("/")[0]
    assert shrinker.made < MAKERS + 1


async def test_without_its_source_there_is_no_small_copy(store: MemoryStore):
    with pytest.raises(RefusalError) as refused:
        await Thumbs(store, Shrinker()).ensure(RESULT.key)

    assert refused.value.code is ErrorCode.IMAGE_NOT_FOUND


async def test_no_small_copy_outlives_a_source_that_is_removed_meanwhile(store: MemoryStore):
    shrinker = Shrinker()
    shrinker.may_go_on.clear()
    making = asyncio.create_task(Thumbs(store, shrinker).ensure(SOURCE.key))
    while not shrinker.at_once:
        await asyncio.sleep(0)

    await store.delete(SOURCE.key)
    shrinker.may_go_on.set()

    with pytest.raises(RefusalError) as refused:
        await making
    assert refused.value.code is ErrorCode.IMAGE_NOT_FOUND
    assert not store.contents


async def test_only_so_many_are_made_at_once_and_only_so_many_wait(
    store: MemoryStore, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(thumbs, "MOST_WAITING", 10)
    shrinker = Shrinker()
    shrinker.may_go_on.clear()
    small = Thumbs(store, shrinker)
    sources = [reference(b"source %d" % number) for number in range(11)]
    for source in sources:
        await store.put(source.key, b"picture", content_type="image/jpeg")

    waiting = [asyncio.create_task(small.ensure(source.key)) for source in sources[:10]]
    await asyncio.sleep(0)
    with pytest.raises(UnavailableError):
        await small.ensure(sources[10].key)
    shrinker.may_go_on.set()
    await asyncio.gather(*waiting)

    assert shrinker.most_at_once <= MAKERS
    assert shrinker.made == 10
    await small.ensure(sources[10].key)
