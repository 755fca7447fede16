"""A provider that is ill, away or full: jobs wait, none is lost, none is paid for twice."""

import asyncio
from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from deploy.local import ports
from services.chassis.breaker import OPENS_AFTER
from services.chassis.limits import KONTEXT_MAX_TASKS
from tests import api
from tests.emulated import Emulated, emulated_stack
from tests.emulators.running import running
from tests.pictures import plain
from tests.stack import RealStack

KLEIN, KONTEXT_MAX = "flux-2-klein-4b", "flux-kontext-max"
WORKERS = 4
PLACES = 3
PATIENCE_SECONDS = 60.0
OUTAGE_SECONDS = 6.0
# Pauses double from one second on: three probes in the outage, and two for a slow machine.
PROBES = 5
PICTURE = plain(320, 240)
SETTINGS = {
    "FLUX_MODEL": KLEIN,
    "ALLOWED_MODELS": KONTEXT_MAX,
    "FLUX_POLL_INTERVAL_SECONDS": "0.1",
    "WORKER_CONCURRENCY": str(WORKERS),
}


@pytest.fixture(scope="module")
def stack(tmp_path_factory) -> Iterator[Emulated]:
    with emulated_stack(tmp_path_factory.mktemp("outage"), **SETTINGS) as stack:
        yield stack


@pytest.fixture(scope="module")
def small(tmp_path_factory) -> Iterator[Emulated]:
    """A system whose account lets it have few tasks under way."""
    places = {"FLUX_MAX_ACTIVE_TASKS": str(PLACES)}
    with emulated_stack(tmp_path_factory.mktemp("small"), **SETTINGS, **places) as small:
        yield small


@pytest.fixture
async def gateway(stack: Emulated) -> AsyncIterator[httpx.AsyncClient]:
    stack.bfl.reset()
    stack.bfl.set(latency_seconds=0.05)
    async with api.client(stack.system.url) as client:
        yield client


async def submitted(gateway: httpx.AsyncClient, number: int, **options: str) -> list[str]:
    """So many jobs."""
    ways: api.Json = {"picture": PICTURE, "enhance": "false", **options}
    answers = await asyncio.gather(*(api.submit(gateway, **ways) for _ in range(number)))
    return [answer["edit_id"] for answer in answers]


async def endings(gateway: httpx.AsyncClient, jobs: list[str]) -> list[str]:
    """How each of them ended."""
    return [(await api.followed(gateway, job))["status"] for job in jobs]


async def breaker(system: RealStack) -> float:
    """The state of the breaker of submissions, as operators see it: 1 is open."""
    port = system.parts["renderer"].environment["OPS_PORT"]
    async with api.client(f"http://127.0.0.1:{port}") as client:
        figures = (await client.get("/metrics")).text
    name = 'mizual_breaker_open{breaker="flux-submissions"}'
    return next(float(line.split()[-1]) for line in figures.splitlines() if line.startswith(name))


async def until_open(system: RealStack) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not await breaker(system):
            await asyncio.sleep(0.02)


async def test_in_bad_weather_every_job_completes_and_is_taken_once(stack, gateway):
    stack.bfl.set(seed=1)
    stack.bfl.fault("submit", status=503, share=0.3, times=None)
    stack.bfl.fault("poll", cut="before", share=0.1, times=None)

    jobs = await submitted(gateway, 40)

    assert await endings(gateway, jobs) == ["completed"] * 40
    counters = stack.bfl.counters()
    assert counters["submissions"] == 40
    assert counters["answers"]["submit:503"] >= 5
    assert counters["answers"]["poll:cut"] >= 1


async def test_in_an_outage_jobs_wait_and_the_provider_is_left_alone(stack, gateway):
    stack.bfl.fault("submit", preset="overloaded", times=None)
    jobs = await submitted(gateway, 12)
    await until_open(stack.system)

    await asyncio.sleep(OUTAGE_SECONDS)

    assert await breaker(stack.system) == 1
    assert stack.bfl.counters()["received"]["submit"] <= OPENS_AFTER + WORKERS + PROBES
    seen = [await api.status(gateway, job) for job in jobs]
    assert not any(one["is_error"] for one in seen)
    told = [one for one in seen if one["retry_reason"] == "waiting"]
    assert len(told) >= OPENS_AFTER
    assert all(one["message"].startswith("The image service is busy, trying") for one in told)
    assert all(one["retry_at"] for one in told)

    stack.bfl.reset()

    assert await endings(gateway, jobs) == ["completed"] * 12
    assert stack.bfl.counters()["submissions"] == 12
    assert await breaker(stack.system) == 0


async def test_a_provider_that_is_not_there_is_waited_for(stack, gateway):
    port, renderer = ports.free(), stack.system.parts["renderer"]
    before = {name: renderer.environment[name] for name in ("BFL_BASE_URL", "BFL_ALLOWED_HOSTS")}
    hosts = f"127.0.0.1:{port},localhost:{port}"
    moved(stack.system, BFL_BASE_URL=f"http://127.0.0.1:{port}", BFL_ALLOWED_HOSTS=hosts)
    try:
        jobs = await submitted(gateway, 6)
        await until_open(stack.system)

        with running("bfl", port=port) as there:
            there.set(latency_seconds=0.05)
            ended = await endings(gateway, jobs)

            assert ended == ["completed"] * 6
            assert there.counters()["submissions"] == 6
    finally:
        moved(stack.system, **before)


def moved(system: RealStack, **environment: str) -> None:
    """The renderer started again with this."""
    system.reroute("renderer", **environment)
    system.parts["renderer"].stop()
    system.parts["renderer"].start()


async def test_a_model_with_a_limit_of_its_own_is_never_asked_for_more(stack, gateway):
    stack.bfl.set(latency_seconds=1.0)

    jobs = await submitted(gateway, 2 * KONTEXT_MAX_TASKS, model=KONTEXT_MAX)

    assert await endings(gateway, jobs) == ["completed"] * 2 * KONTEXT_MAX_TASKS
    counters = stack.bfl.counters()
    assert counters["active_max"] == KONTEXT_MAX_TASKS
    assert counters["submissions_refused"] == {}


async def test_no_more_tasks_are_under_way_than_the_account_allows(small):
    small.bfl.set(latency_seconds=0.5, active_limit=PLACES)
    async with api.client(small.system.url) as gateway:
        jobs = await submitted(gateway, 12)

        assert await endings(gateway, jobs) == ["completed"] * 12

    counters = small.bfl.counters()
    assert counters["active_max"] == PLACES
    assert counters["submissions_refused"] == {}
    assert counters["submissions"] == 12
