"""Nothing is left of an erased job, whoever was at work on it and whenever.

The database, the objects, the bus and the logs are searched for its words and its pictures.
"""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from uuid import UUID

import httpx
import pytest

from contracts.commands import EraseJob, PlatformOwner
from contracts.subjects import JOB_ERASE
from services.chassis.journal import JetStreamJournal
from tests import api
from tests.api import Json
from tests.buses import connected
from tests.connected.processes import admin
from tests.e2e.leaving_traces import Traces, from_record
from tests.e2e.searching import PATIENCE_SECONDS, Wish, assert_nothing_is_left, erase, token, wish
from tests.e2e.stopping import CERTAIN, UNCERTAIN, Kills, Step, killable

pytestmark = pytest.mark.timeout(300)

PLATFORM_TOKEN = "a-platform-token-for-tests"
# Places of erased jobs are free again after a minute: more than all tests use.
SETTINGS = {"PLATFORM_TOKEN": PLATFORM_TOKEN, "FLUX_MAX_ACTIVE_TASKS": "100"}
STEPS = {**CERTAIN, **UNCERTAIN}


@pytest.fixture(scope="module")
def kills(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kills]:
    with killable(tmp_path_factory.mktemp("erasing"), **SETTINGS) as kills:
        yield kills


@pytest.fixture
async def client(kills: Kills) -> AsyncIterator[httpx.AsyncClient]:
    async with api.client(kills.running.system.url) as client:
        yield client


async def test_nothing_is_left_of_a_job_whose_worker_was_killed_around_its_erasure(
    kills: Kills, client: httpx.AsyncClient
):
    async def killed_after(at: Step, wished: Wish) -> str:
        async with kills.stopped(at, **wished.form) as given:
            await erase(client, given)
        return str(given["edit_id"])

    await erased_at_every_step(kills, client, killed_after)


async def test_nothing_is_left_of_a_job_whose_worker_was_killed_before_its_erasure(
    kills: Kills, client: httpx.AsyncClient
):
    async def killed_before(at: Step, wished: Wish) -> str:
        async with kills.stopped(at, **wished.form) as given:
            pass
        await erase(client, given)
        return str(given["edit_id"])

    await erased_at_every_step(kills, client, killed_before)


async def test_nothing_is_left_of_a_job_whose_worker_goes_on_and_comes_late(
    kills: Kills, client: httpx.AsyncClient
):
    async def late(at: Step, wished: Wish) -> str:
        if kills.running.system.parts["renderer"].running:
            kills.running.system.parts["renderer"].kill()
        async with kills.stopped(at, is_killed=False, **wished.form) as given:
            await erase(client, given)
        return str(given["edit_id"])

    await erased_at_every_step(kills, client, late)


async def erased_at_every_step(
    kills: Kills, client: httpx.AsyncClient, erased: Callable[[Step, Wish], Awaitable[str]]
) -> None:
    """Nothing is left of a job for each step, once a renderer has run again."""
    kills.begin()
    wishes: dict[str, Wish] = {}
    for at in STEPS.values():
        wished = wish()
        wishes[await erased(at, wished)] = wished
    await assert_nothing_is_left(kills, client, wishes)


async def test_nothing_is_left_of_a_job_that_was_erased_while_it_was_enhanced(
    kills: Kills, client: httpx.AsyncClient
):
    kills.begin()
    wished = wish()
    async with frozen(kills, "enhancer"):
        given = await api.submit(client, **wished.form)
        await erase(client, given)

    await assert_nothing_is_left(kills, client, {given["edit_id"]: wished})


async def test_nothing_is_left_of_a_job_that_was_erased_while_it_was_finished(
    kills: Kills, client: httpx.AsyncClient
):
    kills.begin()
    storage, wished = kills.running.system.parts["storage"], wish()
    kills.running.system.parts["renderer"].start()
    given = await api.submit(client, **wished.form)
    await reached(kills, given, "raw")
    storage.kill()
    refused = await client.delete(f"/edit/{given['edit_id']}", headers=token(given))
    assert refused.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert refused.headers["retry-after"]

    storage.start()
    await erase(client, given)

    await assert_nothing_is_left(kills, client, {given["edit_id"]: wished})


async def test_a_completed_edit_is_erased_with_its_upload_and_what_was_said_of_it(
    kills: Kills, client: httpx.AsyncClient
):
    kills.begin()
    kills.running.system.parts["renderer"].start()
    wished = wish()
    uploaded = await client.post("/api/images", content=wished.picture)
    body = {"prompt": wished.form["prompt"], "image_id": uploaded.json()["image_id"]}
    given = (await client.post("/edit-image/", json=body)).json()
    edit = given["edit_id"]
    ending = await api.ended(client, edit)
    opinion = {"edit_uuid": edit, "rating": 0, "feedback_text": f"not {wished.word}"}
    assert (await client.post("/feedback/", json=opinion)).is_success

    removed = (await erase(client, given))["removed"]

    assert set(removed["objects"]) == {"original", "raw", "result", "upload"}
    assert removed["words"] == ["prompt", "enhanced_prompt"]
    assert removed["feedback"] == 1
    for path in (f"/edit/{edit}", f"/edit/{edit}/events", f"/feedback/{edit}"):
        assert (await client.get(path)).status_code == httpx.codes.NOT_FOUND
    assert (await client.get(ending["edited_image_url"])).status_code == httpx.codes.NOT_FOUND
    await assert_nothing_is_left(kills, client, {edit: wished})


