"""A host that does not answer is left alone, and nobody who asks another one is held up."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from deploy.local import ports
from services.chassis.breaker import OPENS_AFTER, PAUSE_BASE_SECONDS
from services.chassis.errors import TransientError, UnavailableError
from services.chassis.metrics import BREAKER_OPEN
from services.renderer.adapters.doors import MOST_HOSTS, Doors
from services.renderer.adapters.flux import Deadlines, Flux
from services.renderer.domain.editing import Ready, Running
from tests.emulators.running import Emulator
from tests.unit.renderer.flux_opened import handle, loopback, opened, ordered, ready

HOST = "https://api.{}.bfl.ai/v1/get_result"


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def dead() -> str:
    """Where nobody listens."""
    return f"http://127.0.0.1:{ports.free()}"


@pytest.fixture
async def flux(bfl: Emulator, clock: Clock, dead: str) -> AsyncIterator[Flux]:
    hosts = (*loopback(bfl.url), *loopback(dead))
    async with opened(bfl.url, hosts=hosts, doors=Doors("flux", clock=clock)) as flux:
        yield flux


def asked_at(url: str):
    return handle(age=60, polling_url=f"{url}/v1/get_result?id=0b7c")


async def missed(flux: Flux, url: str) -> None:
    """So many polls of a dead host that it is left alone."""
    for _ in range(OPENS_AFTER):
        with pytest.raises(TransientError):
            await flux.poll(asked_at(url))


def told() -> dict[str, float]:
    """The breakers of results that operators see, and whether they are open."""
    samples = next(iter(BREAKER_OPEN.collect())).samples
    found = {sample.labels["breaker"]: sample.value for sample in samples}
    return {name: value for name, value in found.items() if name.startswith("flux-results ")}


async def test_tasks_on_a_host_that_answers_are_asked_for_while_another_host_is_dead(
    flux, bfl, dead
):
    task = await ordered(flux)

    await missed(flux, dead)

    assert isinstance(await ready(flux, task), Ready)
    assert bfl.counters()["polls"] >= 1


async def test_a_task_whose_host_is_left_alone_is_under_way_as_far_as_anybody_knows(
    flux, clock, dead
):
    await missed(flux, dead)
    clock.now += PAUSE_BASE_SECONDS / 4

    assert await flux.poll(asked_at(dead)) == Running(pause_seconds=PAUSE_BASE_SECONDS * 3 / 4)


async def test_a_host_that_is_back_is_found_by_one_and_then_by_everybody(flux, bfl, clock):
    bfl.fault("poll", status=500, times=OPENS_AFTER)
    await missed(flux, bfl.url)
    clock.now += PAUSE_BASE_SECONDS
    bfl.fault("poll", hold=True, body={"id": "0b7c", "status": "Pending"})

    first = asyncio.create_task(flux.poll(asked_at(bfl.url)))
    await asyncio.to_thread(bfl.wait_for, lambda seen: seen["received"]["poll"] > OPENS_AFTER)
    second = await flux.poll(asked_at(bfl.url))
    bfl.release()

    assert await first == Running()
    assert second == Running(pause_seconds=PAUSE_BASE_SECONDS)
    bfl.fault("poll", body={"id": "0b7c", "status": "Pending"})
    assert await flux.poll(asked_at(bfl.url)) == Running()


async def test_results_on_a_dead_host_wait_and_are_not_fetched(flux, clock, dead):
    result = Ready(f"{dead}/results/sample.png")
    for _ in range(OPENS_AFTER):
        with pytest.raises(TransientError) as failed:
            await flux.download(handle(), result)
        assert type(failed.value) is TransientError

    with pytest.raises(UnavailableError) as left_alone:
        await flux.download(handle(), result)

    assert left_alone.value.retry_after == PAUSE_BASE_SECONDS


async def test_a_host_that_does_not_end_is_dead_too(bfl):
    bfl.fault("poll", hold=True, times=OPENS_AFTER)
    async with opened(bfl.url, deadlines=Deadlines(poll=0.05)) as flux:
        await missed(flux, bfl.url)

        found = await flux.poll(asked_at(bfl.url))

    bfl.release()
    assert isinstance(found, Running)
    assert found.pause_seconds


def test_operators_see_each_host_by_its_name(clock):
    door = Doors("flux", clock=clock).to(HOST.format("eu9"))

    for _ in range(OPENS_AFTER):
        door.breaker.failed()

    assert told()["flux-results api.eu9.bfl.ai"] == 1


def test_however_many_hosts_are_named_the_ones_in_use_are_remembered(clock):
    doors, before = Doors("flux", clock=clock), set(told())
    first = doors.to(HOST.format("first"))

    for number in range(3 * MOST_HOSTS):
        doors.to(HOST.format(f"other{number}"))
        assert doors.to(HOST.format("FIRST")) is first

    assert len(set(told()) - before) == MOST_HOSTS
