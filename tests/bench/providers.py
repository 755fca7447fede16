"""Edits in front of providers that take their time: what our part adds to theirs."""

import asyncio
import tempfile
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random

import httpx

from services.chassis.journal import JetStreamJournal
from tests.bench.edits import Edit, one_edit
from tests.bench.table import Figure, p50
from tests.buses import connected
from tests.emulated import Emulated, emulated_stack
from tests.emulators.running import Emulator

LANGUAGE_SECONDS = 3.4
FLUX_SECONDS = 6.8
BOTH_SECONDS = LANGUAGE_SECONDS + FLUX_SECONDS
SPREAD = 0.2
EDITS = 10
UNEVEN_EDITS = 20
APART_SECONDS = 1.05
"""Between two edits, so that the busy moments of one fall into the quiet ones of the others."""


@contextmanager
def emulated(*languages: str, **settings: str) -> Iterator[Emulated]:
    """A system of its own in front of emulators, with room for several edits at a time."""
    # A language model is awaited in a worker of the enhancer: none must wait for another.
    values = {"WORKER_CONCURRENCY": "8", **settings}
    with (
        tempfile.TemporaryDirectory(prefix="mizual-bench-") as folder,
        emulated_stack(Path(folder), languages=languages, **values) as running,
    ):
        yield running


async def steady(language: str) -> list[Figure]:
    """Edits with providers that always take the same time."""
    with emulated(language) as running:
        speaker = _speaker(running, language)
        await one_edit(running.system.url)
        edits = await _staggered(running, EDITS, _nothing)
        assert speaker.counters()["posts"] == EDITS + 1
    taken = [edit.milliseconds for edit in edits]
    return _figures(
        f"{language} {LANGUAGE_SECONDS} s + flux {FLUX_SECONDS} s",
        [each / (BOTH_SECONDS * 1000) for each in taken],
        [each - BOTH_SECONDS * 1000 for each in taken],
        reach="<= 102",
    )


async def uneven(language: str) -> list[Figure]:
    """The same while each latency differs by a fifth, evenly to both sides."""
    random = Random(0)
    spoken: list[float] = []

    async def vary() -> None:
        spoken.append(LANGUAGE_SECONDS * (1 + SPREAD * random.uniform(-1, 1)))
        speaker.set(latency_seconds=spoken[-1])

    with emulated(language) as running:
        speaker = _speaker(running, language)
        running.bfl.set(jitter=SPREAD)
        await one_edit(running.system.url)
        edits = await _staggered(running, UNEVEN_EDITS, vary)
        drawn = await _flux_seconds(running, edits)
    both = [(said + made) * 1000 for said, made in zip(spoken, drawn, strict=True)]
    taken = [edit.milliseconds for edit in edits]
    name = f"{language} and flux, each differing by {SPREAD:.0%}"
    return [
        *_figures(
            name,
            [all_of_it / theirs for all_of_it, theirs in zip(taken, both, strict=True)],
            [all_of_it - theirs for all_of_it, theirs in zip(taken, both, strict=True)],
            reach="<= 104",
        ),
        Figure(
            "  of the mean latencies alone",
            p50(taken) / BOTH_SECONDS / 10,
            "%",
            "",
            f"latencies as drawn {p50(both) / BOTH_SECONDS / 10:.1f} %",
        ),
    ]


def _figures(name: str, shares: list[float], rests: list[float], *, reach: str) -> list[Figure]:
    slowest = f"{len(shares)} edits, slowest {max(shares):.1%}"
    return [
        Figure(f"{name}: of both latencies", 100 * p50(shares), "%", reach, slowest),
        Figure("  more than both latencies", p50(rests), "ms"),
    ]


def _speaker(running: Emulated, language: str) -> Emulator:
    speaker = {"gemini": running.providers.gemini, "openai": running.providers.openai}[language]
    assert speaker is not None
    running.bfl.set(latency_seconds=FLUX_SECONDS)
    speaker.set(latency_seconds=LANGUAGE_SECONDS)
    return speaker


async def _staggered(
    running: Emulated, count: int, before: Callable[[], Awaitable[None]]
) -> list[Edit]:
    edits = []
    for _ in range(count):
        await before()
        edits.append(asyncio.create_task(one_edit(running.system.url)))
        await asyncio.sleep(APART_SECONDS)
    return await asyncio.gather(*edits)


async def _nothing() -> None:
    """Before an edit like the one before."""


async def _flux_seconds(running: Emulated, edits: list[Edit]) -> list[float]:
    """What each edit's task took, by the provider's own account."""
    headers = {"x-key": running.bfl.key}
    async with (
        connected(running.system.nats_url) as bus,
        httpx.AsyncClient(trust_env=False, headers=headers) as client,
    ):
        journal = JetStreamJournal(bus)
        return [await _task_seconds(journal, client, edit) for edit in edits]


async def _task_seconds(journal: JetStreamJournal, client: httpx.AsyncClient, edit: Edit) -> float:
    last = await journal.last(edit.job_id)
    assert last is not None
    task = last.entry.facts.handle
    assert task is not None
    assert task.polling_url is not None
    result = (await client.get(task.polling_url)).json()["result"]
    return float(result["duration"])
