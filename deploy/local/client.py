"""The public API as the demo uses it: submit one edit, follow it to its end."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final

import httpx
from pydantic import BaseModel, ConfigDict

from deploy.local.errors import StackError

# A job is given 900 s by default; the stream says so itself before this.
FOLLOW_SECONDS: Final = 960.0
# The gateway speaks at least every 15 s.
SILENCE_SECONDS: Final = 45.0
RECONNECT_SECONDS: Final = 0.5


class Edit(BaseModel):
    """The answer to a submission."""

    model_config = ConfigDict(frozen=True)

    edit_id: str
    events_url: str


class Status(BaseModel):
    """What the demo shows of a status object."""

    model_config = ConfigDict(frozen=True)

    processing_stage: str
    message: str
    updated_at: datetime
    edited_image_url: str | None = None
    enhanced_prompt: str | None = None
    provider: str | None = None
    model: str | None = None
    note: str | None = None

    @property
    def shown(self) -> tuple[str, str]:
        """What somebody who watches can tell apart."""
        return self.processing_stage, self.message


@dataclass(frozen=True, slots=True)
class Frame:
    """One event of a stream."""

    event: str
    data: str
    id: str | None


async def submit(client: httpx.AsyncClient, photo: Path, prompt: str) -> Edit:
    """Send picture and sentence. Raises StackError with the gateway's reason for a refusal."""
    picture = await asyncio.to_thread(photo.read_bytes)
    answer = await client.post(
        "/edit-image/", data={"prompt": prompt}, files={"image": (photo.name, picture)}
    )
    if answer.status_code != httpx.codes.OK:
        raise StackError(f"the edit was refused: {_detail(answer)}")
    return Edit.model_validate_json(answer.content)


async def follow(client: httpx.AsyncClient, edit: Edit) -> AsyncIterator[Status]:
    """Each status as it comes, the final one last; a cut stream is taken up where it was.

    Raises StackError when the edit does not end in time.
    """
    deadline, last_id = time.monotonic() + FOLLOW_SECONDS, ""
    while time.monotonic() < deadline:
        try:
            async for frame in _frames(client, edit.events_url, last_id):
                last_id = frame.id or last_id
                if frame.event in {"stage", "end"}:
                    yield Status.model_validate_json(frame.data)
                if frame.event == "end":
                    return
        except httpx.TransportError:
            await asyncio.sleep(RECONNECT_SECONDS)
    raise StackError(f"edit {edit.edit_id} did not end within {FOLLOW_SECONDS:g} s")


async def parse(lines: AsyncIterator[str]) -> AsyncIterator[Frame]:
    """Lines of an event stream as frames; comments and `retry` are skipped."""
    fields: dict[str, str] = {}
    async for line in lines:
        if not line:
            if "data" in fields:
                yield Frame(fields.get("event", "message"), fields["data"], fields.get("id"))
            fields = {}
            continue
        name, _, value = line.partition(":")
        value = value.removeprefix(" ")
        fields[name] = f"{fields[name]}\n{value}" if name == "data" and name in fields else value


async def _frames(client: httpx.AsyncClient, url: str, last_id: str) -> AsyncIterator[Frame]:
    headers = {"Accept": "text/event-stream"} | ({"Last-Event-ID": last_id} if last_id else {})
    patience = httpx.Timeout(10, read=SILENCE_SECONDS)
    async with client.stream("GET", url, headers=headers, timeout=patience) as answer:
        answer.raise_for_status()
        async for frame in parse(answer.aiter_lines()):
            yield frame


def _detail(answer: httpx.Response) -> str:
    try:
        return str(json.loads(answer.content)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"HTTP {answer.status_code}"
