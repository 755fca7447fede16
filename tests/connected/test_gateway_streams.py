"""Event streams over two gateways, through reconnects, restarts of the bus, and shutdown."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator, Iterator
from uuid import UUID, uuid4

import pytest

from contracts.journal import JournalEntry, Stage
from services.chassis.journal import Recorded
from tests.connected.gateways import Gateway, Others, gateway, others, standing, until_ready
from tests.samples import job
from tests.servers import NatsServer, nats_server
from tests.streams import event_stream

CLIENTS, JOBS, ENTRIES = 40, 8, 12
PATIENCE_SECONDS = 30.0


@pytest.fixture
def nats_of_this(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats-streams")) as server:
        yield server


@pytest.fixture
def doors(
    nats_of_this: NatsServer, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[list[Gateway]]:
    with standing(tmp_path_factory.mktemp("home"), nats_of_this.url, gateways=2) as both:
        yield both


@pytest.fixture
async def behind(doors: list[Gateway], nats_of_this: NatsServer) -> AsyncIterator[Others]:
    async with others(nats_of_this.url) as services:
        yield services


class Client:
    """Follows one job to its end, over any gateway, leaving and coming back as told."""

    def __init__(self, doors: list[Gateway], job_id: UUID, chance: random.Random) -> None:
        self.ids: list[int] = []
        self.indices: list[str] = []
        self.ending: dict = {}
        self.reconnects = 0
        self._doors = doors
        self._job_id = job_id
        self._chance = chance

    async def follow(self, *, restless: bool) -> None:
        while not self.ending:
            try:
                async with asyncio.timeout(self._chance.uniform(0.01, 0.2) if restless else None):
                    await self._connect()
            except (TimeoutError, OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.01)
            self.reconnects += 1

    async def _connect(self) -> None:
        door = self._chance.choice(self._doors)
        last = str(self.ids[-1]) if self.ids else ""
        url = f"{door.url}/edit/{self._job_id}/events"
        async with event_stream(url, last_event_id=last) as stream:
            if stream.status == 204:
                self.ending = {"seen": True}
                return
            async for frame in stream:
                if frame.event == "end":
                    self.ending = json.loads(frame.data)
                    return
                self.ids.append(int(frame.id))
                self.indices.append(json.loads(frame.data)["note"])


async def narrate(behind: Others, entry: JournalEntry, pause: float) -> None:
    """Entries that number themselves, and an ending."""
    for number in range(1, ENTRIES - 1):
        await asyncio.sleep(pause)
        entry = await append(behind, entry.follow(public={"note": str(number)}))
    await append(behind, entry.advance(Stage.CANCELLED, note=str(ENTRIES - 1)))


async def append(behind: Others, entry: JournalEntry) -> JournalEntry:
    """Append whatever the bus is doing, as a worker's redelivery would."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        while True:
            try:
                return await behind.append(entry)
            except Exception:  # noqa: BLE001 - the server is being killed
                await asyncio.sleep(0.05)


async def opened(behind: Others) -> JournalEntry:
    entry = job()
    public = entry.public.model_copy(update={"note": "0"})
    return await behind.append(entry.model_copy(update={"public": public}))


async def follow_all(behind: Others, clients: list[Client], jobs: list[JournalEntry]) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        for number, client in enumerate(clients):
            group.create_task(client.follow(restless=number % 2 == 0))
        for entry in jobs:
            group.create_task(narrate(behind, entry, 0.1))


async def test_clients_that_come_and_go_see_every_entry_once_and_in_order(doors, behind):
    chance = random.Random(7)
    jobs = [await opened(behind) for _ in range(JOBS)]
    clients = [Client(doors, jobs[n % JOBS].job_id, chance) for n in range(CLIENTS)]

    await follow_all(behind, clients, jobs)

    assert sum(client.reconnects for client in clients) > CLIENTS
    for client in clients:
        assert client.indices == [str(number) for number in range(ENTRIES)]
        assert client.ids == sorted(set(client.ids))