async def test_who_follows_an_edit_is_told_that_it_was_erased(
    kills: Kills, client: httpx.AsyncClient
):
    kills.begin()
    given = await api.submit(client, **wish().form)
    told = []
    async for frame in api.frames(client, given["edit_id"]):
        told.append(frame)
        if len(told) == 1:
            await erase(client, given)

    end = json.loads(told[-1].data)
    assert told[-1].event == "end"
    assert (end["status"], end["is_error"]) == ("cancelled", True)


async def test_an_edit_is_erased_for_its_owner_alone(kills: Kills, client: httpx.AsyncClient):
    kills.begin()
    given = await api.submit(client, **wish().form)
    path = f"/edit/{given['edit_id']}"

    async with api.client(kills.running.system.url) as stranger:
        refused = [
            await stranger.delete(path),
            await stranger.delete(path, headers={"X-Edit-Token": "A" * 32}),
            await stranger.delete(path, headers={"X-Admin-Token": "guessed"}),
        ]
    assert [answer.status_code for answer in refused] == [404] * 3

    by_cookie, again = [await client.delete(path) for _ in range(2)]
    assert [by_cookie.status_code, again.status_code] == [httpx.codes.OK, httpx.codes.OK]
    assert again.json()["removed"]["journal_entries"] == 0
    async with api.client(kills.running.system.url) as stranger:
        assert (await stranger.delete(path)).status_code == httpx.codes.NOT_FOUND


async def test_a_platform_erases_over_the_bus_what_is_its_users_own(
    kills: Kills, client: httpx.AsyncClient
):
    kills.begin()
    kills.running.system.parts["renderer"].start()
    others, wished = await api.submit(client, **wish().form), wish()
    given = await api.submit(client, **wished.form, headers=platform("user-1"))
    async with connected(kills.running.system.nats_url) as bus:
        for at, edit in enumerate((others["edit_id"], given["edit_id"])):
            command = EraseJob(owner=PlatformOwner(user_id="user-1"), job_id=UUID(edit))
            await bus.publish(JOB_ERASE, command, message_id=f"erase {at}")

        await until_gone(client, given["edit_id"])

    await assert_nothing_is_left(kills, client, {given["edit_id"]: wished})
    assert (await client.get(f"/edit/{others['edit_id']}")).is_success


@pytest.mark.parametrize("by", ["--owner-of", "--user", "--job"])
async def test_an_operator_erases_a_job_or_all_of_an_owner(
    kills: Kills, client: httpx.AsyncClient, by: str
):
    kills.begin()
    user = f"user{by}"
    given = [await api.submit(client, **wish().form, headers=platform(user)) for _ in range(2)]
    edits = [str(one["edit_id"]) for one in given]
    whom = user if by == "--user" else edits[0]
    await recorded(kills, edits)

    said = await asyncio.to_thread(admin, "storage", environment(kills), "erase", f"{by}={whom}")

    gone = [(await client.get(f"/edit/{edit}")).status_code == 404 for edit in edits]
    assert gone == [True, by != "--job"]
    assert f"{edits[0]}: " in said
    assert (f"{edits[1]}: " in said) == (by != "--job")


async def test_an_operator_starts_what_retention_does(kills: Kills):
    said = await asyncio.to_thread(admin, "storage", environment(kills), "retention")

    assert "0 jobs kept no longer" in said


def platform(user: str) -> dict[str, str]:
    return {"X-Platform-Token": PLATFORM_TOKEN, "X-User-Id": user}


def environment(kills: Kills) -> dict[str, str]:
    return dict(kills.running.system.environment)


async def until_gone(client: httpx.AsyncClient, edit: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await client.get(f"/edit/{edit}")).status_code != httpx.codes.NOT_FOUND:
            await asyncio.sleep(0.05)


async def recorded(kills: Kills, edits: list[str]) -> None:
    """Return once the record has the jobs."""
    async with asyncio.timeout(PATIENCE_SECONDS):
        traces = Traces()
        while not all(traces.has("record", edit) for edit in edits):
            traces = Traces()
            await from_record(kills.running.system.environment["DATABASE_URL"], traces)


@asynccontextmanager
async def frozen(kills: Kills, name: str) -> AsyncIterator[None]:
    """A worker that does nothing meanwhile, and then goes on as if no time had passed."""
    pid = kills.running.system.parts[name].pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


async def reached(kills: Kills, given: Json, fact: str) -> None:
    """Return once the job's journal has the fact."""
    async with connected(kills.running.system.nats_url) as bus, asyncio.timeout(PATIENCE_SECONDS):
        journal, job_id = JetStreamJournal(bus), UUID(given["edit_id"])
        while not (last := await journal.last(job_id)) or not getattr(last.entry.facts, fact):
            await asyncio.sleep(0.02)
