"""Every way for a provider to fail, on a whole system: what a person reads, what it costs."""

import asyncio
import re
import time
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace

import httpx
import pytest

from contracts.errors import ErrorCode
from contracts.journal import PROGRESS
from contracts.subjects import EVENTS, limit_stream
from services.chassis.breaker import OPENS_AFTER
from services.chassis.bus import Bus
from services.chassis.limits import FLUX_TASKS
from services.enhancer.domain.enhancing import OWN_WORDS_NOTE
from tests import api
from tests.buses import connected
from tests.e2e import flux_rows, flux_task_rows, gemini_rows, words_rows
from tests.e2e.failing import Found, Lane, Row, Seen
from tests.emulated import Emulated, emulated_stack
from tests.emulators.running import Emulator

pytestmark = pytest.mark.timeout(400)

KLEIN, LIBVIPS = "flux-2-klein-4b", "libvips"
SETTINGS = {
    "ALLOWED_MODELS": f"{KLEIN},{LIBVIPS}",
    "FLUX_POLL_INTERVAL_SECONDS": "0.1",
    "FLUX_MAX_ACTIVE_TASKS": "100",
    "WORKER_CONCURRENCY": "4",
}
FIRST = {"PUBLIC_URL": "http://127.0.0.1:9"}
SECOND = {
    "IMAGE_PROVIDER": "gemini",
    "LLM_PROVIDER": "openai",
    "PROVIDER_UNCERTAIN_REPEATS": "1",
}
TABLES = {
    "handing in to Flux": flux_rows.REFUSED_OR_TAKEN,
    "handing in to Flux in vain": flux_rows.UNSURE,
    "handing in to Flux, repeated": flux_rows.REPEATED,
    "asking Flux": flux_task_rows.ASKING,
    "fetching from Flux": flux_task_rows.FETCHING,
    "waiting for Flux": (*flux_rows.BEYOND, *flux_task_rows.SLOW),
    "a picture by Gemini": gemini_rows.FINAL,
    "a picture by Gemini in vain": gemini_rows.PASSING,
    "words by Gemini": words_rows.GEMINI_FINAL,
    "words by Gemini in vain": words_rows.GEMINI_PASSING,
    "words by OpenAI": words_rows.OPENAI_FINAL,
    "words by OpenAI in vain": words_rows.OPENAI_PASSING,
    "words for a picture by Gemini": words_rows.BESIDE_A_PICTURE,
}
CASES = [(table, row) for table, rows in TABLES.items() for row in rows]
EVERYTHING = frozenset((table, row.name) for table, row in CASES)
SETTLED_SECONDS = 15.0
# What belongs into a log: codes, addresses, names of programs and of fields.
INTERNAL = re.compile(
    r"HTTP|http|\b[1-5]\d\d\b|[{}<>_=]|Error|Exception|case-|bfl|flux|gemini|openai", re.IGNORECASE
)
"""No sentence for people has any of this in it."""

Results = dict[str, Found]


@dataclass(frozen=True, slots=True)
class Trial:
    """The rows to try, and what was seen of them."""

    wanted: frozenset[tuple[str, str]]
    results: Results = field(default_factory=lambda: defaultdict(dict))
    left_over: list[tuple[int, int]] = field(default_factory=list)
    """When all jobs have ended, on each system: messages, and places of Flux's account."""

    def rows(self, table: str) -> list[Row]:
        """Those of the table that this run looks at."""
        return [row for row in TABLES[table] if (table, row.name) in self.wanted]

    async def alone(self, lane: Lane, *tables: str) -> None:
        """One row after another."""
        for table in tables:
            await lane.alone(self.rows(table), self.results[table])

    async def together(self, lane: Lane, table: str, *, at_once: int) -> None:
        """So many rows beside each other."""
        await lane.together(self.rows(table), self.results[table], at_once=at_once)


@pytest.fixture(scope="module")
def trial(request, tmp_path_factory) -> Trial:
    """Every row tried: on two systems at a time, each with several emulators."""
    here = [item for item in request.session.items if item.path == request.path]
    params = [item.callspec.params for item in here if hasattr(item, "callspec")]
    wanted = frozenset((one["table"], one["row"].name) for one in params) or EVERYTHING
    trial = Trial(wanted)
    with ExitStack() as opened:
        first = opened.enter_context(
            emulated_stack(
                tmp_path_factory.mktemp("first"), languages=["gemini"], **SETTINGS, **FIRST
            )
        )
        second = opened.enter_context(
            emulated_stack(
                tmp_path_factory.mktemp("second"),
                languages=["gemini", "openai"],
                **SETTINGS,
                **SECOND,
            )
        )
        asyncio.run(tried(trial, first, second))
    return trial


async def tried(trial: Trial, first: Emulated, second: Emulated) -> None:
    async with at_hand(first) as one, at_hand(second) as two:
        async with asyncio.TaskGroup() as group:
            group.create_task(handing_in(trial, flux(one)))
            group.create_task(words(trial, gemini(one), "words by Gemini"))
            group.create_task(collecting(trial, flux(two)))
            group.create_task(pictures(trial, gemini(two)))
            group.create_task(words(trial, openai(two), "words by OpenAI"))
        beside = replace(openai(two), options={})
        await trial.alone(beside, "words for a picture by Gemini")
        trial.left_over.extend([await left_over(one), await left_over(two)])