async def test_open_streams_outlive_the_bus_and_miss_nothing(doors, behind, nats_of_this):
    chance = random.Random(8)
    jobs = [await opened(behind) for _ in range(JOBS)]
    clients = [Client(doors, jobs[n % JOBS].job_id, chance) for n in range(CLIENTS)]

    async def restart() -> None:
        for _ in range(2):
            await asyncio.sleep(0.3)
            nats_of_this.kill()
            await asyncio.to_thread(nats_of_this.start)

    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        for client in clients:
            group.create_task(client.follow(restless=False))
        for entry in jobs:
            group.create_task(narrate(behind, entry, 0.1))
        group.create_task(restart())

    for client in clients:
        assert client.indices == [str(number) for number in range(ENTRIES)]


async def test_the_last_known_status_is_told_while_the_bus_is_away(doors, behind, nats_of_this):
    entry = await opened(behind)
    async with doors[0].client() as api:
        before = await api.get(f"/edit/{entry.job_id}")
        nats_of_this.kill()

        during = await api.get(f"/edit/{entry.job_id}")
        unknown = await api.get(f"/edit/{uuid4()}")
        nats_of_this.start()
        await until_ready(doors[0])

    assert before.status_code == during.status_code == 200
    assert before.json() == during.json()
    assert (unknown.status_code, "Retry-After" in unknown.headers) == (503, True)


async def test_a_client_that_comes_while_the_bus_is_away_waits_for_it(doors, behind, nats_of_this):
    entry = await opened(behind)
    client = Client([doors[0]], entry.job_id, random.Random(9))
    async with doors[0].client() as api:
        assert (await api.get(f"/edit/{entry.job_id}")).status_code == 200
    nats_of_this.kill()
    url = f"{doors[0].url}/edit/{entry.job_id}/events"

    async with event_stream(url) as stream:
        assert stream.status == 200
        nats_of_this.start()
        frames = aiter(stream)
        assert json.loads((await anext(frames)).data)["note"] == "0"
    async with asyncio.timeout(PATIENCE_SECONDS), asyncio.TaskGroup() as group:
        group.create_task(client.follow(restless=False))
        group.create_task(narrate(behind, entry, 0.01))

    assert client.indices == [str(number) for number in range(ENTRIES)]


async def test_a_client_that_saw_the_end_is_told_to_stop(doors, behind):
    entry = await opened(behind)
    await behind.append(entry.advance(Stage.CANCELLED))
    last = await behind.journal.last(entry.job_id)
    assert isinstance(last, Recorded)
    url = f"{doors[0].url}/edit/{entry.job_id}/events"

    async with event_stream(url, last_event_id=str(last.sequence)) as seen:
        assert seen.status == 204
    for unknown in ("999999", "0", "nonsense", "-1"):
        async with event_stream(url, last_event_id=unknown) as stream:
            assert [frame.event async for frame in stream] == ["stage", "stage", "end"]


async def test_only_so_many_streams_are_open_per_client(nats_of_this, behind, tmp_path):
    entry = await opened(behind)
    with gateway(tmp_path, nats_of_this.url, MAX_STREAMS_PER_CLIENT="2") as strict:
        await until_ready(strict)
        url = f"{strict.url}/edit/{entry.job_id}/events"
        async with event_stream(url), event_stream(url), event_stream(url) as third:
            assert third.status == 429
        async with asyncio.timeout(5):
            while True:
                async with event_stream(url) as later:
                    if later.status == 200:
                        break


async def test_a_gateway_that_is_told_to_stop_ends_its_streams(
    doors: list[Gateway], behind: Others
) -> None:
    entry = await opened(behind)
    url = f"{doors[0].url}/edit/{entry.job_id}/events"

    told: list[str] = []

    async def read() -> None:
        async with event_stream(url) as stream:
            async for frame in stream:
                told.append(frame.event)  # noqa: PERF401 - counted while they come

    readers = [asyncio.create_task(read()) for _ in range(20)]
    async with asyncio.timeout(10):
        while len(told) < len(readers):
            await asyncio.sleep(0.02)

    began = time.monotonic()
    await asyncio.to_thread(doors[0].terminate)

    assert time.monotonic() - began < 10
    await asyncio.gather(*readers)
    assert told == ["stage"] * 20
    resumed = Client([doors[1]], entry.job_id, random.Random(1))
    async with asyncio.timeout(10), asyncio.TaskGroup() as group:
        group.create_task(resumed.follow(restless=False))
        group.create_task(narrate(behind, entry, 0.01))
    assert resumed.ending["status"] == "cancelled"
