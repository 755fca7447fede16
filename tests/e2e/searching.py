"""Searching a system for an edit that was erased."""

import asyncio
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx

from contracts.journal import Stage
from contracts.subjects import COMMANDS, DEAD_LETTERS, EVENTS, FEED, JOURNAL
from services.chassis.journal import JetStreamJournal
from tests.api import Json
from tests.buses import connected
from tests.e2e.leaving_traces import Traces, from_logs, from_record, from_streams
from tests.e2e.stopping import Kills
from tests.pictures import plain

PATIENCE_SECONDS = 90.0
STREAMS = (JOURNAL, EVENTS, FEED, DEAD_LETTERS, COMMANDS)
_NUMBERS = count()


@dataclass(frozen=True)
class Wish:
    """An edit that can be told from every other, by its word and by its picture."""

    word: str
    picture: bytes

    @property
    def form(self) -> dict[str, Any]:
        return {"prompt": f"make it blue for {self.word}", "picture": self.picture}


def wish() -> Wish:
    """One that was never wished before: its picture has a size of its own."""
    number = next(_NUMBERS)
    return Wish(f"canary{uuid4().hex}", plain(64 + number, 64))


async def erase(client: httpx.AsyncClient, given: Json) -> Json:
    """What was removed, for the holder of the edit's token."""
    answer = await client.delete(f"/edit/{given['edit_id']}", headers=token(given))
    assert answer.status_code == httpx.codes.OK, answer.text
    told = dict(answer.json())
    assert told["remaining"] == []
    return told


def token(given: Json) -> dict[str, str]:
    return {"X-Edit-Token": str(given["edit_token"])}


async def assert_nothing_is_left(
    kills: Kills, client: httpx.AsyncClient, erased: dict[str, Wish]
) -> None:
    """Once every message of the jobs is done with, and late workers have had their say."""
    if not kills.running.system.parts["renderer"].running:
        # Messages of whatever job wait for it.
        await asyncio.to_thread(kills.running.system.parts["renderer"].start)
    async with connected(kills.running.system.nats_url) as bus, asyncio.timeout(PATIENCE_SECONDS):
        while (await bus.js.stream_info(EVENTS)).state.messages or pictures(kills, erased):
            await asyncio.sleep(0.1)
        traces = Traces()
        await from_streams(bus, traces, STREAMS)
        journal = JetStreamJournal(bus)
        lasts = [await journal.last(UUID(edit)) for edit in erased]
    assert {last.entry.stage for last in lasts if last} == {Stage.ERASED}
    await from_record(kills.running.system.environment["DATABASE_URL"], traces)
    from_logs(kills.running.system, traces)
    words = [wished.word for wished in erased.values()]
    assert [place for place in traces.texts if traces.has(place, *words)] == []
    assert traces.has("record", *erased), "the search finds what is there"
    stored = {path.read_bytes() for path in objects(kills)}
    assert not stored & {wished.picture for wished in erased.values()}
    for edit in erased:
        assert (await client.get(f"/edit/{edit}")).status_code == httpx.codes.NOT_FOUND


def pictures(kills: Kills, erased: dict[str, Wish]) -> list[Path]:
    """What is stored of the jobs."""
    return [path for path in objects(kills) if path.parent.name in erased]


def objects(kills: Kills) -> list[Path]:
    return [path for path in (kills.running.system.home / "objects").rglob("*") if path.is_file()]
