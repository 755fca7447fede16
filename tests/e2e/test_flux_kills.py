"""The renderer killed at every step of a Flux job: never paid twice, never lost.

A proxy before the bus and one before the provider stand still at the step, so that the kill comes
exactly there. What was held is never passed on.
"""

import asyncio
import time
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import pytest

from contracts.journal import Handle
from services.chassis.journal import JetStreamJournal
from tests import api
from tests.buses import connected
from tests.emulated import Emulated, emulated_stack
from tests.holding import HoldingProxy, holding
from tests.stack import SERVICES

PATIENCE_SECONDS = 40.0
LATENCY_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Kills:
    """The system, with proxies around its renderer."""

    running: Emulated
    bus: HoldingProxy
    provider: HoldingProxy

    def begin(self) -> None:
        """A fresh provider, and no renderer."""
        if self.running.system.parts["renderer"].running:
            self.running.system.parts["renderer"].kill()
        self.running.bfl.reset()
        self.running.bfl.set(latency_seconds=LATENCY_SECONDS)

    async def killed(self, at: Callable[["Kills", bytes], Coroutine[None, None, None]]) -> str:
        """A job whose renderer was killed at the step; the renderer is down afterwards."""
        renderer = self.running.system.parts["renderer"]
        async with api.client(self.running.system.url) as client:
            edit = str((await api.submit(client))["edit_id"])
        stopping = asyncio.create_task(at(self, edit.encode()))
        await asyncio.sleep(0)
        # It may come to the step before it has said that it is ready, and then cannot say so.
        await asyncio.to_thread(renderer.begin)
        try:
            await stopping
        finally:
            await asyncio.to_thread(renderer.kill)
            self.bus.release()
            self.provider.release()
            self.running.bfl.release()
        return edit

    async def ended(self, edits: list[str]) -> list[api.Json]:
        """How the jobs end once the renderer is up again."""
        await asyncio.to_thread(self.running.system.parts["renderer"].start)
        async with api.client(self.running.system.url) as client:
            return list(await asyncio.gather(*(api.ended(client, edit) for edit in edits)))

    def settings(self) -> dict[str, str]:
        """What leads the renderer through the proxies."""
        return {
            "NATS_URL": f"nats://127.0.0.1:{self.bus.port}",
            "BFL_BASE_URL": f"http://127.0.0.1:{self.provider.port}",
            "BFL_ALLOWED_HOSTS": f"127.0.0.1:{self.provider.port},localhost:{self.provider.port}",
            "WORKER_CONCURRENCY": "8",
        }


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    others = [name for name in SERVICES if name != "renderer"]
    with ExitStack() as opened:
        home = tmp_path_factory.mktemp("flux-kills")
        running = opened.enter_context(emulated_stack(home, services=others))
        bus = opened.enter_context(holding(port_of(running.system.nats_url)))
        provider = opened.enter_context(holding(port_of(running.bfl.url)))
        found = Kills(running, bus, provider)
        running.system.reroute("renderer", **found.settings())
        yield found


def port_of(url: str) -> int:
    """The port in an address."""
    port = urlsplit(url).port
    assert port is not None
    return port


def publishing(marker: bytes) -> Callable[[Kills, bytes], Coroutine[None, None, None]]:
    """The moment before the bus gets a message of the job that has the marker in it."""

    async def at(kills: Kills, job_id: bytes) -> None:
        kills.bus.hold_at(job_id, marker)
        assert await asyncio.to_thread(kills.bus.held.wait, PATIENCE_SECONDS)

    return at


async def posting(kills: Kills, _: bytes) -> None:
    """The moment before the provider gets the task."""
    kills.provider.hold_at(b"POST /v1/")
    assert await asyncio.to_thread(kills.provider.held.wait, PATIENCE_SECONDS)


async def answering(kills: Kills, _: bytes) -> None:
    """The moment after the provider took the task and before it has answered."""
    kills.running.bfl.fault("submit", hold=True)
    await asyncio.to_thread(
        kills.running.bfl.wait_for, lambda now: now["held"] == 1, seconds=PATIENCE_SECONDS
    )


async def waiting(kills: Kills, job_id: bytes) -> None:
    """While the provider works on the task."""
    await handle_of(kills, job_id)


async def downloading(kills: Kills, job_id: bytes) -> None:
    """While the result is on its way."""
    task = await handle_of(kills, job_id)
    kills.running.bfl.fault("download", match=task.task_id, hold=True)
    await asyncio.to_thread(
        kills.running.bfl.wait_for, lambda now: now["held"] == 1, seconds=PATIENCE_SECONDS
    )


async def handle_of(kills: Kills, job_id: bytes) -> Handle:
    """The job's task once it stands in the journal."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    async with connected(kills.running.system.nats_url) as bus:
        journal = JetStreamJournal(bus)
        while time.monotonic() < deadline:
            last = await journal.last(UUID(job_id.decode()))
            if last and last.entry.facts.handle:
                return last.entry.facts.handle
            await asyncio.sleep(0.02)
    raise AssertionError("the task was never recorded")


CERTAIN = {
    "before the submission is noted": publishing(b'"submitting":{'),
    "before the task is announced": publishing(b"mizual.v1.edit.submitted"),
    "while the provider works": waiting,
    "while the result is downloaded": downloading,
    "before the result is recorded": publishing(b'"raw":{'),
    "before the result is announced": publishing(b"mizual.v1.edit.rendered"),
}
UNCERTAIN = {
    "after the POST and before its answer": answering,
    "before the POST": posting,
    "after the answer and before the task is recorded": publishing(b'"handle":{'),
}


async def test_a_kill_outside_the_uncertain_window_costs_nothing_and_loses_nothing(kills: Kills):
    kills.begin()

    edits = [await kills.killed(at) for at in CERTAIN.values()]
    endings = await kills.ended(edits)

    told = dict(zip(CERTAIN, (end["processing_stage"] for end in endings), strict=True))
    assert told == dict.fromkeys(CERTAIN, "completed")
    assert kills.running.bfl.counters()["submissions"] == len(CERTAIN)


@pytest.mark.parametrize(("repeats", "ending"), [(0, "PROVIDER_UNCERTAIN"), (1, None)])
async def test_a_kill_inside_the_uncertain_window_is_told_or_repeated_once(
    kills: Kills, repeats: int, ending: str | None
):
    kills.begin()
    kills.running.system.reroute("renderer", PROVIDER_UNCERTAIN_REPEATS=str(repeats))

    edits = [await kills.killed(at) for at in UNCERTAIN.values()]
    sent = kills.running.bfl.counters()["submissions"]
    endings = await kills.ended(edits)

    told = dict(zip(UNCERTAIN, (end["error_code"] for end in endings), strict=True))
    assert told == dict.fromkeys(UNCERTAIN, ending)
    # Of the three, the one that was stopped before the POST had not reached the provider.
    assert sent == len(UNCERTAIN) - 1
    assert kills.running.bfl.counters()["submissions"] == sent + repeats * len(UNCERTAIN)
