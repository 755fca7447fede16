"""Pictures by their id at a gateway process: whose they are, small copies, what a client keeps."""

from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.journal import JournalEntry, Kind, Stage
from contracts.objects import thumb_key
from tests.connected.gateways import ADMIN_TOKEN, PLATFORM_HEADERS, UNLIMITED, Others
from tests.pictures import photo, pixels, plain
from tests.samples import job

FRONT = UNLIMITED
PICTURE = plain(640, 400)
FILE = {"image": ("p.jpg", PICTURE)}
ADMIN = {"X-Admin-Token": ADMIN_TOKEN}
Json = dict[str, Any]


async def upload(api: httpx.AsyncClient, picture: bytes = PICTURE) -> str:
    answer = await api.post("/api/images", content=picture)
    return f"/api/images/{answer.json()['image_id']}"


async def completed(behind: Others, told: Json) -> JournalEntry:
    """The job once the other services are through with it; its result is its original."""
    entry = await behind.last(told["job_id"])
    return await behind.append(
        entry.advance(Stage.COMPLETED, work={"result": entry.facts.original})
    )


async def test_an_upload_is_read_by_its_owner_alone(api, behind, doors):
    path = await upload(api)

    own = await api.get(path)
    async with doors[0].client() as stranger:
        theirs = [await stranger.get(path), await stranger.get(path, headers=PLATFORM_HEADERS)]

    assert (own.status_code, own.content) == (200, PICTURE)
    assert own.headers["Content-Type"] == "image/jpeg"
    assert own.headers["Cache-Control"] == "private, no-cache"
    for answer in theirs:
        assert (answer.status_code, answer.json()["error_code"]) == (404, "IMAGE_NOT_FOUND")
        assert "set-cookie" not in answer.headers


async def test_whoever_holds_an_uploads_id_may_submit_it(api, behind, doors):
    image_id = (await upload(api)).rpartition("/")[2]

    async with doors[0].client() as stranger:
        answer = await stranger.post("/api/remove-background", json={"image_id": image_id})

    assert answer.status_code == 202


async def test_a_platforms_upload_is_its_users(platform_api, behind):
    path = await upload(platform_api)

    other = {"X-User-Id": "somebody-else"}

    assert (await platform_api.get(path)).content == PICTURE
    assert (await platform_api.get(path, headers=other)).status_code == 404


@pytest.mark.parametrize("image_id", [str(uuid4()), "7", "..%2f"])
async def test_an_unknown_picture_is_not_found(api, behind, image_id: str):
    answer = await api.get(f"/api/images/{image_id}")

    assert (answer.status_code, answer.json()["error_code"]) == (404, "IMAGE_NOT_FOUND")


async def test_a_job_stands_for_its_result_once_there_is_one(api, behind):
    told = (await api.post("/api/remove-background", files=FILE)).json()
    path = f"/api/images/{told['job_id']}"

    early = await api.get(path)
    original = await api.get(path, params={"role": "original"})
    await completed(behind, told)
    result = await api.get(path)

    assert (early.status_code, early.json()["error_code"]) == (404, "IMAGE_NOT_FOUND")
    assert early.json()["detail"] == "There is no result yet: the job has not completed."
    assert original.content == result.content == PICTURE


async def test_a_jobs_picture_is_its_owners_the_tokens_and_the_operators(api, behind, doors):
    told = (await api.post("/api/remove-background", files=FILE)).json()
    await completed(behind, told)
    path = f"/api/images/{told['job_id']}"

    async with doors[0].client() as stranger:
        answers = [
            await stranger.get(path, headers=headers)
            for headers in ({}, {"X-Edit-Token": "x"}, {"X-Edit-Token": told["edit_token"]}, ADMIN)
        ]

    assert [answer.status_code for answer in answers] == [404, 404, 200, 200]


@pytest.mark.parametrize("kind", [Kind.EDIT, Kind.CUTOUT])
async def test_a_forgotten_jobs_picture_is_not_found(api, behind, kind: Kind):
    entry = job(kind=kind)
    await behind.append(entry)
    await behind.append(entry.erase())

    answer = await api.get(f"/api/images/{entry.job_id}", headers=ADMIN)

    assert (answer.status_code, answer.json()["error_code"]) == (404, "IMAGE_NOT_FOUND")


async def test_a_small_copy_is_a_webp_kept_beside_its_source(api, behind, front):
    told = (await api.post("/api/remove-background", files={"image": photo()})).json()
    entry = await completed(behind, told)
    path = f"/api/images/{told['job_id']}?size=thumb"

    first, again = await api.get(path), await api.get(path)

    height, width, _ = pixels(first.content).shape
    assert max(height, width) == 256
    assert first.headers["Content-Type"] == "image/webp"
    assert first.content == again.content
    assert len(first.content) < 20_000
    assert await front.store.get(thumb_key(entry.facts.original.key)) == first.content


async def test_an_upload_with_a_small_copy_is_still_the_picture_that_is_submitted(api, behind):
    path = await upload(api)
    small = await api.get(path, params={"size": "thumb", "role": "original"})

    answer = await api.post("/api/remove-background", json={"image_id": path.rpartition("/")[2]})

    original = (await behind.last(answer.json()["job_id"])).facts.original
    assert small.headers["Content-Type"] == "image/webp"
    assert original is not None
    assert original.size_bytes == len(PICTURE)


async def test_ranges_heads_and_what_the_client_has_already(api, behind):
    path = await upload(api)
    whole = await api.get(path)

    part = await api.get(path, headers={"Range": "bytes=10-19"})
    beyond = await api.get(path, headers={"Range": "bytes=9999999-"})
    head = await api.head(path)
    known = await api.get(path, headers={"If-None-Match": f'"x", {whole.headers["ETag"]}'})

    assert (part.status_code, part.content) == (206, PICTURE[10:20])
    assert beyond.status_code == 416
    assert (head.status_code, head.content) == (200, b"")
    assert int(head.headers["Content-Length"]) == len(PICTURE)
    assert (known.status_code, known.content) == (304, b"")
    assert known.headers["Cache-Control"] == "private, no-cache"


@pytest.mark.parametrize("query", ["role=raw", "size=large"])
async def test_another_role_or_size_is_refused(api, behind, query: str):
    answer = await api.get(f"{await upload(api)}?{query}")

    assert (answer.status_code, answer.json()["error_code"]) == (422, "INVALID_REQUEST")
