"""Jobs of every kind over HTTP: what submitting them answers, and each of them by its id."""

import base64
import json
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.errors import ErrorCode
from contracts.journal import Kind, Stage
from contracts.queries import Erasure, ErasureQuestion, JobRecord, Reply
from contracts.subjects import STORAGE_ERASE_QUERY
from tests import hostile
from tests.connected.gateways import UNLIMITED, Others
from tests.pictures import plain
from tests.samples import job

FRONT = UNLIMITED
PICTURE = plain(64, 48)
TEXT = base64.b64encode(PICTURE).decode()
FILE = {"image": ("p.jpg", PICTURE)}
VARIATIONS, CUTOUTS = "/api/variations", "/api/remove-background"
Json = dict[str, Any]

ACCEPTED: dict[str, tuple[str, Json]] = {
    "a variation as JSON": (VARIATIONS, {"json": {"image": TEXT, "prompt": "softer"}}),
    "a variation as a form": (VARIATIONS, {"data": {"fast": "true"}, "files": FILE}),
    "a variation of a style": (VARIATIONS, {"json": {"style_id": "ink"}}),
    "a cutout as JSON": (CUTOUTS, {"json": {"image_data": f"data:image/jpeg;base64,{TEXT}"}}),
    "a cutout as a form": (f"{CUTOUTS}/", {"files": FILE}),
    "a cutout as bytes": (
        CUTOUTS,
        {"content": PICTURE, "headers": {"Content-Type": "application/octet-stream"}},
    ),
    "a cutout as a picture": (
        CUTOUTS,
        {"content": PICTURE, "headers": {"Content-Type": "image/png; q=1"}},
    ),
}


@pytest.mark.parametrize(("path", "request_"), ACCEPTED.values(), ids=ACCEPTED)
async def test_the_answer_tells_where_to_look_and_what_allows_to_cancel(
    api, behind, path: str, request_: Json
):
    answer = await api.post(path, **request_)

    told = answer.json()
    assert answer.status_code == 202, told
    url = f"{str(api.base_url).rstrip('/')}/api/jobs/{told['job_id']}"
    assert set(told) == {"job_id", "status_url", "stream_url", "edit_token"}
    assert (told["status_url"], told["stream_url"]) == (url, f"{url}/stream")
    status = (await api.get(told["status_url"])).json()
    assert (status["job_id"], status["status"]) == (told["job_id"], "pending")
    async with httpx.AsyncClient() as anybody:
        token = {"X-Edit-Token": told["edit_token"]}
        assert (await anybody.post(f"{url}/cancel", headers=token)).status_code == 202


