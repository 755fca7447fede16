"""`GET /edit/{uuid}` and `GET /edit/{uuid}/events`: the status object, stage by stage."""

import json
from uuid import uuid4

import httpx
import pytest

from tests import api
from tests.api import Json

FIELDS = {
    *("uuid", "kind", "status", "processing_stage", "message", "progress_percent", "is_complete"),
    *("is_error", "edited_image_url", "original_image_url", "prompt", "enhanced_prompt"),
    *("provider", "model", "parent_edit_uuid", "chain_position", "attempt", "retry_at"),
    *("retry_reason", "error_code", "created_at", "updated_at"),
}
STAGES = {
    "pending": (10, "pending", "Your edit is queued..."),
    "enhancing_prompt": (25, "processing", "Enhancing your prompt with AI..."),
    "fetching_image": (40, "processing", "Preparing your image..."),
    "ai_processing": (65, "processing", "Creating your edited image with AI..."),
    "uploading_result": (90, "processing", "Finalizing your edit..."),
    "completed": (100, "completed", "Edit completed successfully!"),
}


async def told(client: httpx.AsyncClient, edit: str) -> list[Json]:
    """Every status object of the stream, the ending twice."""
    return [json.loads(frame.data) async for frame in api.frames(client, edit)]


@pytest.mark.parametrize("stage", STAGES)
async def test_each_stage_of_an_edit_is_told_with_its_progress_and_sentence(client, stage: str):
    answer = await api.submit(client)

    entered = next(
        s for s in await told(client, answer["edit_id"]) if s["processing_stage"] == stage
    )

    assert (entered["progress_percent"], entered["status"], entered["message"]) == STAGES[stage]


async def test_without_enhancement_that_stage_is_left_out(client):
    answer = await api.submit(client, enhance="false")

    stages = {status["processing_stage"] for status in await told(client, answer["edit_id"])}

    assert stages == set(STAGES) - {"enhancing_prompt"}


async def test_failed_keeps_the_progress_and_says_a_sentence_without_internals(client):
    answer = await api.submit(client, "put a hat on the dog")

    final = (await told(client, answer["edit_id"]))[-1]

    assert (final["status"], final["processing_stage"]) == ("failed", "failed")
    assert (final["is_error"], final["is_complete"]) == (True, False)
    assert final["progress_percent"] == 65
    assert final["error_code"] == "NOT_UNDERSTOOD"
    assert final["edited_image_url"] is None


async def test_cancelled_is_an_error_to_clients_that_know_two_flags(client, house):
    house.parts["enhancer"].kill()
    try:
        answer = await api.submit(client)
        path = answer["polling_url"]
        first = await client.post(f"{path}/cancel")
        second = await client.post(f"{path}/cancel")
    finally:
        house.parts["enhancer"].start()

    assert (first.status_code, second.status_code) == (202, 200)
    assert second.json() == first.json()
    assert first.json()["message"] == "Edit cancelled."
    assert first.json()["progress_percent"] == 10
    assert (first.json()["is_error"], first.json()["is_complete"]) == (True, False)


async def test_the_status_object_has_every_documented_field(client):
    answer = await api.submit(client)

    final = await api.ended(client, answer["edit_id"])

    assert set(final) >= FIELDS
    assert final["uuid"] == answer["edit_id"]
    assert (final["kind"], final["provider"]) == ("edit", "local")
    assert final["created_at"].endswith("Z")


async def test_the_edited_image_is_absolute_and_the_same_on_every_read(client):
    answer = await api.submit(client)
    final = await api.ended(client, answer["edit_id"])

    again = await api.status(client, answer["edit_id"])

    assert final["edited_image_url"] == again["edited_image_url"]
    assert final["edited_image_url"].startswith("http://")


async def test_progress_never_goes_down(client):
    answer = await api.submit(client)

    progress = [status["progress_percent"] for status in await told(client, answer["edit_id"])]

    assert progress == sorted(progress)


async def test_poll_and_stream_show_the_same_object_and_the_stream_ends_with_it(client):
    answer = await api.submit(client)
    frames = [frame async for frame in api.frames(client, answer["edit_id"])]

    assert {frame.event for frame in frames[:-1]} == {"stage"}
    assert (frames[-1].event, frames[-1].id) == ("end", None)
    assert json.loads(frames[-1].data) == await api.status(client, answer["edit_id"])


async def test_a_stream_resumes_after_the_entry_that_was_seen_last(client):
    answer = await api.submit(client)
    frames = [frame async for frame in api.frames(client, answer["edit_id"])]

    rest = [f async for f in api.frames(client, answer["edit_id"], last_event_id=frames[1].id)]

    assert [frame.id for frame in rest] == [frame.id for frame in frames[2:]]


@pytest.mark.parametrize("seen", ["7", "nonsense"])
async def test_an_unknown_or_invalid_id_replays_all(client, seen: str):
    answer = await api.submit(client)
    await api.ended(client, answer["edit_id"])

    frames = [f async for f in api.frames(client, answer["edit_id"], last_event_id=seen)]

    assert json.loads(frames[0].data)["processing_stage"] == "pending"


async def test_who_has_seen_the_ending_is_answered_204(client):
    answer = await api.submit(client)
    frames = [frame async for frame in api.frames(client, answer["edit_id"])]
    path = f"/edit/{answer['edit_id']}/events"

    by_header = await client.get(path, headers={"Last-Event-ID": frames[-2].id or ""})
    by_query = await client.get(path, params={"last_event_id": frames[-2].id or ""})

    assert (by_header.status_code, by_query.status_code) == (204, 204)


async def test_a_stream_is_never_kept_or_buffered_on_its_way(client):
    answer = await api.submit(client)

    got = await client.get(f"/edit/{answer['edit_id']}/events")

    assert got.headers["content-type"].startswith("text/event-stream")
    assert got.headers["cache-control"] == "no-store, no-transform"
    assert got.headers["x-accel-buffering"] == "no"
    assert got.text.count("retry:") == 1


@pytest.mark.parametrize("id_", [str(uuid4()), "nonsense"])
@pytest.mark.parametrize("path", ["", "/events"])
async def test_an_unknown_edit_is_a_404_problem(client, id_: str, path: str):
    answer = await client.get(f"/edit/{id_}{path}")

    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["detail"] == "Edit not found"
