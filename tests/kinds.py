"""Jobs of every kind over HTTP, each by its own way in."""

from typing import Any
from uuid import UUID

import httpx

from contracts.journal import PROGRESS, JournalEntry, Kind
from services.chassis.journal import JetStreamJournal
from tests import api
from tests.buses import connected
from tests.pictures import photo

WAYS_IN = {
    Kind.EDIT: "/edit-image/",
    Kind.VARIATION: "/api/variations",
    Kind.CUTOUT: "/api/remove-background",
    Kind.DESCRIPTION: "/submit",
}
USUAL: dict[Kind, dict[str, str]] = {
    Kind.EDIT: {"prompt": "make it blue"},
    Kind.VARIATION: {"prompt": "make it blue"},
    Kind.CUTOUT: {},
    Kind.DESCRIPTION: {},
}


async def start(
    client: httpx.AsyncClient, kind: Kind, *, picture: bytes | None = None, **fields: Any
) -> str:
    """Submit a job of the kind with a picture; its id."""
    part = "file" if kind is Kind.DESCRIPTION else "image"
    answer = await client.post(
        WAYS_IN[kind],
        data={**USUAL[kind], **fields},
        files={part: ("photo.jpg", picture or photo(), "image/jpeg")},
    )
    assert answer.is_success, answer.text
    told = answer.json()
    return str(told.get("job_id") or told["edit_id"])


async def job(client: httpx.AsyncClient, job_id: str) -> api.Json:
    """What the job's status is now."""
    answer = await client.get(f"/api/jobs/{job_id}")
    assert answer.status_code == httpx.codes.OK, answer.text
    return dict(answer.json())


async def whole_line(nats_url: str, job_id: str) -> list[JournalEntry]:
    """The job's entries; asserts that they count by one, never step back, and end once."""
    async with connected(nats_url) as bus:
        entries = [recorded.entry for recorded in await JetStreamJournal(bus).replay(UUID(job_id))]
    assert [entry.index for entry in entries] == list(range(len(entries)))
    ranks = [PROGRESS[entry.stage] for entry in entries]
    assert ranks == sorted(ranks)
    assert [entry.terminal for entry in entries].count(True) == 1
    return entries


async def ended(client: httpx.AsyncClient, job_id: str) -> api.Json:
    """The status of the job's ending."""
    await api.ended(client, job_id)
    return await job(client, job_id)
