"""A gateway process over HTTP: what it takes, what it answers, what it refuses."""

import asyncio
import base64
import time
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from contracts.journal import JournalEntry, Stage
from contracts.queries import JobRecord
from contracts.subjects import JOURNAL
from services.chassis.keyring import Keyring
from services.gateway.domain.links import DAY_SECONDS, Links
from tests import hostile
from tests.connected.gateways import (
    ADMIN_TOKEN,
    PLATFORM_HEADERS,
    SECRET_KEY,
    UNLIMITED,
    Gateway,
    Others,
    gateway,
)
from tests.pictures import photo, plain
from tests.samples import job

FRONT = UNLIMITED
GROWTH_KIB = 100 * 1024
PICTURE = plain(64, 48)
ADMIN = {"X-Admin-Token": ADMIN_TOKEN}


@pytest.fixture
def door(doors: list[Gateway]) -> Gateway:
    return doors[0]


def form(picture: bytes = PICTURE, **fields: str) -> dict:
    return {"data": {"prompt": "blue", **fields}, "files": {"image": ("p.jpg", picture)}}


def body(**fields: object) -> dict:
    return {"json": {"prompt": "blue", "image": base64.b64encode(PICTURE).decode(), **fields}}


async def submitted(api: httpx.AsyncClient, **headers: str) -> dict:
    answer = await api.post("/edit-image/", **form(), headers=headers)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def completed(behind: Others, edit: dict) -> JournalEntry:
    """The edit as it stands once the other services are through with it."""
    entry = await behind.last(edit["edit_id"])
    return await behind.append(
        entry.advance(Stage.COMPLETED, work={"result": entry.facts.original})
    )


ALIASED = {"json": {"prompt": "blue", "image_data": base64.b64encode(PICTURE).decode()}}


@pytest.mark.parametrize("path", ["/edit-image/", "/edit-image"])
@pytest.mark.parametrize("request_", [form(), body(), ALIASED], ids=["form", "json", "alias"])
async def test_an_edit_is_accepted_and_can_be_read_at_once(api, behind, path: str, request_: dict):
    answer = await api.post(path, **request_)

    told = answer.json()
    assert answer.status_code == 200
    assert told["status_url"] == f"{str(api.base_url).rstrip('/')}/edit/{told['edit_id']}"
    assert told["events_url"] == f"{told['status_url']}/events"
    assert (await api.get(told["polling_url"])).json()["status"] == "pending"
    assert (await behind.last(told["edit_id"])).facts.prompt == "blue"


REFUSALS = {
    "a truncated JPEG": (form(hostile.truncated_jpeg()), 400, "INVALID_IMAGE"),
    "text with JPEG magic": (form(hostile.text_as_jpeg()), 400, "INVALID_IMAGE"),
    "a GIF": (form(hostile.gif()), 400, "UNSUPPORTED_IMAGE"),
    "a HEIC": (form(hostile.heic()), 400, "UNSUPPORTED_IMAGE"),
    "an empty file": (form(b""), 400, "INVALID_IMAGE"),
    "an empty body": ({"content": b""}, 422, "INVALID_REQUEST"),
    "no JSON": ({"content": b"{", "headers": {"Content-Type": "application/json"}}, 422, None),
    "a list": ({"json": [1]}, 422, "INVALID_REQUEST"),
    "a text body": ({"content": b"x", "headers": {"Content-Type": "text/plain"}}, 415, None),
    "a damaged form": (
        {"content": b"--x", "headers": {"Content-Type": "multipart/form-data; boundary=y"}},
        422,
        "INVALID_REQUEST",
    ),
    "no picture": (body(image=None), 422, "INVALID_REQUEST"),
    "bad base64": (body(image="data:image/png;base64,%%%"), 400, "INVALID_IMAGE"),
    "30,000 x 30,000": (form(hostile.huge_png()), 400, "IMAGE_TOO_LARGE"),
    "200,000 x 200,000": (form(hostile.png_header(200_000, 200_000)), 400, "IMAGE_TOO_LARGE"),
    "25 MB": (form(photo() + b"\0" * 25_000_000), 413, "PAYLOAD_TOO_LARGE"),
    "25 MB in base64": (body(image="A" * 33_000_000), 413, "PAYLOAD_TOO_LARGE"),
    "a prompt of 10 MB": (body(prompt="blue " * 2_000_000), 422, "INVALID_PROMPT"),
    "NUL": (body(prompt="a\0b"), 422, "INVALID_PROMPT"),
    "half a surrogate": (
        {
            "content": b'{"prompt": "\\ud800", "image": ""}',
            "headers": {"Content-Type": "application/json"},
        },
        422,
        "INVALID_REQUEST",
    ),
    "an unknown parent": (body(parent_edit_uuid=str(uuid4())), 404, "PARENT_NOT_FOUND"),
    "a parent that is no id": (body(parent_edit_uuid="7"), 404, "PARENT_NOT_FOUND"),
    "an unknown image": (body(image=None, image_id=str(uuid4())), 404, "IMAGE_NOT_FOUND"),
    "a seed": (body(seed=7), 422, "OPTION_UNSUPPORTED"),
    "a bad key": ({**form(), "headers": {"Idempotency-Key": "a b"}}, 422, "INVALID_REQUEST"),
}


