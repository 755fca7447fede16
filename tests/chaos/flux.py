"""The renderer killed at random moments while Flux tasks are under way.

`python -m tests.chaos.flux --help`. Every job completes with one submission; only one that was
killed between a POST and the note of its handle may end as uncertain.
"""

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from uuid import uuid4

from tests import api
from tests.chaos.__main__ import PATIENCE_SECONDS, submitted
from tests.emulated import Emulated, emulated_stack
from tests.emulators.running import Emulator

UNCERTAIN = "PROVIDER_UNCERTAIN"
HANDLERS = 8
LATENCY_SECONDS = 2.0
JITTER = 0.8
LONGEST_LIFE_SECONDS = 4.0
"""Long enough that messages which a killed renderer held come again within some lives."""


@dataclass
class Seen:
    """What the provider was asked to do, by the words of the instruction."""

    submissions: Counter[str] = field(default_factory=Counter)
    _last: int = 0

    def look(self, bfl: Emulator) -> None:
        """Count what came since the last look; the emulator remembers the last 200."""
        for request in bfl.requests("submit"):
            if request["number"] > self._last:
                self.submissions[mark_in(request["body"]["prompt"])] += 1
                self._last = request["number"]


def mark_in(prompt: str) -> str:
    """The mark by which a job's instruction is known."""
    return next(word.strip(".") for word in prompt.split() if word.startswith("mark-"))


async def main(rounds: int, jobs: int, seed: int) -> int:
    """Run it; 0 when nothing was lost, and nothing done twice outside the uncertain window."""
    chance, seen = random.Random(seed), Seen()
    with (
        tempfile.TemporaryDirectory(prefix="mizual-chaos-") as folder,
        emulated_stack(Path(folder), WORKER_CONCURRENCY=str(HANDLERS)) as running,
    ):
        running.bfl.set(latency_seconds=LATENCY_SECONDS, jitter=JITTER, active_limit=1000)
        # Some answers are slow, so that kills also come between a POST and its answer.
        running.bfl.fault("submit", times=None, share=0.5, delay_seconds=0.2)
        begun, over = time.monotonic(), asyncio.Event()
        clients = [asyncio.create_task(customer(running, over)) for _ in range(jobs)]
        for number in range(rounds):
            await one_life(running, chance, seen)
            print(f"killed the renderer, round {number + 1}", flush=True)
        over.set()
        ended = {mark: end for done in await asyncio.gather(*clients) for mark, end in done.items()}
        seen.look(running.bfl)
        seconds = time.monotonic() - begun
    endings = Counter(str(end["error_code"] or end["processing_stage"]) for end in ended.values())
    print(f"{len(ended)} jobs in {seconds:.0f} s, {rounds} kills (seed {seed}): {dict(endings)}")
    print(f"{seen.submissions.total()} submissions")
    problems = [*wrong_with(ended, seen), *unlikely(endings, rounds)]
    print("\n".join(problems) or "nothing lost, nothing twice outside the uncertain window")
    return 1 if problems else 0


async def one_life(running: Emulated, chance: random.Random, seen: Seen) -> None:
    """Let the renderer live for a while, kill -9 it, start it again."""
    renderer = running.system.parts["renderer"]
    await asyncio.sleep(chance.uniform(0.0, LONGEST_LIFE_SECONDS))
    await asyncio.to_thread(renderer.kill)
    await asyncio.to_thread(seen.look, running.bfl)
    await asyncio.to_thread(renderer.start)


async def customer(running: Emulated, over: asyncio.Event) -> dict[str, api.Json]:
    """One job after the other until all is over; how each ended, by its mark."""
    endings: dict[str, api.Json] = {}
    async with api.client(running.system.url) as client:
        while not over.is_set():
            mark = f"mark-{uuid4()}"
            key = {"Idempotency-Key": mark}
            deadline = time.monotonic() + PATIENCE_SECONDS
            edit = await submitted(client, key, deadline, prompt=f"make it blue {mark}")
            endings[mark] = await api.ended(client, edit, within=PATIENCE_SECONDS)
    return endings


def wrong_with(ended: dict[str, api.Json], seen: Seen) -> list[str]:
    """What was lost or done twice, in words."""
    problems = []
    for mark, end in ended.items():
        sent = seen.submissions[mark]
        if end["is_complete"] and sent != 1:
            problems.append(f"{mark}: completed with {sent} submissions")
        elif not end["is_complete"] and (end["error_code"] != UNCERTAIN or sent > 1):
            problems.append(f"{mark}: {end['error_code']} with {sent} submissions")
    return problems


def unlikely(endings: Counter[str], rounds: int) -> list[str]:
    """What one kill at a time cannot do: it stops as many POSTs as there are handlers, no more."""
    problems = [] if endings["completed"] else ["no job completed"]
    if endings[UNCERTAIN] > rounds * HANDLERS:
        problems.append(f"{endings[UNCERTAIN]} uncertain endings by {rounds} kills")
    return problems


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m tests.chaos.flux", description=__doc__)
    parser.add_argument("--rounds", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=20, help="in flight at a time")
    parser.add_argument("--seed", type=int, default=random.randrange(10**6))
    options = parser.parse_args()
    sys.exit(asyncio.run(main(options.rounds, options.jobs, options.seed)))
