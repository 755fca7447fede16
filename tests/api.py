"""The public API as a client uses it."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx

from deploy.local.client import Frame, parse
from tests.pictures import photo

Json = dict[str, Any]
PATIENCE_SECONDS = 90.0


def client(url: str) -> httpx.AsyncClient:
    """A client without a proxy, cookies of its own."""
    return httpx.AsyncClient(base_url=url, timeout=httpx.Timeout(30), trust_env=False)


async def submit(api: httpx.AsyncClient, prompt: str = "make it blue", **options: Any) -> Json:
    """Start an edit; the answer of the POST."""
    picture = options.pop("picture", None) or photo()
    headers = options.pop("headers", {})
    answer = await api.post(
        "/edit-image/",
        data={"prompt": prompt, **options},
        files={"image": ("photo.jpg", picture)},
        headers=headers,
    )
    assert answer.status_code == httpx.codes.OK, answer.text
    return dict(answer.json())


async def status(api: httpx.AsyncClient, edit_id: str) -> Json:
    """The status object."""
    answer = await api.get(f"/edit/{edit_id}")
    assert answer.status_code == httpx.codes.OK, answer.text
    return dict(answer.json())


async def ended(api: httpx.AsyncClient, edit_id: str, *, within: float = PATIENCE_SECONDS) -> Json:
    """The status object of the job's ending; polls that fail meanwhile are made again."""
    deadline = time.monotonic() + within
    last: Json = {}
    while time.monotonic() < deadline:
        try:
            last = await status(api, edit_id)
        except httpx.TransportError:
            pass
        else:
            if last["is_complete"] or last["is_error"]:
                return last
        await asyncio.sleep(0.02)
    raise AssertionError(f"not ended within {within} s: {last}")


async def frames(
    api: httpx.AsyncClient, edit_id: str, *, last_event_id: str = ""
) -> AsyncIterator[Frame]:
    """The frames of one connection to a job's stream."""
    headers = {"Last-Event-ID": last_event_id} if last_event_id else {}
    patience = httpx.Timeout(10, read=60)
    url = f"/edit/{edit_id}/events"
    async with api.stream("GET", url, headers=headers, timeout=patience) as answer:
        answer.raise_for_status()
        if answer.status_code == httpx.codes.NO_CONTENT:
            return
        async for frame in parse(answer.aiter_lines()):
            yield frame


async def followed(
    api: httpx.AsyncClient, edit_id: str, *, within: float = PATIENCE_SECONDS
) -> Json:
    """The status object of the job's ending, as its stream tells it: far cheaper than polling."""
    async with asyncio.timeout(within):
        async for frame in frames(api, edit_id):
            if frame.event == "end":
                return dict(json.loads(frame.data))
    raise AssertionError("the stream ended without an end")