@pytest.mark.parametrize(("request_", "status", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_bad_input_is_refused_in_words_and_starts_nothing(
    api, behind, door, request_: dict, status: int, code: str | None
):
    before, peak = await behind.count(JOURNAL), Peak(door.process.pid)

    answer = await api.post("/edit-image/", **request_)

    problem = answer.json()
    assert answer.status_code == problem["status"] == status, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert code is None or problem["error_code"] == code
    assert problem["detail"].endswith(".")
    assert problem["request_id"] == answer.headers["X-Request-Id"]
    assert len(answer.content) < 2000
    assert await behind.count(JOURNAL) == before
    assert peak.growth_kib < GROWTH_KIB


class Peak:
    """How far a process's memory rises from now on."""

    def __init__(self, pid: int) -> None:
        self._status = Path(f"/proc/{pid}/status")
        Path(f"/proc/{pid}/clear_refs").write_text("5")
        self._before = self._kib("VmRSS")

    @property
    def growth_kib(self) -> int:
        return self._kib("VmHWM") - self._before

    def _kib(self, name: str) -> int:
        line = next(x for x in self._status.read_text().splitlines() if x.startswith(name))
        return int(line.split()[1])


async def test_an_announced_body_that_is_too_large_is_refused_before_it_is_sent(door, behind):
    host = door.url.removeprefix("http://")
    reader, writer = await asyncio.open_connection(*host.split(":"))
    writer.write(
        b"POST /edit-image/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
        b"Content-Length: 99999999\r\n\r\n"
    )

    answer = await asyncio.wait_for(reader.readline(), 5)
    writer.close()

    assert b" 413 " in answer


async def test_an_upload_stands_for_its_picture(api, behind):
    raw = await api.post("/api/images", content=PICTURE)
    part = await api.post("/api/images", files={"image": PICTURE})

    for answer in (raw, part):
        assert answer.status_code == 201
        kept = answer.json()
        assert (kept["width"], kept["height"], kept["content_type"]) == (64, 48, "image/jpeg")
        edit = await api.post("/edit-image/", json={"prompt": "x", "image_id": kept["image_id"]})
        original = (await behind.last(edit.json()["edit_id"])).facts.original
        assert original is not None
        assert edit.json()["edit_id"] in original.key


async def test_a_follow_up_needs_a_completed_parent_and_edits_its_result(api, behind):
    first = await submitted(api)
    child = {"prompt": "more", "parent_edit_uuid": first["edit_id"]}

    early = await api.post("/edit-image/", json=child)
    await completed(behind, first)
    follow_up = await api.post("/edit-image/", json=child)

    assert (early.status_code, early.json()["error_code"]) == (400, "PARENT_NOT_COMPLETED")
    told = (await api.get(follow_up.json()["polling_url"])).json()
    assert (told["parent_edit_uuid"], told["chain_position"]) == (first["edit_id"], 2)


async def test_a_picture_is_read_whole_in_parts_and_from_anywhere(api, behind):
    edit = await submitted(api)
    url = (await api.get(edit["polling_url"])).json()["original_image_url"]

    whole = await api.get(url)
    head = await api.head(url)
    part = await api.get(url, headers={"Range": "bytes=10-19"})
    beyond = await api.get(url, headers={"Range": "bytes=999999-"})
    known = await api.get(url, headers={"If-None-Match": whole.headers["ETag"]})

    assert whole.content == PICTURE
    assert whole.headers["Content-Type"] == "image/jpeg"
    assert whole.headers["Access-Control-Allow-Origin"] == "*"
    assert "immutable" in whole.headers["Cache-Control"]
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(PICTURE)
    assert (part.status_code, part.content) == (206, PICTURE[10:20])
    assert part.headers["Content-Range"] == f"bytes 10-19/{len(PICTURE)}"
    assert (beyond.status_code, known.status_code) == (416, 304)


@pytest.mark.parametrize("change", [("sig=", "sig=x"), ("exp=1", "exp=9"), ("original-", "raw-")])
async def test_a_changed_link_opens_nothing(api, behind, change: tuple[str, str]):
    edit = await submitted(api)
    url = (await api.get(edit["polling_url"])).json()["original_image_url"]

    assert (await api.get(url.replace(*change, 1))).status_code == 403


async def test_a_link_holds_for_a_day_and_not_for_ever(api, behind):
    edit = await submitted(api)
    original = (await behind.last(edit["edit_id"])).facts.original
    assert original is not None
    links = (
        Links(Keyring((SECRET_KEY.encode(),)), now=lambda then=then: time.time() - then)
        for then in (DAY_SECONDS, 3 * DAY_SECONDS)
    )

    yesterdays, old = [
        await api.get(link.picture(str(api.base_url).rstrip("/"), original.key)) for link in links
    ]

    assert (yesterdays.status_code, old.status_code) == (200, 403)
    assert old.json()["detail"] == "This link is not valid or has expired."


async def test_a_job_past_the_journal_is_told_from_the_record(api, behind):
    entry = job().advance(Stage.CANCELLED)
    behind.record[entry.job_id] = JobRecord(entry=entry, sequence=7)

    told = await api.get(f"/edit/{entry.job_id}")
    stream = await api.get(f"/edit/{entry.job_id}/events")
    again = await api.get(f"/edit/{entry.job_id}/events", params={"last_event_id": "7"})

    assert told.json()["status"] == "cancelled"
    assert stream.text.count("event: stage") == 1
    assert stream.text.count("event: end") == 1
    assert again.status_code == 204


@pytest.mark.parametrize("path", ["", "/events"])
async def test_unknown_erased_and_nonsense_are_not_found(api, behind, path: str):
    entry = job()
    await behind.append(entry)
    erased = entry.advance(Stage.ERASED).model_copy(update={"work": None})
    await behind.append(erased)

    for job_id in (uuid4(), entry.job_id, "7", "..%2f"):
        answer = await api.get(f"/edit/{job_id}{path}")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


async def test_only_the_owner_the_operator_and_the_token_cancel(api, behind, door):
    edits = [await submitted(api, **PLATFORM_HEADERS) for _ in range(3)]
    rights = [PLATFORM_HEADERS, ADMIN, {"X-Edit-Token": edits[2]["edit_token"]}]

    async with door.client() as stranger:
        for edit, headers in zip(edits, rights, strict=True):
            path = f"{edit['polling_url']}/cancel"
            assert (await stranger.post(path)).status_code == 404
            other = {**PLATFORM_HEADERS, "X-User-Id": "other"}
            assert (await stranger.post(path, headers=other)).status_code == 404
            first = await stranger.post(path, headers=headers)
            again = await stranger.post(path, headers=headers)
            assert (first.status_code, again.status_code) == (202, 200)
            assert first.json() == again.json()
            assert first.json()["processing_stage"] == "cancelled"


async def test_a_session_is_kept_in_a_cookie_and_no_foreign_page_acts_with_it(api, behind):
    edit = await submitted(api)
    cancel = f"{edit['polling_url']}/cancel"

    foreign = await api.post(cancel, headers={"Origin": "https://evil.example"})
    cross = await api.post(cancel, headers={"Sec-Fetch-Site": "cross-site"})
    own = await api.post(cancel, headers={"Origin": str(api.base_url).rstrip("/")})

    assert api.cookies["mizual_session"]
    assert (foreign.status_code, cross.status_code, own.status_code) == (403, 403, 202)


async def test_a_page_of_another_origin_may_ask_and_read_in_preview(api, behind):
    asked = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type,idempotency-key",
    }

    preflight = await api.options("/edit-image/", headers=asked)
    answer = await api.get("/health", headers={"Origin": "https://page.example"})

    assert preflight.status_code == 204
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "Idempotency-Key" in preflight.headers["Access-Control-Allow-Headers"]
    assert "X-Request-Id" in answer.headers["Access-Control-Expose-Headers"]
    assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_request_id_is_taken_over_and_follows_the_job(api, behind):
    answer = await api.post("/edit-image/", **form(), headers={"X-Request-Id": "my-id"})

    assert answer.headers["X-Request-Id"] == "my-id"
    assert (await behind.last(answer.json()["edit_id"])).facts.request_id == "my-id"
    assert (await api.get("/health", headers={"X-Request-Id": "a b"})).headers[
        "X-Request-Id"
    ] != "a b"


async def test_feedback_is_given_once_for_a_completed_edit(api, behind):
    edit = await submitted(api)
    rating = {"edit_uuid": edit["edit_id"], "rating": 1}

    early = await api.post("/feedback/", json=rating)
    await completed(behind, edit)
    first = await api.post("/feedback", json=rating)
    second = await api.post("/feedback/", json=rating)
    read = await api.get(f"/feedback/{edit['edit_id']}")

    assert (early.status_code, second.status_code) == (400, 409)
    assert first.json()["message"] == "Thank you for your feedback!"
    assert read.json()["rating"] == 1
    assert behind.networks[0] == "127.0.0.0/24"


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"rating": 0}, 422),
        ({"rating": 2}, 422),
        ({"rating": True}, 422),
        ({"rating": 1, "feedback_text": "x" * 1001}, 422),
        ({"rating": 1, "edit_uuid": str(uuid4())}, 404),
        ({"rating": 1, "edit_uuid": "7"}, 404),
    ],
)
async def test_unfit_feedback_is_refused(api, behind, fields: dict, status: int):
    edit = await submitted(api)
    await completed(behind, edit)

    answer = await api.post("/feedback/", json={"edit_uuid": edit["edit_id"], **fields})

    assert answer.status_code == status
    assert not behind.feedback


