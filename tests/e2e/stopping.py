"""A renderer stopped at every step of a Flux job.

A proxy before the bus and one before the provider stand still at the step, so that whatever happens
next happens exactly there. What was held is never passed on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator
from contextlib import ExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from contracts.journal import Handle
from services.chassis.journal import JetStreamJournal
from tests import api
from tests.api import Json
from tests.buses import connected
from tests.emulated import Emulated, emulated_stack
from tests.holding import HoldingProxy, holding
from tests.stack import SERVICES

PATIENCE_SECONDS = 40.0
LATENCY_SECONDS = 2.0


Step = Callable[["Kills", bytes], Coroutine[None, None, None]]
"""Comes back when the renderer stands still at it, with the job of this id."""


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

    @asynccontextmanager
    async def stopped(
        self, at: Step, *, is_killed: bool = True, **edit: Any
    ) -> AsyncIterator[Json]:
        """The answer to an edit whose renderer stands still at the step; it is killed at the end of
        the block, or goes on.
        """
        renderer = self.running.system.parts["renderer"]
        async with api.client(self.running.system.url) as client:
            given = await api.submit(client, **edit)
        stopping = asyncio.create_task(at(self, str(given["edit_id"]).encode()))
        await asyncio.sleep(0)
        # It may come to the step before it has said that it is ready, and then cannot say so.
        await asyncio.to_thread(renderer.begin)
        try:
            await stopping
            yield given
        finally:
            if is_killed:
                await asyncio.to_thread(renderer.kill)
            self.bus.release()
            self.provider.release()
            self.running.bfl.release()

    async def killed(self, at: Step) -> str:
        """A job whose renderer was killed at the step; the renderer is down afterwards."""
        async with self.stopped(at) as given:
            return str(given["edit_id"])

    async def ended(self, edits: list[str]) -> list[Json]:
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


@contextmanager
def killable(home: Path, **settings: str) -> Iterator[Kills]:
    """The system without its renderer, which is killed and started around each step."""
    others = [name for name in SERVICES if name != "renderer"]
    with ExitStack() as opened:
        running = opened.enter_context(emulated_stack(home, services=others, **settings))
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


def publishing(marker: bytes) -> Step:
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


CERTAIN: dict[str, Step] = {
    "before the submission is noted": publishing(b'"submitting":{'),
    "before the task is announced": publishing(b"mizual.v1.edit.submitted"),
    "while the provider works": waiting,
    "while the result is downloaded": downloading,
    "before the result is recorded": publishing(b'"raw":{'),
    "before the result is announced": publishing(b"mizual.v1.edit.rendered"),
}
UNCERTAIN: dict[str, Step] = {
    "after the POST and before its answer": answering,
    "before the POST": posting,
    "after the answer and before the task is recorded": publishing(b'"handle":{'),
}
