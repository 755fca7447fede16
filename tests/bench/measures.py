"""What is measured, one function a figure."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any
from uuid import uuid4

import httpx

from contracts.base import utcnow
from contracts.journal import JournalEntry
from services.chassis.journal import JetStreamJournal, Recorded
from tests import api
from tests.bench.edits import one_edit
from tests.bench.table import Figure, p50, p99
from tests.buses import connected
from tests.e2e.test_bad_input import REFUSALS, picture
from tests.pictures import photo, plain
from tests.samples import job
from tests.stack import RealStack, memory_kib

EDITS = 30
READ_SECONDS = 3.0
RUNS = 3
POSTS = 160
POST_CLIENTS = 8
EVENTS_PER_SECOND = 200
STREAM_SECONDS = 10.0
JOBS_FOLLOWED = 500
MANY_STREAMS = 10_000
PIXEL_METRIC = "mizual_pixel_seconds_total"


async def overhead(system: RealStack) -> list[Figure]:
    """One edit at a time: POST sent until `completed` is seen on the stream."""
    whole, pixels = [], []
    await one_edit(system.url)
    for _ in range(EDITS):
        before = await pixel_seconds(system)
        whole.append((await one_edit(system.url)).milliseconds)
        pixels.append((await pixel_seconds(system) - before) * 1000)
    rest = [all_of_it - pixel for all_of_it, pixel in zip(whole, pixels, strict=True)]
    publish = await publish_milliseconds(system)
    return [
        Figure("one edit, POST sent to completed seen", p50(whole), "ms", "<= 120"),
        Figure("  of it pixel work", p50(pixels), "ms"),
        Figure(
            "  of it the rest", p50(rest), "ms", "<= 25", f"one confirmed publish {publish:.2f} ms"
        ),
    ]


async def status_reads(system: RealStack) -> list[Figure]:
    """Status reads of a finished job, limits off, one gateway process."""
    async with api.client(system.url) as client:
        edit = (await api.submit(client))["edit_id"]
        await api.ended(client, edit)
    status = p50([await read_rate(f"{system.url}/edit/{edit}") for _ in range(RUNS)])
    health = p50([await read_rate(f"{system.url}/health") for _ in range(RUNS)])
    return [
        Figure("status reads a second", status, "/s", ">= 3,000", f"GET /health {health:,.0f} /s")
    ]


async def post_latency(system: RealStack, *, paused: bool) -> list[Figure]:
    """POST at 8 clients, with the workers standing still or running."""
    workers = ("enhancer", "renderer", "storage")
    for name in workers if paused else ():
        system.parts[name].pause()
    try:
        taken = await asyncio.gather(*(posts(system.url) for _ in range(POST_CLIENTS)))
    finally:
        for name in workers if paused else ():
            system.parts[name].resume()
    values = [value for client in taken for value in client]
    word, reach = ("paused", "<= 60") if paused else ("running", "")
    return [
        Figure(f"POST at {POST_CLIENTS} clients, workers {word}, p50", p50(values), "ms", reach),
        Figure(f"POST at {POST_CLIENTS} clients, workers {word}, p99", p99(values), "ms"),
    ]


async def bad_input(system: RealStack) -> list[Figure]:
    """How long refusals take: every kind of bad input, and half of a 48-megapixel photograph."""
    half = plain(8_000, 6_000)
    requests = {name: request for name, (request, _, _) in REFUSALS.items()}
    large = {"half of a 48-megapixel JPEG": picture(half[: len(half) // 2])}
    async with api.client(system.url) as client:
        taken = {
            name: p50([await refused(client, request) for _ in range(RUNS)])
            for name, request in (requests | large).items()
        }
    slowest = max(requests, key=lambda name: taken[name])
    return [
        Figure(f"slowest refusal: {slowest}", taken[slowest], "ms", "<= 200"),
        *(Figure(f"refusal of {name}", taken[name], "ms", "<= 1,500") for name in large),
    ]


async def refused(client: httpx.AsyncClient, request: dict[str, Any]) -> float:
    """Milliseconds until bad input is refused."""
    begun = time.perf_counter()
    answer = await client.post("/edit-image/", **request)
    assert 400 <= answer.status_code < 500, answer.text
    return (time.perf_counter() - begun) * 1000


async def event_streams(system: RealStack, count: int) -> list[Figure]:
    """So many open streams and 200 entries a second: memory of a stream, latencies."""
    gateway = system.parts["gateway"]
    async with connected(system.nats_url) as bus:
        journal = JetStreamJournal(bus)
        jobs = [await opened(journal) for _ in range(JOBS_FOLLOWED)]
        urls = [f"{system.url}/edit/{entry.entry.job_id}/events" for entry in jobs]
        before = memory_kib(gateway.pid, "Rss")
        async with load("streams", urls=urls, count=count, seconds=STREAM_SECONDS) as client:
            await client.line()
            each = (memory_kib(gateway.pid, "Rss") - before) / count
            client.say("go")
            await narrate(journal, jobs)
            measured = json.loads(await client.line())
        latencies = measured["latencies"]
    reach = "<= 50" if count >= MANY_STREAMS else ""
    name = f"{count:,} streams, {EVENTS_PER_SECOND} events/s"
    return [
        Figure(f"{name}: memory of a stream", each, "KiB", "<= 20"),
        Figure(f"{name}: p50", p50(latencies), "ms"),
        Figure(f"{name}: p99", p99(latencies), "ms", reach, f"{len(latencies)} arrivals"),
    ]


async def idle_memory(system: RealStack) -> list[Figure]:
    """The whole idle stack, children too (PSS)."""
    sizes = {name: sum(map(memory_kib, family(part.pid))) for name, part in system.parts.items()}
    parts = ", ".join(f"{name} {size / 1024:.0f}" for name, size in sizes.items())
    return [Figure("idle stack (PSS)", sum(sizes.values()) / 1024, "MiB", "<= 600", parts)]


async def pixel_seconds(system: RealStack) -> float:
    """Pixel work done so far by all services, from their metrics."""
    admin = {"X-Admin-Token": system.environment["ADMIN_TOKEN"]}
    urls = [f"{system.url}/metrics"] + [
        f"http://127.0.0.1:{system.parts[name].environment['OPS_PORT']}/metrics"
        for name in ("renderer", "storage")
    ]
    async with httpx.AsyncClient(trust_env=False, headers=admin) as client:
        answers = await asyncio.gather(*(client.get(url) for url in urls))
    lines = (line for answer in answers for line in answer.text.splitlines())
    return sum(float(line.split()[-1]) for line in lines if line.startswith(PIXEL_METRIC))


async def publish_milliseconds(system: RealStack) -> float:
    """Reference: one confirmed append to the journal, from this process."""
    async with connected(system.nats_url) as bus:
        journal = JetStreamJournal(bus)
        taken = []
        for _ in range(200):
            begun = time.perf_counter()
            await opened(journal)
            taken.append((time.perf_counter() - begun) * 1000)
    return p50(taken)


async def read_rate(url: str) -> float:
    """GETs a second of one URL from another process."""
    async with load("reads", urls=[url], connections=32, seconds=READ_SECONDS) as client:
        return float(json.loads(await client.line())["per_second"])


async def posts(url: str) -> list[float]:
    """Milliseconds of POSTs, one after the other."""
    taken = []
    async with api.client(url) as client:
        for _ in range(POSTS // POST_CLIENTS):
            begun = time.perf_counter()
            await api.submit(client, picture=photo())
            taken.append((time.perf_counter() - begun) * 1000)
    return taken


async def opened(journal: JetStreamJournal) -> Recorded:
    """A job that nothing works on, and that says so: the watchdog lets it be."""
    waiting = job()
    public = waiting.public.model_copy(update={"retry_at": utcnow() + timedelta(hours=1)})
    waiting = waiting.model_copy(update={"public": public})
    entry = await journal.append(waiting, judged=None, message_id=str(uuid4()))
    assert entry is not None
    return entry


async def narrate(journal: JetStreamJournal, jobs: list[Recorded]) -> None:
    """Entries of many jobs at a steady rate, each with the moment it was written."""
    started = time.monotonic()
    for number in range(int(EVENTS_PER_SECOND * STREAM_SECONDS)):
        due = started + number / EVENTS_PER_SECOND
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        at = number % len(jobs)
        entry: JournalEntry = jobs[at].entry.follow(public={"retry_reason": str(time.time())})
        written = await journal.append(entry, judged=jobs[at], message_id=str(uuid4()))
        assert written is not None
        jobs[at] = written


def family(pid: int) -> list[int]:
    """A process and its descendants."""
    listed = subprocess.run(
        ["ps", "-o", "pid=", "--ppid", str(pid)], capture_output=True, text=True, check=False
    )
    children = [int(word) for word in listed.stdout.split()]
    return [pid, *(descendant for child in children for descendant in family(child))]


class Load:
    """A load generator in a process of its own, spoken to by lines of JSON."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    async def line(self) -> str:
        """What it says next."""
        assert self._process.stdout is not None
        return await asyncio.to_thread(self._process.stdout.readline)

    def say(self, line: str) -> None:
        """Tell it something."""
        assert self._process.stdin is not None
        self._process.stdin.write(f"{line}\n")
        self._process.stdin.flush()


@asynccontextmanager
async def load(kind: str, **options: object) -> AsyncIterator[Load]:
    """A running load generator; its options are its first line of input."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.bench.load", kind],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=os.environ,
    )
    try:
        generator = Load(process)
        generator.say(json.dumps(options))
        yield generator
    finally:
        process.kill()
        process.communicate()
