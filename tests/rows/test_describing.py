"""`/submit`, `/status` and `/result`: what is in a picture."""

import asyncio
import json
from uuid import uuid4

import pytest

from contracts.journal import Kind
from tests import api
from tests.hostile import gif
from tests.pictures import photo, plain
from tests.rows.doors import BusDoor, image_of

GONE_SECONDS = 60.0


async def submitted(client, picture: bytes | None = None) -> str:
    answer = await client.post("/submit", files={"file": picture or photo()})
    assert answer.status_code == 202, answer.text
    assert set(answer.json()) >= {"job_id", "status"}
    return str(answer.json()["job_id"])


@pytest.mark.parametrize("suffix", [".jpg", ".png"])
async def test_a_picture_is_described_and_who_wrote_it_is_named(client, suffix: str):
    job = await submitted(client, plain(300, 200, suffix=suffix))
    await api.followed(client, job)

    status = (await client.get(f"/status/{job}")).json()
    result = (await client.get(f"/result/{job}")).json()

    assert set(status) == {"job_id", "status", "created_at", "updated_at"}
    assert status["status"] == result["status"] == "done"
    assert set(result) == {"job_id", "status", "description", "_generated_by"}
    assert result["_generated_by"] == "local-fallback"
    assert "300" in result["description"]


async def test_its_stages_are_told_as_for_any_job(client):
    job = await submitted(client)
    told = [json.loads(frame.data) async for frame in api.frames(client, job)]

    stages = [status["processing_stage"] for status in told]
    assert list(dict.fromkeys(stages)) == ["pending", "fetching_image", "describing", "completed"]
    final = (await client.get(f"/api/jobs/{job}")).json()
    assert final["message"] == "Description completed successfully!"
    assert final["description"] == (await client.get(f"/result/{job}")).json()["description"]


async def test_the_upload_is_deleted_when_the_job_has_ended(client):
    job = await submitted(client)

    told = [json.loads(frame.data) async for frame in api.frames(client, job)]

    assert told[-1]["original_image_url"] is None
    async with asyncio.timeout(GONE_SECONDS):
        while (await client.get(told[0]["original_image_url"])).status_code != 404:
            await asyncio.sleep(0.2)


async def test_a_picture_that_was_uploaded_before_is_described_over_the_bus(client, bus):
    door = BusDoor(client, bus)

    answer = await door.submit("", kind=Kind.DESCRIPTION, image_id=await image_of(client))

    assert answer.job is not None, answer.problem
    assert (await api.followed(client, answer.job))["description"]


@pytest.mark.parametrize("picture", [plain(8, 6, suffix=".webp"), gif()], ids=["webp", "gif"])
async def test_other_types_are_refused_with_those_that_are_taken(client, picture: bytes):
    answer = await client.post("/submit", files={"file": ("p.png", picture)})

    problem = answer.json()
    assert (answer.status_code, problem["error_code"]) == (400, "UNSUPPORTED_IMAGE")
    assert problem["detail"].endswith("send a JPEG or PNG.")


@pytest.mark.parametrize("path", ["status", "result"])
async def test_a_job_of_another_kind_is_unknown_there(client, path: str):
    edit = (await api.submit(client))["edit_id"]

    for job in (edit, uuid4(), "7"):
        answer = await client.get(f"/{path}/{job}")
        assert (answer.status_code, answer.json()["detail"]) == (404, "Job not found")