REFUSALS: dict[str, tuple[str, Json, int, str]] = {
    "bytes as a variation": (
        VARIATIONS,
        {"content": PICTURE, "headers": {"Content-Type": "image/jpeg"}},
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "text as a cutout": (
        CUTOUTS,
        {"content": b"x", "headers": {"Content-Type": "text/plain"}},
        415,
        "UNSUPPORTED_MEDIA_TYPE",
    ),
    "a GIF": (CUTOUTS, {"files": {"image": hostile.gif()}}, 400, "UNSUPPORTED_IMAGE"),
    "a truncated JPEG": (
        VARIATIONS,
        {"files": {"image": hostile.truncated_jpeg()}},
        400,
        "INVALID_IMAGE",
    ),
    "30,000 x 30,000": (
        CUTOUTS,
        {"files": {"image": hostile.huge_png()}},
        400,
        "IMAGE_TOO_LARGE",
    ),
    "25 MB of bytes": (
        CUTOUTS,
        {"content": b"x" * 25_000_000, "headers": {"Content-Type": "image/jpeg"}},
        413,
        "PAYLOAD_TOO_LARGE",
    ),
    "two pictures": (
        VARIATIONS,
        {"json": {"image": TEXT, "image_id": str(uuid4())}},
        422,
        "INVALID_REQUEST",
    ),
    "two pictures in a form": (
        CUTOUTS,
        {"data": {"image_data": TEXT}, "files": FILE},
        422,
        "INVALID_REQUEST",
    ),
    "words for a cutout": (
        CUTOUTS,
        {"json": {"image": TEXT, "prompt": "blue"}},
        422,
        "OPTION_UNSUPPORTED",
    ),
    "a seed for a variation": (
        VARIATIONS,
        {"data": {"seed": "7"}, "files": FILE},
        422,
        "OPTION_UNSUPPORTED",
    ),
    "no JSON": (
        CUTOUTS,
        {"content": b"{", "headers": {"Content-Type": "application/json"}},
        422,
        "INVALID_REQUEST",
    ),
    "a bad key": (
        CUTOUTS,
        {"files": FILE, "headers": {"Idempotency-Key": "a b"}},
        422,
        "INVALID_REQUEST",
    ),
}


@pytest.mark.parametrize(("path", "request_", "status", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_bad_input_is_refused_in_words(
    api, behind, path: str, request_: Json, status: int, code: str
):
    answer = await api.post(path, **request_)

    problem = answer.json()
    assert (answer.status_code, problem["error_code"]) == (status, code)
    assert problem["detail"].endswith(".")


async def test_what_is_usual_may_be_said_where_it_is_no_choice(api, behind):
    usual = {"enhance": "true", "prompt": "", "style_id": "null", "seed": "", "image_data": ""}

    answer = await api.post(CUTOUTS, data=usual, files=FILE)

    assert answer.status_code == 202, answer.text


async def lived(behind: Others, kind: Kind) -> Any:
    """A job of the kind that has completed."""
    opened = job(kind=kind, prompt="")
    await behind.append(opened)
    return await behind.append(
        opened.advance(Stage.COMPLETED, work={"result": opened.facts.original})
    )


@pytest.mark.parametrize("kind", list(Kind))
async def test_a_job_is_the_same_by_poll_by_stream_and_by_either_address(api, behind, kind: Kind):
    entry = await lived(behind, kind)
    path = f"/api/jobs/{entry.job_id}"

    told = (await api.get(path)).json()
    stream = (await api.get(f"{path}/stream")).text
    again = (await api.get(f"/edit/{entry.job_id}")).json()

    assert (told["kind"], told["message"]) == (kind, entry.public.message)
    last = [line for line in stream.splitlines() if line.startswith("data: ")][-1]
    assert json.loads(last.removeprefix("data: ")) == told == again
    assert stream.count("event: stage") == 2
    assert stream.count("event: end") == 1


@pytest.mark.parametrize(
    ("method", "path"), [("GET", ""), ("GET", "/stream"), ("POST", "/cancel"), ("DELETE", "")]
)
async def test_unknown_erased_and_nonsense_jobs_are_not_found(api, behind, method: str, path: str):
    entry = job(kind=Kind.CUTOUT)
    await behind.append(entry)
    await behind.append(entry.erase())

    for job_id in (uuid4(), entry.job_id, "7"):
        answer = await api.request(method, f"/api/jobs/{job_id}{path}")
        assert answer.status_code == 404
        assert answer.json()["error_code"] == "JOB_NOT_FOUND"
        assert answer.json()["detail"] == "Job not found"


async def test_only_who_may_cancels_and_it_is_cancelled_once(api, behind):
    told = (await api.post(CUTOUTS, files=FILE)).json()
    cancel = f"{told['status_url']}/cancel"
    api.cookies.clear()

    stranger = await api.post(cancel)
    first, again = [
        await api.post(cancel, headers={"X-Edit-Token": told["edit_token"]}) for _ in range(2)
    ]

    assert (stranger.status_code, stranger.json()["error_code"]) == (404, "JOB_NOT_FOUND")
    assert (first.status_code, again.status_code) == (202, 200)
    assert first.json()["message"] == "Background removal cancelled."


async def test_a_job_of_any_kind_is_erased(api, behind):
    told = (await api.post(CUTOUTS, files=FILE)).json()
    entry = await behind.last(told["job_id"])

    async def erase(message: Any) -> None:
        question = ErasureQuestion.model_validate_json(message.data)
        erased = JobRecord(entry=entry.erase(), sequence=1)
        assert question.job_id == entry.job_id
        reply = Reply[Erasure](answer=Erasure(job=erased, objects=("original",)))
        await message.respond(reply.model_dump_json().encode())

    await behind.client.subscribe(STORAGE_ERASE_QUERY, cb=erase)

    answer = (await api.delete(told["status_url"])).json()

    assert (answer["uuid"], answer["job_id"]) == (told["job_id"], told["job_id"])
    assert answer["removed"]["objects"] == ["original"]


async def test_a_failure_is_told_with_its_sentence(api, behind):
    entry = job(kind=Kind.CUTOUT)
    await behind.append(entry)
    await behind.append(entry.fail(ErrorCode.NO_OBJECT_FOUND, "There is nothing to cut out."))

    told = (await api.get(f"/api/jobs/{entry.job_id}")).json()

    assert (told["status"], told["error_code"]) == ("failed", "NO_OBJECT_FOUND")
    assert told["message"] == "There is nothing to cut out."
    assert told["result_url"] is None
