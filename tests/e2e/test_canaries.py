"""No secret leaves its process, and what a person wrote is only where it belongs."""

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from urllib.parse import urlsplit
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.subjects import DEAD_LETTERS, FEED, JOB_SUBMIT, JOURNAL
from services.chassis.bus import Bus
from services.chassis.keyring import Keyring
from tests import api
from tests.buses import connected
from tests.e2e import echo_rows, flux_rows
from tests.e2e.failing import Found, Lane
from tests.e2e.leaving_traces import (
    Traces,
    from_logs,
    from_metrics,
    from_record,
    from_streams,
    overheard,
)
from tests.emulated import Emulated, emulated_stack
from tests.pictures import plain
from tests.servers import nats_server
from tests.stack import SERVICES

pytestmark = pytest.mark.timeout(300)


def canary(what: str) -> str:
    """A word that is nowhere by chance."""
    return f"canary{what}{uuid4().hex}"


WORD = canary("word")
NATS_PASSWORD = canary("nats")
SECRETS = {
    "BFL_API_KEY": canary("bfl"),
    "GEMINI_API_KEY": canary("gemini"),
    "OPENAI_API_KEY": canary("openai"),
    "APP_SECRET_KEY": canary("app"),
    "PLATFORM_TOKEN": canary("platform"),
    "ADMIN_TOKEN": canary("admin"),
}
KLEIN, NANO, LIBVIPS = "flux-2-klein-4b", "gemini-nano-banana-2.1", "libvips"
SETTINGS = {
    **SECRETS,
    "LOG_LEVEL": "DEBUG",
    "LLM_PROVIDER": "openai",
    "ALLOWED_MODELS": f"{KLEIN},{NANO},{LIBVIPS}",
    "FLUX_POLL_INTERVAL_SECONDS": "0.1",
    "WORKER_CONCURRENCY": "4",
    # With an address of their own, providers are given one to call: with a token in it.
    "PUBLIC_URL": "http://127.0.0.1:9",
}

WITHOUT_WORDS = [
    *(f"log of {name}" for name in ("nats", "postgres", *SERVICES)),
    *(f"metrics of {name}" for name in SERVICES),
    *("events", FEED, DEAD_LETTERS, "problems"),
]
WITH_WORDS = [JOURNAL, "status", "stream", "record"]


@pytest.fixture(scope="module")
def traces(tmp_path_factory) -> Traces:
    """A system that lived through every failure that produces text, and what it left behind."""
    folder, traces = tmp_path_factory.mktemp("canaries"), Traces()
    with ExitStack() as opened:
        nats = opened.enter_context(nats_server(folder / "nats"))
        url = f"nats://mizual:{NATS_PASSWORD}@{urlsplit(nats.url).netloc}"
        home, languages = folder / "home", ("gemini", "openai")
        stack = opened.enter_context(
            emulated_stack(home, languages=languages, NATS_URL=url, **SETTINGS)
        )
        asyncio.run(lived(stack, traces))
        nats.kill()
        nats.start()
        stack.system.parts["postgres"].kill()
        asyncio.run(lived_on(stack, traces))
        stack.system.parts["postgres"].start()
        from_logs(stack.system, traces)
        traces.add("log of nats", (folder / "nats" / "server.log").read_text())
        traces.add("password", urlsplit(stack.system.environment["DATABASE_URL"]).password or "")
    return traces


async def lived(stack: Emulated, traces: Traces) -> None:
    async with connected(stack.system.nats_url) as bus, api.client(stack.system.url) as client:
        async with overheard(bus, traces):
            found: Found = {}
            await asyncio.gather(*(tried(lane, found) for lane in lanes(stack, bus, client)))
            await refused(client, bus, traces)
        jobs = [seen.final["uuid"] for seen in found.values() if not isinstance(seen, Exception)]
        assert len(jobs) == len(found), [
            one for one in found.values() if isinstance(one, Exception)
        ]
        for job in jobs:
            traces.add("jobs", str(job))
        await told(client, jobs, traces)
        await recorded(stack, jobs, traces)
        await from_streams(bus, traces, (JOURNAL, FEED, DEAD_LETTERS))
        await from_metrics(stack.system, traces, admin=SECRETS["ADMIN_TOKEN"])


def lanes(stack: Emulated, bus: Bus, client: httpx.AsyncClient) -> Iterator[tuple[str, Lane]]:
    """One for each provider."""
    flux = Lane(
        system=stack.system,
        client=client,
        bus=bus,
        emulator=stack.bfl,
        service="renderer",
        options={"enhance": "false", "model": KLEIN},
        usual={**flux_rows.USUAL, "key": SECRETS["BFL_API_KEY"]},
    )
    yield "flux", flux
    gemini, openai = stack.providers.gemini, stack.providers.openai
    assert gemini is not None
    assert openai is not None
    drawing = {"enhance": "false", "model": NANO}
    key = {"key": SECRETS["GEMINI_API_KEY"]}
    yield "gemini", replace(flux, emulator=gemini, options=drawing, usual=key)
    key = {"key": SECRETS["OPENAI_API_KEY"]}
    yield (
        "openai",
        replace(flux, emulator=openai, service="enhancer", options={"model": LIBVIPS}, usual=key),
    )


async def tried(named: tuple[str, Lane], found: Found) -> None:
    """Every echo of the provider, and its refusal of the key."""
    name, lane = named
    secret = str(lane.usual["key"])
    rows = {"flux": echo_rows.flux, "gemini": echo_rows.gemini, "openai": echo_rows.openai}[name]
    told: Found = {}
    lane.refresh()
    await lane.together(rows(WORD, f"{secret} {WORD}"), told, at_once=6)
    lane.refresh(key="another")
    told["another key"] = await lane.outcome_of(replace(rows(WORD, "")[0], name=f"{WORD} key"))
    lane.refresh()
    found.update({f"{name} {row}": seen for row, seen in told.items()})


