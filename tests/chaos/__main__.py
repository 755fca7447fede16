"""Jobs go through while every part is killed in turn: `python -m tests.chaos --help`."""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from uuid import UUID, uuid4

import httpx

from contracts.journal import JournalEntry
from contracts.subjects import JOURNAL, JOURNAL_ROOT
from services.chassis.journal import JetStreamJournal
from tests import api
from tests.buses import connected
from tests.stack import UNLIMITED, RealStack, real_stack

PARTS = ("enhancer", "renderer", "storage", "feedback", "gateway", "nats", "postgres")
IN_FLIGHT = 8
PATIENCE_SECONDS = 600.0


async def main(jobs: int, seed: int) -> int:
    """Run it; 0 when every job completed with one ending."""
    chance = random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="mizual-chaos-") as folder,
        real_stack(Path(folder), **UNLIMITED) as system,
    ):
        begun = time.monotonic()
        over = asyncio.Event()
        killer = asyncio.create_task(kill_in_turn(system, chance, over))
        places = asyncio.Semaphore(IN_FLIGHT)
        try:
            edits = await asyncio.gather(
                *(one_job(system.url, places, chance) for _ in range(jobs))
            )
        finally:
            over.set()
            kills = await killer
        problems = await judged(system, edits)
        seconds = time.monotonic() - begun
    print(f"{jobs} jobs in {seconds:.0f} s, killed: {dict(kills)} (seed {seed})")
    print("\n".join(problems) or f"{jobs} completed, one ending each")
    return 1 if problems else 0


async def kill_in_turn(
    system: RealStack, chance: random.Random, over: asyncio.Event
) -> Counter[str]:
    """Kill -9 a part, leave it dead for a moment, start it again, until all is over."""
    kills: Counter[str] = Counter()
    while not over.is_set():
        for name in chance.sample(PARTS, len(PARTS)):
            if over.is_set():
                break
            await asyncio.sleep(chance.uniform(0.05, 1.0))
            await asyncio.to_thread(system.parts[name].kill)
            await asyncio.sleep(chance.uniform(0.0, 0.5))
            await asyncio.to_thread(system.parts[name].start)
            kills[name] += 1
            print(f"killed {name}", flush=True)
    return kills


async def one_job(url: str, places: asyncio.Semaphore, chance: random.Random) -> str:
    """Submit until it is accepted, under one key; follow it to its end."""
    key = {"Idempotency-Key": str(uuid4())}
    deadline = time.monotonic() + PATIENCE_SECONDS
    async with places, api.client(url) as client:
        edit = await submitted(client, key, deadline)
        while time.monotonic() < deadline:
            try:
                answer = await client.get(f"/edit/{edit}")
                if answer.status_code == httpx.codes.OK:
                    body = answer.json()
                    if body["is_complete"] or body["is_error"]:
                        return edit
            except httpx.TransportError:
                pass
            await asyncio.sleep(chance.uniform(0.05, 0.3))
    return edit


async def submitted(
    client: httpx.AsyncClient, key: dict[str, str], deadline: float, **fields: str
) -> str:
    """The job's id; a refusal that says to come back is asked again."""
    while time.monotonic() < deadline:
        try:
            return str((await api.submit(client, headers=key, **fields))["edit_id"])
        except (httpx.TransportError, AssertionError) as error:
            if isinstance(error, AssertionError) and '"status":503' not in str(error).replace(
                " ", ""
            ):
                raise
            await asyncio.sleep(0.2)
    raise AssertionError("never accepted")


async def judged(system: RealStack, edits: list[str]) -> list[str]:
    """What is wrong with the journals, in words."""
    problems = [] if len(set(edits)) == len(edits) else ["two keys shared a job"]
    async with connected(system.nats_url) as bus:
        journal = JetStreamJournal(bus)
        known = await bus.js.stream_info(JOURNAL, subjects_filter=f"{JOURNAL_ROOT}.*")
        opened = {subject.rpartition(".")[2] for subject in known.state.subjects or {}}
        if opened != set(edits):
            problems.append(f"{len(opened)} jobs were opened for {len(edits)} submissions")
        for edit in edits:
            entries = [recorded.entry for recorded in await journal.replay(UUID(edit))]
            problems += [f"{edit}: {problem}" for problem in wrong_with(entries)]
    return problems


def wrong_with(entries: list[JournalEntry]) -> list[str]:
    """Why this is not the journal of one completed job."""
    stages = [entry.stage.value for entry in entries]
    problems = []
    if [entry.index for entry in entries] != list(range(len(entries))):
        problems.append("its entries have gaps")
    if sum(entry.terminal for entry in entries) != 1:
        problems.append(f"{sum(entry.terminal for entry in entries)} endings")
    if stages[-1:] != ["completed"]:
        last = entries[-1].public if entries else None
        problems.append(f"ended in {stages[-1:]}: {last.message if last else 'nothing'}")
    return problems


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos", description=__doc__)
    parser.add_argument("--jobs", type=int, default=200)
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.jobs, options.seed)))
