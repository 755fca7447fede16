"""`/submit`, `/status` and `/result` at a gateway process, and ratings of every kind of job."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.errors import ErrorCode
from contracts.journal import Kind, Stage, Written
from tests import hostile
from tests.connected.gateways import PLATFORM_HEADERS, UNLIMITED
from tests.pictures import plain
from tests.samples import job

FRONT = UNLIMITED
PICTURE = plain(64, 48)
WRITTEN = Written(text="A cat.", provider="local", model="local-fallback")
Json = dict[str, Any]


async def submitted(api: httpx.AsyncClient, picture: bytes = PICTURE) -> Json:
    answer = await api.post("/submit", files={"file": ("p.jpg", picture)})
    assert answer.status_code == 202, answer.text
    return dict(answer.json())


@pytest.mark.parametrize("path", ["/submit", "/submit/"])
@pytest.mark.parametrize("suffix", [".jpg", ".png"])
async def test_a_picture_is_taken_and_its_job_is_queued(api, behind, path: str, suffix: str):
    picture = plain(64, 48, suffix=suffix)

    answer = await api.post(path, files={"file": ("anything", picture)})

    told = answer.json()
    assert answer.status_code == 202
    assert set(told) == {"job_id", "status", "edit_token"}
    assert told["status"] == "queued"
    entry = await behind.last(told["job_id"])
    assert (entry.kind, entry.facts.prompt) == (Kind.DESCRIPTION, "")
    assert entry.facts.original is not None
    assert entry.facts.original.size_bytes == len(picture)


REFUSALS: dict[str, tuple[Json, int, str]] = {
    "a WebP": ({"files": {"file": plain(8, 6, suffix=".webp")}}, 400, "UNSUPPORTED_IMAGE"),
    "a GIF": ({"files": {"file": ("p.png", hostile.gif())}}, 400, "UNSUPPORTED_IMAGE"),
    "text": ({"files": {"file": b"no picture"}}, 400, "INVALID_IMAGE"),
    "a truncated JPEG": ({"files": {"file": hostile.truncated_jpeg()}}, 400, "INVALID_IMAGE"),
    "30,000 x 30,000": ({"files": {"file": hostile.huge_png()}}, 400, "IMAGE_TOO_LARGE"),
    "25 MB": ({"files": {"file": PICTURE + b"\0" * 25_000_000}}, 413, "PAYLOAD_TOO_LARGE"),
    "another part": ({"files": {"image": PICTURE}}, 422, "INVALID_REQUEST"),
    "a second picture": (
        {"files": {"file": PICTURE}, "data": {"image": "x"}},
        422,
        "INVALID_REQUEST",
    ),
    "words": (
        {"files": {"file": PICTURE}, "data": {"prompt": "what?"}},
        422,
        "OPTION_UNSUPPORTED",
    ),
    "JSON": ({"json": {"image": "x"}}, 415, "UNSUPPORTED_MEDIA_TYPE"),
    "a bad key": (
        {"files": {"file": PICTURE}, "headers": {"Idempotency-Key": "a b"}},
        422,
        "INVALID_REQUEST",
    ),
}


@pytest.mark.parametrize(("request_", "status", "code"), REFUSALS.values(), ids=REFUSALS)
async def test_bad_input_is_refused_in_words(api, behind, request_: Json, status: int, code: str):
    answer = await api.post("/submit", **request_)

    problem = answer.json()
    assert (answer.status_code, problem["error_code"]) == (status, code)
    assert problem["detail"].endswith(".")


async def test_the_same_key_is_the_same_job(platform_api, behind):
    key = {"Idempotency-Key": str(uuid4())}

    first, again = [
        await platform_api.post("/submit", files={"file": PICTURE}, headers=key) for _ in range(2)
    ]

    assert first.json() == again.json()


async def test_a_description_is_followed_to_its_result(api, behind):
    told = await submitted(api)
    status, result = f"/status/{told['job_id']}", f"/result/{told['job_id']}"

    queued = (await api.get(status)).json()
    early = await api.get(result)
    looking = await behind.append(
        (await behind.last(told["job_id"])).advance(Stage.DESCRIBING, work={"written": WRITTEN})
    )
    processing = (await api.get(status)).json()
    await behind.append(looking.advance(Stage.COMPLETED))
    done, written = (await api.get(status)).json(), await api.get(result)

    assert [queued["status"], processing["status"], done["status"]] == [
        "queued",
        "processing",
        "done",
    ]
    assert "error" not in done
    assert (early.status_code, early.json()["error_code"]) == (409, "JOB_NOT_COMPLETED")
    assert written.json() == {
        "job_id": told["job_id"],
        "status": "done",
        "description": "A cat.",
        "_generated_by": "local-fallback",
    }
    job_ = (await api.get(f"/api/jobs/{told['job_id']}")).json()
    assert (job_["description"], job_["original_image_url"]) == ("A cat.", None)


async def test_a_failure_says_why_in_both_places(api, behind):
    entry = job(kind=Kind.DESCRIPTION)
    await behind.append(entry)
    await behind.append(entry.fail(ErrorCode.CONTENT_MODERATED, "This cannot be described."))

    status = (await api.get(f"/status/{entry.job_id}")).json()
    result = await api.get(f"/result/{entry.job_id}")

    assert (status["status"], status["error"]) == ("failed", "This cannot be described.")
    assert (result.status_code, result.json()["detail"]) == (409, "This cannot be described.")


async def test_a_cancelled_description_counts_as_failed(api, behind):
    told = await submitted(api)
    token = {"X-Edit-Token": told["edit_token"]}

    await api.post(f"/api/jobs/{told['job_id']}/cancel", headers=token)

    status = (await api.get(f"/status/{told['job_id']}")).json()
    assert (status["status"], status["error"]) == ("failed", "Description cancelled.")


@pytest.mark.parametrize("path", ["status", "result"])
async def test_unknown_erased_and_other_jobs_are_no_descriptions(api, behind, path: str):
    erased, edit = job(kind=Kind.DESCRIPTION), job()
    for entry in (erased, erased.erase(), edit):
        await behind.append(entry)

    for job_id in (uuid4(), erased.job_id, edit.job_id, "7"):
        answer = await api.get(f"/{path}/{job_id}")
        assert (answer.status_code, answer.json()["error_code"]) == (404, "JOB_NOT_FOUND")


@pytest.mark.parametrize("kind", [Kind.VARIATION, Kind.CUTOUT])
async def test_a_job_with_a_picture_is_rated_as_an_edit_is(api, behind, kind: Kind):
    entry = job(kind=kind)
    await behind.append(entry)
    rating = {"edit_uuid": str(entry.job_id), "rating": 1}

    early = await api.post("/feedback/", json=rating)
    await behind.append(entry.advance(Stage.COMPLETED, work={"result": entry.facts.original}))
    first, second = [await api.post("/feedback/", json=rating) for _ in range(2)]

    assert (early.status_code, early.json()["error_code"]) == (400, "JOB_NOT_COMPLETED")
    assert (first.status_code, second.status_code) == (200, 409)


async def test_a_description_is_not_rated(api, behind):
    entry = job(kind=Kind.DESCRIPTION)
    await behind.append(entry)
    await behind.append(entry.advance(Stage.COMPLETED, work={"written": WRITTEN}))

    answer = await api.post("/feedback/", json={"edit_uuid": str(entry.job_id), "rating": 1})

    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_REQUEST")


async def test_a_description_is_neither_a_picture_nor_continued(api, behind):
    entry = job(kind=Kind.DESCRIPTION)
    await behind.append(entry)
    await behind.append(entry.advance(Stage.COMPLETED, work={"written": WRITTEN}))
    edit = {"prompt": "blue", "image_id": str(entry.job_id)}

    source = await api.post("/edit-image/", json=edit)
    parent = await api.post(
        "/edit-image/", json={"prompt": "blue", "parent_edit_uuid": str(entry.job_id)}
    )

    assert (source.status_code, source.json()["error_code"]) == (404, "IMAGE_NOT_FOUND")
    assert (parent.status_code, parent.json()["error_code"]) == (404, "PARENT_NOT_FOUND")


async def test_pages_under_api_find_health_there_too(api):
    answer = await api.get("/api/health", headers=PLATFORM_HEADERS)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
