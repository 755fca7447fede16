"""Edits over bare sockets: nothing of the client is in the figures."""

import asyncio
import json
import time
from dataclasses import dataclass
from urllib.parse import urlsplit
from uuid import UUID

import httpx

from tests.pictures import photo
from tests.streams import event_stream

PROMPT = "make it blue"


@dataclass(frozen=True, slots=True)
class Edit:
    """A job that has completed."""

    job_id: UUID
    milliseconds: float
    """From the POST to the frame that says completed."""


async def one_edit(url: str) -> Edit:
    """The bundled photo, edited. Raises AssertionError for another ending than completed."""
    request = post_request(url, photo())
    begun = time.perf_counter()
    [job_id] = await post_all(url, 1, request)
    async with event_stream(f"{url}/edit/{job_id}/events") as stream:
        async for frame in stream:
            if b'"completed"' in frame.data:
                return Edit(job_id, (time.perf_counter() - begun) * 1000)
    raise AssertionError("the stream ended without completed")


async def post_all(url: str, count: int, request: bytes) -> list[UUID]:
    """The same submission so many times, one after the other; the jobs' ids."""
    parts = urlsplit(url)
    reader, writer = await asyncio.open_connection(parts.hostname, parts.port)
    try:
        return [await _post(reader, writer, request) for _ in range(count)]
    finally:
        writer.close()


def post_request(url: str, picture: bytes) -> bytes:
    """A picture and a sentence as a form."""
    form = httpx.Request(
        "POST",
        f"{url}/edit-image/",
        data={"prompt": PROMPT},
        files={"image": ("photo.jpg", picture, "image/jpeg")},
    )
    lines = [f"{name}: {value}" for name, value in form.headers.items()]
    head = "\r\n".join(["POST /edit-image/ HTTP/1.1", *lines, "", ""])
    return head.encode() + form.read()


async def _post(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, body: bytes) -> UUID:
    writer.write(body)
    head = await reader.readuntil(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200"), head
    length = next(
        int(line.partition(b":")[2])
        for line in head.lower().split(b"\r\n")
        if line.startswith(b"content-length:")
    )
    return UUID(json.loads(await reader.readexactly(length))["edit_id"])
