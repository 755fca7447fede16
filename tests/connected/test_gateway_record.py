"""Chains, histories, figures and feedback through a gateway, with the real services behind it."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import httpx
import pytest

from contracts.commands import PlatformOwner
from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Options, Stage
from contracts.subjects import JOURNAL, STORAGE_PROJECTOR
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.gateway.domain.identity import platform_caller
from tests.buses import connected
from tests.connected.feedback_running import feedback_running
from tests.connected.gateways import ADMIN_TOKEN, PLATFORM_HEADERS, UNLIMITED, Front
from tests.connected.places import eventually
from tests.connected.storage_running import appended, lived, storage_running
from tests.pictures import plain
from tests.samples import aged, follow_up, job

FRONT = UNLIMITED
ADMIN = {"X-Admin-Token": ADMIN_TOKEN}
OWNER = platform_caller(PlatformOwner(user_id="user-1", tenant_id="t-1")).owner
WHOLE = (Stage.ENHANCING_PROMPT, Stage.AI_PROCESSING, Stage.UPLOADING_RESULT, Stage.COMPLETED)


@pytest.fixture
async def bus(front: Front) -> AsyncIterator[Bus]:
    """The bus, with its journal empty."""
    async with connected(front.nats.url) as bus:
        await bus.js.purge_stream(JOURNAL)
        yield bus


@pytest.fixture
async def client(
    front: Front, bus: Bus, storage_tables: Database, feedback_tables: Database
) -> AsyncIterator[httpx.AsyncClient]:
    """A client without a session; storage and feedback answer behind the gateway."""
    async with (
        storage_running(front.nats.url, storage_tables),
        feedback_running(front.nats.url, feedback_tables),
        front.doors[0].client() as client,
    ):
        yield client


async def completed(bus: Bus, opened: JournalEntry) -> JournalEntry:
    return (await lived(bus, opened, *WHOLE)).entry


async def settled(bus: Bus) -> None:
    """Return once the record has everything that the journal says."""

    async def is_settled() -> bool:
        info = await bus.js.consumer_info(JOURNAL, STORAGE_PROJECTOR)
        return not info.num_pending and not info.num_ack_pending

    await eventually(is_settled)


async def chained(bus: Bus, length: int) -> list[JournalEntry]:
    entries = [await completed(bus, job(owner=OWNER))]
    while len(entries) < length:
        entries.append(await completed(bus, follow_up(entries[-1], owner=OWNER)))
    return entries


@pytest.mark.parametrize("path", ["/chain/{}", "/chain/{}/"])
@pytest.mark.parametrize("is_recorded", [True, False], ids=["recorded", "too new"])
async def test_a_chain_is_told_from_its_root_on(
    client: httpx.AsyncClient, bus: Bus, path: str, is_recorded: bool
) -> None:
    entries = await chained(bus, 4)
    await completed(bus, follow_up(entries[1]))
    if is_recorded:
        await settled(bus)

    answer = await client.get(path.format(entries[-1].job_id))

    told = answer.json()
    assert answer.status_code == 200
    assert (told["edit_uuid"], told["chain_length"]) == (str(entries[-1].job_id), 4)
    history = told["chain_history"]
    assert [member["chain_position"] for member in history] == [1, 2, 3, 4]
    assert [member["parent_edit_uuid"] for member in history] == [
        None,
        *(str(entry.job_id) for entry in entries[:-1]),
    ]
    for member, entry in zip(history, entries, strict=True):
        assert member["edit"] == (await client.get(f"/edit/{entry.job_id}")).json()


async def test_a_chain_that_the_journal_forgot_is_told_from_the_record(
    client: httpx.AsyncClient, bus: Bus
) -> None:
    entries = await chained(bus, 3)
    await settled(bus)
    await bus.js.purge_stream(JOURNAL)

    told = (await client.get(f"/chain/{entries[-1].job_id}")).json()

    assert [member["edit"]["uuid"] for member in told["chain_history"]] == [
        str(entry.job_id) for entry in entries
    ]


async def test_an_erased_edit_keeps_its_place_and_has_no_chain_itself(
    client: httpx.AsyncClient, bus: Bus
) -> None:
    first = await lived(bus, job(), *WHOLE)
    last = await completed(bus, follow_up(first.entry))
    await appended(bus, first.entry.erase(), first)
    await settled(bus)

    told = (await client.get(f"/chain/{last.job_id}")).json()["chain_history"]

    place = {"chain_position": 1, "parent_edit_uuid": None, "edit_uuid": str(first.entry.job_id)}
    assert told[0] == {"edit": None, "erased": True, **place}
    assert told[1]["edit"]["uuid"] == str(last.job_id)
    for unknown in (first.entry.job_id, uuid4(), "7"):
        answer = await client.get(f"/chain/{unknown}")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "EDIT_NOT_FOUND")


async def test_a_history_is_the_callers_own_newest_first(
    client: httpx.AsyncClient, bus: Bus
) -> None:
    jobs = [await completed(bus, aged(job(owner=OWNER), at)) for at in range(5)]
    await completed(bus, job(owner="somebody else"))
    await settled(bus)

    first = (await client.get("/api/history?limit=3", headers=PLATFORM_HEADERS)).json()
    more = f"/api/history/?limit=3&cursor={first['next_cursor']}"
    second = (await client.get(more, headers=PLATFORM_HEADERS)).json()

    told = first["items"] + second["items"]
    assert [item["uuid"] for item in told] == [str(one.job_id) for one in jobs]
    assert told[0] == (await client.get(f"/edit/{jobs[0].job_id}")).json()
    assert second["next_cursor"] is None


async def test_a_history_has_jobs_of_every_kind_or_of_one(
    client: httpx.AsyncClient, bus: Bus
) -> None:
    made = {kind: await completed(bus, job(kind=kind, owner=OWNER)) for kind in Kind}
    await settled(bus)

    every = (await client.get("/api/history", headers=PLATFORM_HEADERS)).json()["items"]
    assert {item["job_id"] for item in every} == {str(entry.job_id) for entry in made.values()}
    for kind, entry in made.items():
        path = f"/api/history?kind={kind}"
        (item,) = (await client.get(path, headers=PLATFORM_HEADERS)).json()["items"]
        assert item == (await client.get(f"/api/jobs/{entry.job_id}")).json()
        assert item["kind"] == kind


async def test_a_history_leaves_out_what_was_erased(client: httpx.AsyncClient, bus: Bus) -> None:
    left = await completed(bus, job(owner=OWNER))
    gone = await lived(bus, job(owner=OWNER), *WHOLE)
    await appended(bus, gone.entry.erase(), gone)
    await settled(bus)

    items = (await client.get("/api/history", headers=PLATFORM_HEADERS)).json()["items"]

    assert [item["uuid"] for item in items] == [str(left.job_id)]


async def test_a_session_has_a_history_and_a_stranger_gets_neither_jobs_nor_a_cookie(
    client: httpx.AsyncClient, bus: Bus, front: Front
) -> None:
    picture = {"image": ("p.png", plain(64, 48))}
    async with front.behind():  # the renderer says what it can
        posted = await client.post("/edit-image/", data={"prompt": "blue"}, files=picture)
    await settled(bus)

    mine = await client.get("/api/history")
    client.cookies.clear()
    theirs = await client.get("/api/history")

    assert [item["uuid"] for item in mine.json()["items"]] == [posted.json()["edit_id"]]
    assert (theirs.status_code, theirs.json()) == (200, {"items": [], "next_cursor": None})
    assert "set-cookie" not in theirs.headers


@pytest.mark.parametrize("query", ["cursor=x", "limit=0", "limit=101", "limit=two", "kind=film"])
async def test_a_history_asked_for_wrongly_is_refused_in_words(
    client: httpx.AsyncClient, query: str
) -> None:
    answer = await client.get(f"/api/history?{query}")

    problem = answer.json()
    assert (answer.status_code, problem["error_code"]) == (422, "INVALID_REQUEST")
    assert problem["errors"][0]["field"] == query.split("=", maxsplit=1)[0]


async def test_a_full_history_of_long_sentences_is_told_page_by_page(
    client: httpx.AsyncClient, bus: Bus
) -> None:
    # A thousand characters of four bytes each, three times in an entry.
    opened = [
        job(owner=OWNER, prompt="\U0001f3a8" * 1000, request_id="\U0001f3a8" * 2000)
        for _ in range(100)
    ]
    jobs = await asyncio.gather(*(lived(bus, one, Stage.CANCELLED) for one in opened))
    await settled(bus)

    told, pages, query = set(), 0, "?limit=100"
    while query:
        page = (await client.get(f"/api/history{query}", headers=PLATFORM_HEADERS)).json()
        told |= {item["uuid"] for item in page["items"]}
        query = page["next_cursor"] and f"?limit=100&cursor={page['next_cursor']}"
        pages += 1

    assert 1 < pages < 10
    assert told == {str(last.entry.job_id) for last in jobs}


@pytest.mark.parametrize("path", ["/analytics/chains", "/analytics/chains/"])
async def test_everybody_may_see_how_chains_are_used(
    client: httpx.AsyncClient, bus: Bus, path: str
) -> None:
    await chained(bus, 3)
    await chained(bus, 2)
    await chained(bus, 1)
    await settled(bus)

    told = (await client.get(path)).json()

    assert told["success"] is True
    assert told["analytics"] == {
        "total_chains": 2,
        "average_chain_length": 2.5,
        "longest_chain": 3,
        "branches": 0,
        "lengths": {"2": 1, "3": 1},
    }


async def test_operators_see_how_processing_goes_and_never_a_prompt(
    client: httpx.AsyncClient, bus: Bus
) -> None:
    ending, failing = (
        job(prompt="remove my secret", options=Options(style_id="ink")) for _ in range(2)
    )
    await completed(bus, ending)
    failed = await lived(bus, failing, Stage.ENHANCING_PROMPT)
    await appended(bus, failed.entry.fail(ErrorCode.TIMED_OUT, "Too late."), failed)
    await settled(bus)

    answer = await client.get("/analytics/processing?days=1", headers=ADMIN)

    told = answer.json()["analytics"]
    edits = told["kinds"]["edit"]
    assert (told["days"], told["jobs"]) == (1, 2)
    assert edits["stages"] == {"completed": 1, "failed": 1}
    assert edits["success_rate"] == 0.5
    assert 0 < edits["p50_seconds"] <= edits["p95_seconds"]
    assert told["errors"] == {"TIMED_OUT": 1}
    assert told["styles"] == {"ink": 2}
    assert told["prompt_classes"] == {"remove": 2}
    assert list(told["edits_per_day"].values()) == [2]
    assert "secret" not in answer.text


@pytest.mark.parametrize("path", ["/analytics/processing", "/analytics/feedback"])
async def test_figures_of_operators_are_nobody_elses(client: httpx.AsyncClient, path: str) -> None:
    for headers in ({}, {"X-Admin-Token": "wrong"}):
        answer = await client.get(path, headers=headers)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "NOT_FOUND")
    assert (await client.get(f"{path}/", headers=ADMIN)).status_code == 200
    assert (await client.get(f"{path}?days=366", headers=ADMIN)).status_code == 422


async def test_feedback_is_kept_once_and_told_to_operators_together(
    client: httpx.AsyncClient, bus: Bus, feedback_tables: Database
) -> None:
    edit = await completed(bus, job(options=Options(style_id="ink")))
    rating = {"edit_uuid": str(edit.job_id), "rating": 0, "feedback_text": " too blue "}

    answers = await asyncio.gather(*(client.post("/feedback/", json=rating) for _ in range(10)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 9
    (first,) = (answer.json() for answer in answers if answer.status_code == 200)
    message = "Thank you for helping us improve!"
    assert first == {"success": True, "message": message, "feedback_id": first["feedback_id"]}
    row = await feedback_tables.fetchrow("SELECT * FROM feedback")
    assert row is not None
    assert (row["style"], row["client_network"]) == ("ink", "127.0.0.0/24")
    told = (await client.get("/analytics/feedback", headers=ADMIN)).json()["analytics"]
    assert (told["total"], told["by_rating"]) == (1, {"0": 1, "1": 0})
    assert told["by_style"]["ink"] == {"good": 0, "bad": 1, "good_share": 0.0}


@pytest.mark.parametrize("path", ["/feedback/{}", "/feedback/{}/"])
async def test_feedback_is_read_back_with_or_without_words(
    client: httpx.AsyncClient, bus: Bus, path: str
) -> None:
    edit: UUID = (await completed(bus, job())).job_id
    given = await client.post("/feedback", json={"edit_uuid": str(edit), "rating": 1})

    told = (await client.get(path.format(edit))).json()

    assert given.json()["message"] == "Thank you for your feedback!"
    assert {**told, "created_at": ""} == {
        "edit_uuid": str(edit),
        "rating": 1,
        "feedback_text": None,
        "created_at": "",
    }
    assert told["created_at"].endswith("Z")
    unknown = await client.get(path.format(uuid4()))
    assert (unknown.status_code, unknown.json()["detail"]) == (404, "Feedback not found")


@pytest.mark.parametrize(
    ("path", "limit"),
    [(f"/chain/{UUID(int=7)}", 200), ("/api/history", 1200), ("/analytics/chains", 100)],
)
async def test_reads_are_limited_for_each_client(
    client: httpx.AsyncClient, path: str, limit: int
) -> None:
    hurried, other = ({**PLATFORM_HEADERS, "X-User-Id": name} for name in ("hurried", "other"))

    taken = 0
    while (answer := await client.get(path, headers=hurried)).status_code != 429:
        taken += 1
        assert taken < 2 * limit  # some come back while these are used

    assert taken >= limit
    assert answer.json()["error_code"] == "RATE_LIMITED"
    assert int(answer.headers["Retry-After"]) >= 1
    assert (await client.get(path, headers=other)).status_code != 429
