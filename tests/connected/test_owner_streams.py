"""All jobs of a caller on one stream: two gateways, and a record that may be behind the journal."""

import asyncio
import json
import random
import re
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import uuid4

import pytest

from contracts.base import utcnow
from contracts.commands import PlatformOwner
from contracts.journal import Stage
from contracts.subjects import JOURNAL, STORAGE_PROJECTOR
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.journal import Recorded
from services.gateway.domain.identity import platform_caller
from services.gateway.domain.owners import NEAR_ENTRIES
from tests.buses import connected
from tests.connected.gateways import PLATFORM_TOKEN, Gateway, gateway, standing, until_ready
from tests.connected.storage_running import appended, storage_running
from tests.pictures import plain
from tests.samples import job
from tests.servers import NatsServer, nats_server
from tests.streams import EventStream, event_stream

PATIENCE_SECONDS = 30.0


@pytest.fixture(scope="module")
def front(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[NatsServer, list[Gateway]]]:
    with (
        nats_server(tmp_path_factory.mktemp("nats-owners")) as server,
        standing(tmp_path_factory.mktemp("home"), server.url, gateways=2) as doors,
    ):
        yield server, doors


@pytest.fixture
def doors(front: tuple[NatsServer, list[Gateway]]) -> list[Gateway]:
    return front[1]


@pytest.fixture
def url(front: tuple[NatsServer, list[Gateway]]) -> str:
    return front[0].url


@pytest.fixture
async def bus(url: str, storage_tables: Database) -> AsyncIterator[Bus]:
    """The bus, with storage on it; its record begins where the journal does."""
    async with connected(url) as bus:
        await bus.js.purge_stream(JOURNAL)
        async with storage_running(url, storage_tables):
            yield bus


class Page:
    """A page of one user, who may open it at any gateway, leave and come back."""

    def __init__(self, user: str = "") -> None:
        user = user or f"user-{uuid4().hex}"
        self.headers = {"X-Platform-Token": PLATFORM_TOKEN, "X-User-Id": user}
        self.owner = platform_caller(PlatformOwner(user_id=user)).owner
        self.seen: list[int] = []
        self.told: list[dict] = []
        self.skipped = 0

    @property
    def last(self) -> str:
        return str(self.seen[-1]) if self.seen else ""

    @asynccontextmanager
    async def open(self, door: Gateway) -> AsyncIterator[EventStream]:
        url = f"{door.url}/events"
        async with event_stream(url, last_event_id=self.last, headers=self.headers) as stream:
            yield stream

    async def read(self, stream: EventStream, enough: Callable[[], bool]) -> None:
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for frame in stream:
                if frame.event == "skipped":
                    self.skipped += 1
                    continue
                assert frame.event == "stage"
                self.seen.append(int(frame.id))
                self.told.append(json.loads(frame.data))
                if enough():
                    return

    async def follow(self, door: Gateway, until: Recorded) -> None:
        async with self.open(door) as stream:
            await self.read(stream, lambda: self.seen[-1] >= until.sequence)


async def moved(bus: Bus, last: Recorded, stage: Stage) -> Recorded:
    return await appended(bus, last.entry.advance(stage), last)


def sequences(*recorded: Recorded) -> list[int]:
    return sorted(each.sequence for each in recorded)


async def pause_projector(bus: Bus, *, seconds: float) -> None:
    """The server delivers nothing to it until then; nought or less lets it go on."""
    until = utcnow() + timedelta(seconds=seconds)
    request = json.dumps({"pause_until": until.isoformat()}).encode()
    subject = f"$JS.API.CONSUMER.PAUSE.{JOURNAL}.{STORAGE_PROJECTOR}"
    answer = json.loads((await bus.client.request(subject, request, timeout=5)).data)
    assert "error" not in answer, answer


async def test_a_page_sees_its_running_jobs_and_then_everything_live(doors, bus):
    page = Page()
    first = await moved(bus, await appended(bus, job(owner=page.owner)), Stage.ENHANCING_PROMPT)

    async with page.open(doors[0]) as stream:
        await page.read(stream, lambda: True)
        await appended(bus, job(owner="somebody-else"))
        second = await appended(bus, job(owner=page.owner))
        last = await moved(bus, first, Stage.CANCELLED)
        await page.read(stream, lambda: page.seen[-1] == last.sequence)

    assert page.seen == sequences(first, second, last)
    assert page.told[-1]["is_error"]


async def test_a_page_that_comes_back_at_another_gateway_misses_nothing(doors, bus):
    page = Page()
    first = await appended(bus, job(owner=page.owner))
    await page.follow(doors[0], first)

    second = await moved(bus, first, Stage.ENHANCING_PROMPT)
    other = await appended(bus, job(owner=page.owner))
    third = await moved(bus, second, Stage.CANCELLED)
    await page.follow(doors[1], third)

    assert page.seen == sequences(first, second, other, third)


