"""Ways for a provider to fail: each one a row that is tried on a whole system and looked at."""

import asyncio
import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from contracts.journal import JournalEntry
from services.chassis.bus import Bus
from services.chassis.journal import JetStreamJournal
from tests import api
from tests.emulators.running import Emulator
from tests.pictures import means, plain
from tests.stack import RealStack

PICTURE: Final = plain(320, 240)
OPERATOR: Final = "provider_needs_operator"
ENDED_SECONDS: Final = 100.0
HEALING_SECONDS: Final = 0.5
"""Well below the three seconds after which a language model is asked again."""
_CALLS: Final = re.compile(
    r'^mizual_provider_calls_total\{operation="(\w+)",outcome="(\w+)",.*\} (\S+)$', re.MULTILINE
)
_SECONDS: Final = re.compile(r"trying again in (\d+) second")
# Operations whose body has the sentence in it.
_POSTS: Final = frozenset({"submit", "generate", "respond"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """What goes wrong, and what must follow; `calls` are the requests about the one job."""

    name: str
    calls: Mapping[str, int]
    is_patient: bool = False
    """How often the task is asked for is left to chance."""
    faults: tuple[api.Json, ...] = ()
    """Of the requests about this job alone."""
    how: Mapping[str, object] = field(default_factory=dict)
    """The emulator's behaviour meanwhile."""
    code: str | None = None
    """None: the job completes."""
    says: str = ""
    """Within the sentence that a person reads when the job fails."""
    tasks: int | None = None
    """How many the provider took on; None: not looked at."""
    pauses: tuple[tuple[str, int], ...] = ()
    """Reason and seconds of every pause that the journal tells of."""
    outcome: str | None = None
    """One of the metric's outcomes, as `submit:transient`."""
    alert: bool = False
    """Whether an operator is called for."""
    own_words: bool | None = None
    """Whether the person's own words are used and said to be; None: not looked at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What followed."""

    final: api.Json
    entries: tuple[JournalEntry, ...]
    calls: Mapping[str, int]
    """Requests about the job, by operation."""
    tasks: int
    outcomes: Mapping[str, int]
    alerts: int
    colour: tuple[float, float, float] | None
    """Mean of red, green and blue of the result."""

    @property
    def was_missed(self) -> bool:
        """Whether a call brought nothing, and no later one of the job brought something."""
        missed = any(name.endswith((":transient", ":timeout")) for name in self.outcomes)
        return missed and bool(self.final["is_error"])

    @property
    def pauses(self) -> tuple[tuple[str, int], ...]:
        """Reason and seconds of each that a person could read of."""
        told = (entry.public for entry in self.entries if entry.public.retry_reason)
        return tuple((str(one.retry_reason), _seconds(one.message)) for one in told)


Found = dict[str, Seen | Exception]
"""What became of each row, by its name."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Lane:
    """Where rows are tried: the service that calls, the emulator that fails, the job's options."""

    system: RealStack
    client: httpx.AsyncClient
    bus: Bus
    emulator: Emulator
    service: str
    options: Mapping[str, str]
    usual: Mapping[str, object] = field(default_factory=dict)
    """The emulator's behaviour for each row."""

    def refresh(self, **how: object) -> None:
        """An emulator that knows nothing and behaves as usual, but for this."""
        self.emulator.reset()
        self.emulator.set(**{**self.usual, **how})

    async def alone(self, rows: Iterable[Row], found: Found) -> None:
        """Try the rows one after another, each with the emulator for itself."""
        for row in rows:
            self.refresh(**row.how)
            found[row.name] = seen = await self.outcome_of(row)
            if isinstance(seen, Exception) or seen.was_missed:
                self.refresh()
                await self._good()
        self.refresh()

    async def together(self, rows: Iterable[Row], found: Found, *, at_once: int) -> None:
        """Try the rows beside each other, so many at once, with a good job now and then."""
        room = asyncio.Semaphore(at_once)

        async def one(row: Row) -> None:
            async with room:
                found[row.name] = await self.outcome_of(row)
                await self._good()

        healing = asyncio.create_task(self._heal())
        try:
            await asyncio.gather(*(one(row) for row in rows))
        finally:
            healing.cancel()
            await asyncio.gather(healing, return_exceptions=True)

    async def outcome_of(self, row: Row) -> Seen | Exception:
        """What is seen of the row, or why nothing is."""
        try:
            return await self.seen(row)
        except (AssertionError, TimeoutError, httpx.HTTPError) as error:
            return error

    async def seen(self, row: Row) -> Seen:
        """Try the row."""
        marker = marker_of(row)
        for fault in aimed(row):
            self.emulator.fault(**fault)
        before = await self._outcomes()
        job, final = await self._job(marker)
        entries = await self._entries(job)
        counters = self.emulator.counters()
        return Seen(
            final=final,
            entries=entries,
            calls=self._calls((marker, *tasks_of(entries))),
            tasks=counters.get("submissions", 0),
            outcomes=await self._outcomes() - before,
            alerts=sum(OPERATOR in line and job in line for line in self._log.splitlines()),
            colour=await self._colour(final),
        )

    async def _heal(self) -> None:
        while True:
            await self._good()
            await asyncio.sleep(HEALING_SECONDS)

    async def _good(self) -> None:
        """A job that the provider helps with, so that breakers forget the failures before it."""
        async with asyncio.timeout(ENDED_SECONDS):
            while True:
                _, final = await self._job("for once")
                assert final["is_complete"], final
                if self.service == "renderer" or final["enhanced_prompt"]:
                    return

    async def _job(self, marker: str) -> tuple[str, api.Json]:
        """The id of a job whose sentence has the marker, and the status object of its ending."""
        prompt = f"make it blue, {marker}"
        answer = await api.submit(self.client, prompt, picture=PICTURE, **self.options)
        job = str(answer["edit_id"])
        return job, await api.followed(self.client, job, within=ENDED_SECONDS)

    async def _colour(self, final: api.Json) -> tuple[float, float, float] | None:
        url = final["edited_image_url"]
        if url is None:
            return None
        asked = urlsplit(url)
        # As the system may be known by another name outside.
        answer = await self.client.get(f"{asked.path}?{asked.query}")
        assert answer.is_success, answer.text
        return means(answer.content)

    async def _entries(self, job: str) -> tuple[JournalEntry, ...]:
        line = await JetStreamJournal(self.bus).replay(UUID(job))
        return tuple(recorded.entry for recorded in line)

    async def _outcomes(self) -> Counter[str]:
        port = self.system.parts[self.service].environment["OPS_PORT"]
        return await outcomes_at(self.client, port)

    @property
    def _log(self) -> str:
        return self.system.parts[self.service].log

    def _calls(self, mentions: Iterable[str]) -> Mapping[str, int]:
        """The requests that have one of these in their address or body, by operation."""
        found: Counter[str] = Counter()
        for request in self.emulator.requests():
            told = json.dumps([request["path"], request["query"], request["body"]])
            found[request["operation"]] += any(mention in told for mention in mentions)
        return {name: number for name, number in found.items() if number}


def marker_of(row: Row) -> str:
    """A word that is in this row's sentence alone."""
    letters = re.sub(r"[^a-z0-9]+", "-", row.name.lower()).strip("-")
    return f"case-{letters}-end"


def aimed(row: Row) -> list[api.Json]:
    """The row's faults, so that they strike what its sentence or its task is in."""
    marker = marker_of(row)
    posts = [fault for fault in row.faults if fault["operation"] in _POSTS]
    later = [fault for fault in row.faults if fault not in posts]
    bearer = [{"operation": "submit", "then": later}] if later else []
    return [{**fault, "asking": marker} for fault in posts + bearer]


def tasks_of(entries: Iterable[JournalEntry]) -> list[str]:
    """The ids that the provider gave the job's tasks."""
    handles = [entry.work.handle for entry in entries if entry.work and entry.work.handle]
    return sorted({handle.task_id for handle in handles})


async def outcomes_at(client: httpx.AsyncClient, port: str) -> Counter[str]:
    """The calls to providers that a service has counted, as `operation:outcome`."""
    figures = (await client.get(f"http://127.0.0.1:{port}/metrics")).text
    found: Counter[str] = Counter()
    for operation, outcome, count in _CALLS.findall(figures):
        found[f"{operation}:{outcome}"] += int(float(count))
    return found


def _seconds(message: str) -> int:
    found = _SECONDS.search(message)
    return int(found[1]) if found else 0
