"""Whatever a job is, who works on it may be killed: nothing is lost and nothing is made twice.

These tests have a system of their own, since they break it.
"""

import asyncio
from pathlib import Path

import pytest
from nats.js.api import ConsumerInfo

from contracts import subjects as s
from contracts.journal import Kind
from deploy.local.stack import STYLES
from tests import api, kinds
from tests.buses import connected
from tests.pictures import drawn_object
from tests.stack import UNLIMITED, RealStack, real_stack

HOLDS = [
    (Kind.VARIATION, "enhancer", s.ENHANCER_VARIATION_REQUESTED),
    (Kind.VARIATION, "renderer", s.RENDERER_VARIATION_ENHANCED),
    (Kind.VARIATION, "storage", s.STORAGE_VARIATION_RENDERED),
    (Kind.CUTOUT, "renderer", s.RENDERER_CUTOUT_REQUESTED),
    (Kind.CUTOUT, "storage", s.STORAGE_CUTOUT_RENDERED),
    (Kind.DESCRIPTION, "enhancer", s.ENHANCER_DESCRIPTION_REQUESTED),
    (Kind.DESCRIPTION, "storage", s.STORAGE_DESCRIPTION_WRITTEN),
]
"""A kind, who works on it, and the durable whose message lies with them when they are killed."""

STYLE = "ink-and-paper"
PATIENCE_SECONDS = 30.0
LARGE = drawn_object(4000, 3000)
"""Twelve megapixels: work for a second or two."""
LOAD = ("styles", "load")


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory):
    with real_stack(tmp_path_factory.mktemp("killed"), **UNLIMITED) as system:
        yield system


@pytest.fixture
async def client(own: RealStack):
    async with api.client(own.url) as client:
        yield client


async def until_there(system: RealStack, durable: str) -> None:
    """Wait until the durable's message lies with a worker, or waits for one."""
    async with connected(system.nats_url) as bus, asyncio.timeout(PATIENCE_SECONDS):
        while not _unsettled(await bus.js.consumer_info(s.EVENTS, durable)):
            await asyncio.sleep(0.02)


def _unsettled(durable: ConsumerInfo) -> int:
    return (durable.num_pending or 0) + (durable.num_ack_pending or 0)


@pytest.mark.parametrize(("kind", "worker", "durable"), HOLDS, ids=str)
async def test_a_worker_killed_with_the_job_in_its_hands(
    own: RealStack, client, kind: Kind, worker: str, durable: str
):
    own.parts[worker].pause()
    job_id = await kinds.start(client, kind)
    await until_there(own, durable)

    own.restart(worker)

    final = await kinds.ended(client, job_id)
    assert final["status"] == "completed", final
    await kinds.whole_line(own.nats_url, job_id)


@pytest.mark.parametrize(
    ("kind", "stage"),
    [(Kind.VARIATION, "ai_processing"), (Kind.CUTOUT, "removing_background")],
    ids=str,
)
async def test_a_renderer_killed_in_the_middle_of_the_pixels(
    own: RealStack, client, kind: Kind, stage: str
):
    job_id = await kinds.start(client, kind, picture=LARGE)
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await kinds.job(client, job_id))["processing_stage"] != stage:
            await asyncio.sleep(0.01)

    own.restart("renderer")

    final = await kinds.ended(client, job_id)
    assert final["status"] == "completed", final
    await kinds.whole_line(own.nats_url, job_id)


async def test_a_style_removed_while_a_job_waits_is_followed_all_the_same(
    own: RealStack, client, tmp_path: Path
):
    own.admin("storage", *LOAD, str(STYLES))
    await kinds.ended(client, await kinds.start(client, Kind.VARIATION, style_id=STYLE))
    (tmp_path / "style_guides").mkdir()
    own.parts["renderer"].pause()
    job_id = await kinds.start(client, Kind.VARIATION, prompt="", style_id=STYLE)
    await until_there(own, s.RENDERER_VARIATION_ENHANCED)

    own.admin("storage", *LOAD, str(tmp_path))
    own.parts["renderer"].resume()

    final = await kinds.ended(client, job_id)
    assert final["status"] == "completed", final
    assert final["style_id"] == STYLE