@pytest.mark.parametrize("others", [0, NEAR_ENTRIES + 10], ids=["a moment later", "much later"])
async def test_what_the_record_has_not_seen_is_not_missed(doors, bus, url, tmp_path, others):
    page, stranger = Page(), Page()
    first = await appended(bus, job(owner=page.owner))
    await page.follow(doors[0], first)
    await pause_projector(bus, seconds=600)
    second = await moved(bus, first, Stage.ENHANCING_PROMPT)
    for _ in range(others):
        await appended(bus, job(owner=stranger.owner))
    new = await appended(bus, job(owner=page.owner))
    third = await moved(bus, second, Stage.FETCHING_IMAGE)
    anew = Page(page.headers["X-User-Id"])

    await page.follow(doors[1], third)
    with gateway(tmp_path, url) as fresh:
        await until_ready(fresh)
        await anew.follow(fresh, third)
    await pause_projector(bus, seconds=0)

    assert page.seen == sequences(first, second, new, third)
    assert page.skipped == (1 if others else 0)  # far back, erasures cannot be told
    assert anew.seen == sequences(new, third)


async def test_pages_that_come_and_go_see_every_entry_once_and_in_order(
    doors: list[Gateway], bus: Bus
) -> None:
    chance, page = random.Random(3), Page()
    entries: list[Recorded] = []

    async def narrate() -> None:
        lives = [await appended(bus, job(owner=page.owner)) for _ in range(5)]
        entries.extend(lives)
        for _ in range(12):
            await asyncio.sleep(0.05)
            at = chance.randrange(5)
            lives[at] = await appended(bus, lives[at].entry.follow(), lives[at])
            entries.append(lives[at])
        entries.append(await appended(bus, job(owner=page.owner, prompt="the last")))

    def is_last() -> bool:
        return bool(page.told[-1]["prompt"] == "the last")

    def has_enough(visit: Iterator[int]) -> bool:
        return is_last() or next(visit, None) is None

    async def restless() -> None:
        # The first visit has a past; without one it would begin with the jobs as they are.
        page.seen.append(int((await bus.js.stream_info(JOURNAL)).state.last_seq))
        begun.set()
        while not page.told or not is_last():
            async with page.open(chance.choice(doors)) as stream:
                await page.read(stream, partial(has_enough, iter(range(chance.randint(0, 2)))))

    begun = asyncio.Event()
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(restless())
        await begun.wait()
        group.create_task(narrate())

    assert page.seen[1:] == sequences(*entries)


async def test_a_page_without_a_name_is_given_one_and_sees_what_it_submits(doors, bus):
    async with event_stream(f"{doors[0].url}/events") as stream:
        cookie = re.search(r"set-cookie: ([^;]+);.*httponly; samesite=lax", stream.head.lower())
        name = re.search(r"(mizual_session=[^;]+)", stream.head)
        assert cookie
        assert name
        async with doors[1].client(Cookie=name[1]) as api:
            picture = {"image": ("p.jpg", plain(64, 48))}
            answer = await api.post("/edit-image/", data={"prompt": "blue"}, files=picture)
        async with asyncio.timeout(PATIENCE_SECONDS):
            frame = await anext(aiter(stream))

    assert json.loads(frame.data)["uuid"] == answer.json()["edit_id"]


async def test_a_gateway_that_is_told_to_stop_ends_the_stream_and_another_goes_on(
    doors, bus, url, tmp_path
):
    page = Page()
    with gateway(tmp_path, url) as leaving:
        await until_ready(leaving)
        async with page.open(leaving) as stream:
            first = await appended(bus, job(owner=page.owner))
            await page.read(stream, lambda: True)
            await asyncio.to_thread(leaving.terminate)
            async with asyncio.timeout(PATIENCE_SECONDS):
                assert [frame async for frame in stream] == []

    second = await moved(bus, first, Stage.CANCELLED)
    await page.follow(doors[0], second)

    assert page.seen == sequences(first, second)


async def test_streams_of_owners_and_of_jobs_share_one_limit(doors, bus, url, tmp_path):
    page = Page()
    entry = (await appended(bus, job(owner=page.owner))).entry
    with gateway(tmp_path, url, MAX_STREAMS_PER_CLIENT="1") as strict:
        await until_ready(strict)
        async with page.open(strict) as first:
            assert first.status == 200
            async with page.open(strict) as second:
                assert second.status == 429
            events = f"{strict.url}/edit/{entry.job_id}/events"
            async with event_stream(events, headers=page.headers) as third:
                assert third.status == 429
