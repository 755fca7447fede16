"""`/feedback/` and `/analytics/…`."""

import asyncio
from uuid import uuid4

import httpx
import pytest

from tests import api
from tests.rows.doors import ADMIN, HttpDoor, completed


@pytest.fixture
async def edit(client: httpx.AsyncClient) -> str:
    """A completed edit."""
    return await completed(client, HttpDoor(client))


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"rating": 1}, "Thank you for your feedback!"),
        ({"rating": 1, "feedback_text": "lovely"}, "Thank you for your feedback!"),
        ({"rating": 0, "feedback_text": "too blue"}, "Thank you for helping us improve!"),
    ],
    ids=["up", "up with words", "down"],
)
@pytest.mark.parametrize("path", ["/feedback/", "/feedback"])
async def test_feedback_is_thanked_for_and_read_again(client, edit, said, message, path: str):
    answer = await client.post(path, json={"edit_uuid": edit, **said})
    read = await client.get(f"/feedback/{edit}")

    told = answer.json()
    assert (answer.status_code, told["success"], told["message"]) == (200, True, message)
    assert isinstance(told["feedback_id"], int)
    assert {k: read.json()[k] for k in ("edit_uuid", "rating", "feedback_text")} == {
        "edit_uuid": edit,
        "rating": said["rating"],
        "feedback_text": said.get("feedback_text"),
    }
    assert read.json()["created_at"].endswith("Z")


async def test_of_many_ratings_at_once_one_is_kept_and_the_others_are_409(client, edit):
    body = {"edit_uuid": edit, "rating": 1}

    answers = await asyncio.gather(*(client.post("/feedback/", json=body) for _ in range(20)))

    assert sorted(answer.status_code for answer in answers) == [200] + [409] * 19


@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"rating": 0}, 422),
        ({"rating": 0, "feedback_text": "  "}, 422),
        ({"rating": 1, "feedback_text": "x" * 1001}, 422),
        ({"rating": 2}, 422),
        ({"rating": True}, 422),
        ({}, 422),
        ({"rating": 1, "edit_uuid": str(uuid4())}, 404),
        ({"rating": 1, "edit_uuid": "nonsense"}, 404),
    ],
)
async def test_unfit_feedback_is_refused(client, edit, fields: dict, status: int):
    answer = await client.post("/feedback/", json={"edit_uuid": edit, **fields})

    assert answer.status_code == status
    assert isinstance(answer.json()["detail"], str)


async def test_feedback_for_an_edit_that_has_not_completed_is_400(client):
    given = await api.submit(client, "put a hat on the dog")
    await api.ended(client, given["edit_id"])

    answer = await client.post("/feedback/", json={"edit_uuid": given["edit_id"], "rating": 1})

    assert (answer.status_code, answer.json()["error_code"]) == (400, "EDIT_NOT_COMPLETED")


async def test_feedback_that_was_never_given_is_404(client, edit):
    answer = await client.get(f"/feedback/{edit}")

    assert (answer.status_code, answer.json()["error_code"]) == (404, "FEEDBACK_NOT_FOUND")


async def test_analytics_of_chains_count_those_of_two_edits_or_more(client, edit):
    before = (await client.get("/analytics/chains")).json()
    await completed(client, HttpDoor(client), parent=edit)

    async with asyncio.timeout(20):
        while (after := (await client.get("/analytics/chains")).json()) == before:
            await asyncio.sleep(0.05)

    assert after["success"] is True
    figures = after["analytics"]
    assert figures["total_chains"] == before["analytics"]["total_chains"] + 1
    assert figures["longest_chain"] >= figures["average_chain_length"] >= 2


async def test_analytics_of_feedback_tell_ratings_days_words_and_models(client, edit):
    body = {"edit_uuid": edit, "rating": 0, "feedback_text": "far too blue"}
    await client.post("/feedback/", json=body)

    answer = await client.get("/analytics/feedback", headers=ADMIN)

    figures = answer.json()["analytics"]
    assert answer.json()["success"] is True
    assert figures["by_rating"]["0"] >= 1
    assert {"by_day", "complaint_words", "by_model", "by_style"} <= set(figures)


async def test_analytics_of_processing_tell_counts_durations_and_classes_and_no_prompt(
    client, edit
):
    async with asyncio.timeout(20):
        while not (figures := await processing(client))["kinds"].get("edit", {}).get("p50_seconds"):
            await asyncio.sleep(0.05)

    edits = figures["kinds"]["edit"]
    assert edits["stages"]["completed"] >= 1
    assert 0 < edits["success_rate"] <= 1
    assert edits["p95_seconds"] >= edits["p50_seconds"]
    assert figures["prompt_classes"]["colour"] >= 1
    assert {"errors", "edits_per_day", "styles"} <= set(figures)
    assert "make it blue" not in str(figures)


async def processing(client: httpx.AsyncClient) -> dict:
    answer = await client.get("/analytics/processing", headers=ADMIN)
    return dict(answer.json()["analytics"])


@pytest.mark.parametrize("path", ["/analytics/feedback", "/analytics/processing"])
async def test_figures_of_operators_are_404_for_everybody_else(client, path: str):
    answers = [await client.get(path), await client.get(path, headers={"X-Admin-Token": "no"})]

    assert [answer.status_code for answer in answers] == [404, 404]
