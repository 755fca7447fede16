"""Clients that come and go at random, on any gateway, see every entry once and in order."""

import asyncio
import json
import random
from collections import defaultdict
from uuid import uuid4

from contracts.journal import Stage
from services.chassis.journal import JetStreamJournal
from tests.buses import connected
from tests.samples import job
from tests.stack import UNLIMITED, real_stack
from tests.streams import event_stream

CLIENTS = 300
RECONNECTS = 2000
JOBS = 60
SECONDS = 90


class Audience:
    """What every client has seen, and how often somebody came back."""

    def __init__(self, gateways: list[str], chance: random.Random) -> None:
        self.gateways = gateways
        self.chance = chance
        self.reconnects = 0
        self.enough = asyncio.Event()
        self.seen: dict[int, list[tuple[str, dict]]] = defaultdict(list)

    async def follow(self, client: int, job_id) -> None:
        """Read a few frames from some gateway, vanish, come back; until the stream ends."""
        last = ""
        while True:
            url = f"{self.chance.choice(self.gateways)}/edit/{job_id}/events"
            async with event_stream(url, last_event_id=last) as stream:
                if stream.status == 204:
                    return
                patience = self.chance.uniform(0.01, 0.6)
                try:
                    async with asyncio.timeout(None if self.enough.is_set() else patience):
                        async for frame in stream:
                            if frame.event == "end":
                                return
                            self.seen[client].append((frame.id, json.loads(frame.data)))
                            last = frame.id
                except TimeoutError:
                    pass
            self.reconnects += 1
            if self.reconnects >= RECONNECTS:
                self.enough.set()


async def narrate(journal: JetStreamJournal, opened, enough: asyncio.Event, chance) -> None:
    """Entries of one job at random moments, and its end once there were enough reconnects."""
    last = opened
    while not enough.is_set():
        await asyncio.sleep(chance.uniform(0.05, 0.5))
        entry = last.entry.follow(public={"retry_reason": str(last.entry.index)})
        last = await journal.append(entry, judged=last, message_id=str(uuid4()))
    entry = last.entry.advance(Stage.CANCELLED)
    await journal.append(entry, judged=last, message_id=str(uuid4()))


async def test_every_client_sees_every_entry_once_and_in_order(tmp_path):
    chance = random.Random(20)
    with real_stack(tmp_path, services=("gateway",), **UNLIMITED) as system:
        second = system.add_gateway()
        port = second.environment["GATEWAY_PORT"]
        audience = Audience([system.url, f"http://127.0.0.1:{port}"], chance)
        async with connected(system.nats_url) as bus, asyncio.timeout(SECONDS):
            journal = JetStreamJournal(bus)
            jobs = [
                await journal.append(job(), judged=None, message_id=str(uuid4()))
                for _ in range(JOBS)
            ]
            followed = [jobs[client % JOBS].entry.job_id for client in range(CLIENTS)]
            async with asyncio.TaskGroup() as group:
                for client, job_id in enumerate(followed):
                    group.create_task(audience.follow(client, job_id))
                for opened in jobs:
                    group.create_task(narrate(journal, opened, audience.enough, chance))
            lines = {
                recorded.entry.job_id: [
                    str(r.sequence) for r in await journal.replay(recorded.entry.job_id)
                ]
                for recorded in jobs
            }

    assert audience.reconnects >= RECONNECTS
    for client, job_id in enumerate(followed):
        assert [entry_id for entry_id, _ in audience.seen[client]] == lines[job_id]
        assert audience.seen[client][-1][1]["processing_stage"] == "cancelled"