async def refused(client: httpx.AsyncClient, bus: Bus, traces: Traces) -> None:
    """What is refused at both doors."""
    picture = {"image": ("photo.jpg", plain(64, 64))}
    for prompt in (f"{WORD} " * 100, f"{WORD}\0"):
        answer = await client.post("/edit-image/", data={"prompt": prompt}, files=picture)
        assert answer.status_code == httpx.codes.UNPROCESSABLE_ENTITY
        traces.add("problems", answer.text)
    for body in (f'{{"prompt": "{WORD}', f'{{"prompt": ["{WORD}"], "image": "{WORD}"}}'):
        headers = {"Content-Type": "application/json"}
        answer = await client.post("/edit-image/", content=body, headers=headers)
        assert answer.is_client_error
        traces.add("problems", answer.text)
    await bus.js.publish(JOB_SUBMIT, f'{{"prompt": "{WORD}", "owner": "{WORD}"}}'.encode())


async def told(client: httpx.AsyncClient, jobs: list[str], traces: Traces) -> None:
    """What observers are told."""
    for job in jobs:
        traces.add("status", (await client.get(f"/edit/{job}")).text)
        traces.add("stream", (await client.get(f"/edit/{job}/events")).text)


async def recorded(stack: Emulated, jobs: list[str], traces: Traces) -> None:
    """The record, once it has every job."""
    async with asyncio.timeout(30):
        while not all(traces.has("record", job) for job in jobs):
            traces.texts["record"].clear()
            await from_record(stack.system.environment["DATABASE_URL"], traces)


async def lived_on(stack: Emulated, traces: Traces) -> None:
    """A job after the bus was away, and while the record is: whoever misses them says so."""
    async with api.client(stack.system.url) as client, asyncio.timeout(60):
        while not (await client.get("/health/ready")).is_success:
            await asyncio.sleep(0.1)
        options = {"enhance": "false", "model": LIBVIPS}
        given = await api.submit(client, picture=plain(64, 64), **options)
        job = given["edit_id"]
        traces.add("given", f"{job} {given['edit_token']}")
        assert (await api.followed(client, job))["is_complete"]
        opinion = {"edit_uuid": job, "rating": 0, "feedback_text": WORD}
        answer = await client.post("/feedback/", json=opinion)
        assert answer.status_code == httpx.codes.SERVICE_UNAVAILABLE, answer.text
        traces.add("problems", answer.text)
        while not all(stack.system.parts[name].log for name in ("storage", "feedback")):
            await asyncio.sleep(0.1)


@pytest.mark.parametrize("place", [*WITHOUT_WORDS, *WITH_WORDS, "bus"])
def test_no_secret_is_left_in(traces: Traces, place: str):
    passwords = {"DATABASE_URL": traces.texts["password"][0], "NATS_URL": NATS_PASSWORD}
    found = {name for name, word in {**SECRETS, **passwords}.items() if traces.has(place, word)}

    assert not found


def tokens_of(jobs: list[str]) -> list[str]:
    """What allows to cancel a job, and to say that its task has ended."""
    keyring = Keyring((SECRETS["APP_SECRET_KEY"].encode(),))
    makers = (keyring.edit_token, keyring.webhook_token)
    return [make(UUID(job)) for job in jobs for make in makers]


@pytest.mark.parametrize("place", [*WITHOUT_WORDS, *WITH_WORDS])
def test_no_token_of_a_job_is_left_in(traces: Traces, place: str):
    assert not traces.has(place, *tokens_of(traces.texts["jobs"]))


def test_a_token_is_what_its_job_was_given(traces: Traces):
    job, token = traces.texts["given"][0].split()

    assert tokens_of([job])[0] == token


@pytest.mark.parametrize("place", WITHOUT_WORDS)
def test_nothing_that_a_person_wrote_is_left_in(traces: Traces, place: str):
    assert not traces.has(place, WORD)


@pytest.mark.parametrize("place", WITH_WORDS)
def test_what_a_person_wrote_is_found_where_it_belongs(traces: Traces, place: str):
    assert traces.has(place, WORD)


KNOWN = {
    "log of enhancer": "handler_failed",
    "log of renderer": "provider_needs_operator",
    "log of storage": "_failed",
    "log of feedback": "_failed",
    "log of gateway": "loop_failed",
    "log of nats": "Server is ready",
    "log of postgres": "ready to accept connections",
    "events": "edit.submitted",
    "bus": "Nats-Msg-Id",
    FEED: "PROVIDER_UNCERTAIN",
    DEAD_LETTERS: "PermanentError PROVIDER_FAILED",
    "problems": "INVALID_PROMPT",
    **{f"metrics of {name}": "mizual_" for name in SERVICES},
}
"""A word of each place that is not the person's."""


@pytest.mark.parametrize("place", KNOWN)
def test_the_search_finds_what_is_there(traces: Traces, place: str):
    assert traces.has(place, KNOWN[place])


def test_a_word_is_found_in_every_form():
    traces = Traces()
    for place, text in {
        "plain": "said Secret-word/1!",
        "quoted": "?said=secret-word%2F1",
        "base64": "c2FpZCBzZWNyZXQtd29yZC8xIQ==",
        "none": "secret word",
    }.items():
        traces.add(place, text)

    found = [place for place in traces.texts if traces.has(place, "secret-word/1")]

    assert found == ["plain", "quoted", "base64"]
