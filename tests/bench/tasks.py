"""Thousands of tasks under way at a provider, and a provider that fails: one renderer process."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

from deploy.local import ports
from tests import api
from tests.bench.edits import one_edit, post_all, post_request
from tests.bench.providers import emulated
from tests.bench.table import Figure
from tests.emulated import Emulated
from tests.emulators.running import Emulator
from tests.pictures import plain
from tests.stack import SERVICES, RealStack, memory_kib

TASKS = 2_000
TASK_SECONDS = 120.0
"""Three times what it takes to submit all of them on two busy cores, so that all wait together."""
SHORTEST_SECONDS = 30.0
"""Of all waiting: enough for six looks at each."""
QUICK_SECONDS = 1.0
CLIENTS = 8
TROUBLED = 200
TROUBLED_SECONDS = 2.0
REFUSED, CUT = 0.3, 0.1
PATIENCE_SECONDS = 600.0
LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class Usage:
    """What a process has used until a moment."""

    at: float
    cpu_seconds: float
    polls: int

    def until(self, later: "Usage") -> "Usage":
        """The difference."""
        return Usage(
            later.at - self.at, later.cpu_seconds - self.cpu_seconds, later.polls - self.polls
        )


async def many_tasks(*, webhooks: bool) -> list[Figure]:
    """Two thousand tasks under way at once, asked for by polls alone or as a net under webhooks."""
    base = ports.free(len(SERVICES))
    settings = {"GATEWAY_PORT": str(base), "FLUX_MAX_ACTIVE_TASKS": str(TASKS)}
    if webhooks:
        settings["PUBLIC_URL"] = f"http://127.0.0.1:{base}"
    with emulated(**settings) as running:
        running.bfl.set(active_limit=TASKS, webhooks="a" if webhooks else "none")
        return await _many(running, webhooks=webhooks)


async def trouble() -> list[Figure]:
    """The same jobs with a provider that is well, and with one that often fails."""
    with emulated(FLUX_MAX_ACTIVE_TASKS=str(TROUBLED)) as running:
        running.bfl.set(active_limit=TROUBLED, latency_seconds=TROUBLED_SECONDS)
        calm, _ = await _timed(running)
        running.bfl.fault("submit", status=503, share=REFUSED, times=None)
        running.bfl.fault("poll", cut="before", share=CUT, times=None)
        troubled, endings = await _timed(running)
    name = f"{TROUBLED} jobs, {REFUSED:.0%} of submissions 503, {CUT:.0%} of polls cut"
    return [
        Figure(f"{name}", endings["completed"], "jobs", f"= {TROUBLED}", _said(endings)),
        Figure("  until the last has ended", troubled, "s", "", f"{calm:.1f} s without trouble"),
    ]


async def _many(running: Emulated, *, webhooks: bool) -> list[Figure]:
    system, bfl = running.system, running.bfl
    pid = system.parts["renderer"].pid
    bfl.set(latency_seconds=QUICK_SECONDS)
    await one_edit(system.url)
    bfl.set(latency_seconds=TASK_SECONDS)
    begun = time.monotonic()
    jobs = await _posted(system, TASKS)
    await _until(bfl, lambda counters: counters["submissions"] > TASKS)
    submitted = time.monotonic() - begun
    memory, used = await _while_all_wait(pid, bfl)
    endings = await _endings(system, jobs)
    name = f"{TASKS:,} tasks" + (", webhooks" if webhooks else "")
    looks = f"{used.polls / used.at:.0f} polls/s, load {os.getloadavg()[0]:.1f}"
    return [
        Figure(
            f"{name}: renderer while all wait",
            100 * used.cpu_seconds / used.at,
            "% core",
            "<= 10" if webhooks else "<= 30",
            f"{looks}, {used.at:.0f} s",
        ),
        Figure("  its memory (PSS) meanwhile", memory / 1024, "MiB", "<= 200"),
        Figure("  the most it ever had (RSS)", _peak_kib(pid) / 1024, "MiB", "<= 200"),
        Figure("  completed", endings["completed"], "jobs", f"= {TASKS:,}", _said(endings)),
        Figure("  until all were submitted", submitted, "s", "", f"tasks of {TASK_SECONDS:.0f} s"),
    ]


async def _while_all_wait(pid: int, bfl: Emulator) -> tuple[int, Usage]:
    """The memory in KiB at its most, and what was used, until the first is ready."""
    first = last = _usage(pid, counters := bfl.counters())
    most = 0
    while counters["active"] == TASKS:
        last = _usage(pid, counters)
        most = max(most, memory_kib(pid))
        await asyncio.sleep(LOOK_SECONDS)
        counters = bfl.counters()
    assert last.at - first.at >= SHORTEST_SECONDS, "submitting left no time to wait"
    return most, first.until(last)


async def _timed(running: Emulated) -> tuple[float, Counter[str]]:
    begun = time.monotonic()
    endings = await _endings(running.system, await _posted(running.system, TROUBLED))
    return time.monotonic() - begun, endings


async def _posted(system: RealStack, count: int) -> list[UUID]:
    request = post_request(system.url, plain(96, 64))
    each = count // CLIENTS
    posted = await asyncio.gather(*(post_all(system.url, each, request) for _ in range(CLIENTS)))
    return [job for jobs in posted for job in jobs]


async def _endings(system: RealStack, jobs: list[UUID]) -> Counter[str]:
    async with api.client(system.url) as client:
        ended = [await api.ended(client, str(job), within=PATIENCE_SECONDS) for job in jobs]
    return Counter(status["processing_stage"] for status in ended)


async def _until(bfl: Emulator, condition: Callable[[dict[str, Any]], bool]) -> None:
    over = time.monotonic() + PATIENCE_SECONDS
    while not condition(counters := bfl.counters()):
        assert time.monotonic() < over, counters
        await asyncio.sleep(LOOK_SECONDS)


def _usage(pid: int, counters: dict[str, Any]) -> Usage:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # utime and stime, the 14th and 15th field of a line whose second may hold anything.
    ticks = int(fields[11]) + int(fields[12])
    return Usage(time.monotonic(), ticks / os.sysconf("SC_CLK_TCK"), counters["polls"])


def _peak_kib(pid: int) -> int:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))


def _said(endings: Counter[str]) -> str:
    return ", ".join(f"{count} {stage}" for stage, count in endings.items())