async def handing_in(trial: Trial, lane: Lane) -> None:
    await trial.alone(lane, "handing in to Flux")
    await asyncio.gather(
        trial.together(lane, "waiting for Flux", at_once=len(TABLES["waiting for Flux"])),
        trial.together(lane, "handing in to Flux in vain", at_once=3),
    )


async def collecting(trial: Trial, lane: Lane) -> None:
    await trial.alone(lane, "handing in to Flux, repeated")
    await trial.together(lane, "asking Flux", at_once=4)
    await trial.together(lane, "fetching from Flux", at_once=4)


async def pictures(trial: Trial, lane: Lane) -> None:
    picturing = replace(lane, service="renderer", options={"enhance": "false"})
    await trial.alone(picturing, "a picture by Gemini")
    await trial.together(picturing, "a picture by Gemini in vain", at_once=3)


async def words(trial: Trial, lane: Lane, table: str) -> None:
    await trial.alone(lane, table)
    # One fewer than failures in a row open a breaker: each row asks again after three seconds.
    await trial.together(lane, f"{table} in vain", at_once=OPENS_AFTER - 1)


@dataclass(frozen=True, slots=True)
class AtHand:
    """A system with its emulators, and the connections to it."""

    stack: Emulated
    client: httpx.AsyncClient
    bus: Bus

    def lane(self, emulator: Emulator | None, service: str, **options: str) -> Lane:
        assert emulator is not None
        return Lane(
            system=self.stack.system,
            client=self.client,
            bus=self.bus,
            emulator=emulator,
            service=service,
            options=options,
        )


@asynccontextmanager
async def at_hand(stack: Emulated) -> AsyncIterator[AtHand]:
    async with connected(stack.system.nats_url) as bus, api.client(stack.system.url) as client:
        yield AtHand(stack, client, bus)


async def left_over(at: AtHand) -> tuple[int, int]:
    """Messages that somebody still works on, and places of the account that are still taken."""
    deadline = time.monotonic() + SETTLED_SECONDS
    while (await at.bus.js.stream_info(EVENTS)).state.messages and time.monotonic() < deadline:
        await asyncio.sleep(0.1)
    names = (EVENTS, limit_stream(FLUX_TASKS))
    messages, places = [(await at.bus.js.stream_info(name)).state.messages for name in names]
    return messages, places


def flux(at: AtHand) -> Lane:
    lane = at.lane(at.stack.bfl, "renderer", enhance="false", model=KLEIN)
    return replace(lane, usual=flux_rows.USUAL)


def gemini(at: AtHand) -> Lane:
    return at.lane(at.stack.providers.gemini, "enhancer", model=LIBVIPS)


def openai(at: AtHand) -> Lane:
    return at.lane(at.stack.providers.openai, "enhancer", model=LIBVIPS)


@pytest.mark.parametrize(("table", "row"), CASES, ids=[f"{t}: {row.name}" for t, row in CASES])
def test_a_failure_leads_to_what_was_promised(trial: Trial, table: str, row: Row):
    seen = trial.results[table][row.name]

    if isinstance(seen, Exception):
        raise seen
    assert_ended(row, seen)
    assert_one_line(seen)
    assert_tried(row, seen)
    if row.own_words is not None:
        assert_words(row, seen)


def test_no_message_outlives_its_job(trial: Trial):
    assert [messages for messages, _ in trial.left_over] == [0, 0]


def test_only_a_task_that_may_be_under_way_keeps_its_place(trial: Trial):
    rows = [row for table in TABLES if "Flux" in table for row in trial.rows(table)]
    uncertain = [row for row in rows if row.code == ErrorCode.PROVIDER_UNCERTAIN]

    assert sum(places for _, places in trial.left_over) == len(uncertain)


def assert_ended(row: Row, seen: Seen) -> None:
    """As the row says, in a sentence for people."""
    final = seen.final
    assert final["status"] == ("failed" if row.code else "completed"), final
    assert final["error_code"] == row.code
    if row.code:
        assert row.says in final["message"]
        assert final["message"].endswith(".")
        assert not INTERNAL.search(final["message"])
        return
    red, green, blue = seen.colour or (0, 0, 0)
    assert blue > max(red, green) + 20


def assert_one_line(seen: Seen) -> None:
    """The journal counts by one, steps back never, and ends once."""
    entries = seen.entries
    ranks = [PROGRESS[entry.stage] for entry in entries if not entry.terminal]
    assert ranks == sorted(ranks)
    assert [entry.index for entry in entries] == list(range(len(entries)))
    assert [entry.terminal for entry in entries] == [False] * (len(entries) - 1) + [True]


def assert_tried(row: Row, seen: Seen) -> None:
    """As often as the row says, with pauses that a person can read of."""
    left_out = {"poll"} if row.is_patient else set()
    calls, told = (
        {k: n for k, n in d.items() if k not in left_out} for d in (seen.calls, row.calls)
    )
    assert calls == told
    assert row.tasks in {None, seen.tasks}
    assert seen.pauses == row.pauses
    if row.outcome is not None:
        assert seen.outcomes[row.outcome] >= 1, seen.outcomes
    assert (seen.alerts > 0) == row.alert


def assert_words(row: Row, seen: Seen) -> None:
    """The person's own, and said to be; else those of the model."""
    final, notes = seen.final, {entry.public.note for entry in seen.entries}
    assert (OWN_WORDS_NOTE in notes) == row.own_words
    assert (final["enhanced_prompt"] is None) == row.own_words
    # The local renderer says what it understood instead.
    if final["provider"] != "local":
        assert final["note"] == (OWN_WORDS_NOTE if row.own_words else None)
