"""A service killed in the middle of a job and started again: the job completes, with one ending.

These tests have a system of their own, since they break it.
"""

import asyncio
import time
from uuid import UUID

import httpx
import pytest

from contracts.subjects import (
    ENHANCER_EDIT_REQUESTED,
    EVENTS,
    RENDERER_EDIT_ENHANCED,
    STORAGE_EDIT_RENDERED,
)
from services.chassis.journal import JetStreamJournal
from tests import api, kinds
from tests.buses import connected
from tests.e2e.test_pipeline import STAGES, in_order
from tests.stack import UNLIMITED, RealStack, real_stack

HOLDS = {
    "enhancer": ENHANCER_EDIT_REQUESTED,
    "renderer": RENDERER_EDIT_ENHANCED,
    "storage": STORAGE_EDIT_RENDERED,
}
"""Worker -> the durable whose message it holds when it is killed."""


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory):
    with real_stack(tmp_path_factory.mktemp("killed"), **UNLIMITED) as system:
        yield system


@pytest.fixture
async def gateway(own: RealStack):
    async with api.client(own.url) as client:
        yield client


async def until_delivered(system: RealStack, durable: str) -> None:
    """Wait until the durable's message lies with a worker."""
    async with connected(system.nats_url) as bus:
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            info = await bus.js.consumer_info(EVENTS, durable)
            if info.num_ack_pending:
                return
            await asyncio.sleep(0.02)
    raise AssertionError(f"nothing was delivered to {durable}")


async def assert_one_line_and_one_ending(system: RealStack, job_id: str) -> None:
    """The journal counts by one, shows each stage in order, and ends once."""
    entries = await kinds.whole_line(system.nats_url, job_id)
    assert in_order([entry.stage.value for entry in entries]) == STAGES


@pytest.mark.parametrize("name", HOLDS)
async def test_a_worker_killed_with_the_job_in_its_hands(own: RealStack, gateway, name: str):
    own.parts[name].pause()
    answer = await api.submit(gateway)
    await until_delivered(own, HOLDS[name])

    own.restart(name)

    final = await api.ended(gateway, answer["edit_id"])
    assert final["is_complete"], final
    await assert_one_line_and_one_ending(own, answer["edit_id"])


async def test_the_gateway_killed_while_a_client_follows(own: RealStack, gateway):
    own.parts["renderer"].pause()
    answer = await api.submit(gateway)
    seen = []

    async def follow():
        async for frame in api.frames(gateway, answer["edit_id"]):
            seen.append(frame)
            if len(seen) == 3:
                own.parts["gateway"].kill()

    with pytest.raises(httpx.TransportError):
        await follow()

    own.parts["gateway"].start()
    own.parts["renderer"].resume()
    seen += [f async for f in api.frames(gateway, answer["edit_id"], last_event_id=seen[-1].id)]

    ids = [int(frame.id) for frame in seen if frame.id]
    assert ids == sorted(set(ids))
    async with connected(own.nats_url) as bus:
        line = await JetStreamJournal(bus).replay(UUID(answer["edit_id"]))
    assert ids == [recorded.sequence for recorded in line]
    await assert_one_line_and_one_ending(own, answer["edit_id"])


async def test_feedback_killed_while_a_job_runs(own: RealStack, gateway):
    own.parts["renderer"].pause()
    answer = await api.submit(gateway)

    own.restart("feedback")
    own.parts["renderer"].resume()

    final = await api.ended(gateway, answer["edit_id"])
    assert final["is_complete"], final
    given = await gateway.post("/feedback/", json={"edit_uuid": answer["edit_id"], "rating": 1})
    assert given.status_code == 200, given.text
    await assert_one_line_and_one_ending(own, answer["edit_id"])