async def test_operators_see_what_others_do_not(api, behind):
    assert (await api.get("/metrics")).status_code == 404
    assert (await api.get("/metrics", headers={"X-Admin-Token": b"\xe9"})).status_code == 404
    assert "mizual_http_request_seconds" in (await api.get("/metrics", headers=ADMIN)).text
    assert (await api.get("/version")).json()["contract_version"]
    assert (await api.head("/health")).status_code == 200
    assert (await api.get("/health/ready")).json() == {"status": "ok", "missing": {}}


async def test_errors_of_the_framework_are_problems_too(api, behind):
    missing = await api.get("/nothing/here")
    wrong = await api.put("/edit-image/")

    assert (missing.status_code, missing.json()["error_code"]) == (404, "NOT_FOUND")
    assert (wrong.status_code, wrong.json()["error_code"]) == (405, "METHOD_NOT_ALLOWED")


async def test_the_documents_name_every_path(api, behind):
    document = (await api.get("/openapi.json")).json()

    assert {"/edit-image/", "/edit/{job_id}", "/edit/{job_id}/events", "/feedback/"} <= set(
        document["paths"]
    )
    assert (await api.get("/docs")).status_code == 200


async def test_http_is_up_without_a_bus_and_says_what_is_missing(tmp_path):
    with gateway(tmp_path, "nats://127.0.0.1:1") as lonely:
        async with lonely.client() as api, asyncio.timeout(20):
            while True:
                try:
                    answer = await api.get("/health")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)
            ready = await api.get("/health/ready")
            refused = await api.post("/edit-image/", **form())

    assert answer.status_code == 200
    assert (ready.status_code, list(ready.json()["missing"])) == (503, ["bus", "feed"])
    assert refused.status_code == 503
    assert int(refused.headers["Retry-After"]) > 0
