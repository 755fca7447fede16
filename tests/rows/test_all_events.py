"""`GET /events`: every job of the caller on one stream."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx
import pytest

from deploy.local.client import Frame, parse
from tests import api
from tests.rows.doors import USER

PATIENCE_SECONDS = 30


@pytest.fixture
def user() -> dict[str, str]:
    return {**USER, "X-User-Id": f"user-{uuid4().hex}"}


@asynccontextmanager
async def page(
    client: httpx.AsyncClient, user: dict[str, str], seen: str = ""
) -> AsyncIterator[AsyncIterator[Frame]]:
    """The frames of an open stream that tell something."""
    headers = user | ({"Last-Event-ID": seen} if seen else {})
    async with client.stream("GET", "/events", headers=headers) as answer:
        assert answer.status_code == 200
        yield (frame async for frame in parse(answer.aiter_lines()) if frame.data)


async def told(frames: AsyncIterator[Frame], *, endings: int) -> list[tuple[str, dict]]:
    """Ids and status objects, until so many jobs have ended."""
    found: list[tuple[str, dict]] = []
    async with asyncio.timeout(PATIENCE_SECONDS):
        while sum(status["is_complete"] or status["is_error"] for _, status in found) < endings:
            frame = await anext(frames)
            assert frame.event == "stage"
            found.append((str(frame.id), json.loads(frame.data)))
    return found


async def test_every_job_of_the_caller_is_told_on_one_stream(client, user):
    async with page(client, user) as frames:
        edits = [(await api.submit(client, headers=user))["edit_id"] for _ in range(2)]
        await api.submit(client, headers={**USER, "X-User-Id": "somebody-else"})
        entries = await told(frames, endings=2)

    assert {status["uuid"] for _, status in entries} == set(edits)
    ids = [int(id_) for id_, _ in entries]
    assert ids == sorted(set(ids))
    for edit in edits:
        last = [status for _, status in entries if status["uuid"] == edit][-1]
        assert last == await api.status(client, edit)


async def test_who_comes_back_is_told_what_was_missed_and_nothing_twice(client, user):
    async with page(client, user) as frames:
        await api.submit(client, headers=user)
        entries = await told(frames, endings=1)

    async with page(client, user, seen=entries[1][0]) as frames:
        rest = await told(frames, endings=1)

    assert rest == entries[2:]


async def test_an_erased_edit_is_told_to_who_comes_back(client, user):
    given = await api.submit(client, headers=user)
    async with page(client, user) as frames:
        entries = await told(frames, endings=1)
    await client.delete(given["polling_url"], headers={"X-Edit-Token": given["edit_token"]})

    async with page(client, user, seen=entries[-1][0]) as frames:
        ((_, erased),) = await told(frames, endings=1)

    assert (erased["uuid"], erased["processing_stage"]) == (given["edit_id"], "erased")
    assert erased["prompt"] is None


async def test_somebody_without_a_session_is_given_one_and_sees_what_they_submit(house):
    async with api.client(house.url) as visitor, page(visitor, {}) as frames:
        given = await api.submit(visitor)
        entries = await told(frames, endings=1)

    assert {status["uuid"] for _, status in entries} == {given["edit_id"]}
