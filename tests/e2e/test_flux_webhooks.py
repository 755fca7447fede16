"""Flux says by itself when a task has ended: a reason to look, and no more than that."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from uuid import UUID

import httpx
import pytest

from deploy.local import ports, stack
from services.chassis.journal import JetStreamJournal
from tests import api
from tests.buses import connected
from tests.emulated import Emulated, emulated_stack

# The first look of a fresh renderer comes at once or after four seconds.
LATENCY_SECONDS = 1.5
BY_WAKE_UP = 'mizual_provider_results_total{by="wake_up",provider="flux"}'


@pytest.fixture(scope="module")
def emulated(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Emulated]:
    port = str(ports.free(1 + len(stack.WORKERS)))
    settings = {"GATEWAY_PORT": port, "PUBLIC_URL": f"http://127.0.0.1:{port}"}
    with emulated_stack(tmp_path_factory.mktemp("webhooks"), **settings) as running:
        yield running


@pytest.fixture
async def gateway(emulated: Emulated) -> AsyncIterator[httpx.AsyncClient]:
    emulated.bfl.reset()
    emulated.bfl.set(latency_seconds=LATENCY_SECONDS, webhooks="a")
    async with api.client(emulated.system.url) as client:
        yield client


async def completed(gateway: httpx.AsyncClient) -> api.Json:
    answer = await api.submit(gateway)
    final = await api.ended(gateway, answer["edit_id"])
    assert final["is_complete"], final
    return final


async def woken(emulated: Emulated) -> float:
    """How many results the renderer has found because a webhook told of them."""
    port = emulated.system.parts["renderer"].environment["OPS_PORT"]
    async with api.client(f"http://127.0.0.1:{port}") as client:
        figures = (await client.get("/metrics")).text
    found = (line for line in figures.splitlines() if line.startswith(BY_WAKE_UP))
    return float(next(found, "0").split()[-1])


@pytest.mark.parametrize("form", ["a", "b"])
async def test_a_webhook_brings_the_result_without_waiting_for_the_next_look(
    emulated: Emulated, gateway: httpx.AsyncClient, form: str
):
    emulated.bfl.set(webhooks=form)
    before = await woken(emulated)

    final = await completed(gateway)

    counters = emulated.bfl.counters()
    assert (counters["submissions"], counters["webhooks_sent"]) == (1, 1)
    assert await woken(emulated) == before + 1
    assert final["provider"] == "flux"


async def test_a_webhook_that_overtakes_the_answer_to_the_submission_is_not_lost(
    emulated: Emulated, gateway: httpx.AsyncClient
):
    emulated.bfl.set(webhook_early=True)

    await completed(gateway)

    assert emulated.bfl.counters()["submissions"] == 1


async def test_webhooks_that_come_again_and_again_are_one_result(
    emulated: Emulated, gateway: httpx.AsyncClient
):
    emulated.bfl.set(webhook_copies=20)

    final = await completed(gateway)

    emulated.bfl.wait_for(lambda now: now["webhooks_sent"] + now["webhooks_failed"] == 20)
    async with connected(emulated.system.nats_url) as bus:
        line = await JetStreamJournal(bus).replay(UUID(final["uuid"]))
    assert sum(recorded.entry.terminal for recorded in line) == 1
    assert emulated.bfl.counters()["downloads"] == 1


async def test_without_any_webhook_the_result_comes_all_the_same(
    emulated: Emulated, gateway: httpx.AsyncClient
):
    emulated.bfl.set(webhooks="none")

    await completed(gateway)

    assert emulated.bfl.counters()["submissions"] == 1


async def test_twenty_jobs_at_once_are_all_woken(emulated: Emulated, gateway: httpx.AsyncClient):
    await asyncio.gather(*(completed(gateway) for _ in range(20)))

    counters = emulated.bfl.counters()
    assert counters["submissions"] == 20
    assert counters["key_leaks"] == 0
