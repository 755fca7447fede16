"""The two ways to submit a job to a gateway process, with the same questions and answers."""

from typing import Any, Protocol
from uuid import uuid4

import httpx
from pydantic import ConfigDict

from contracts.base import Message
from contracts.events import Problem, SubmissionRejected
from contracts.journal import JournalEntry, Kind
from contracts.subjects import COMMANDS, FEED, JOB_SUBMIT, JOURNAL, SUBMISSION_REJECTED
from tests.connected.gateways import Others
from tests.connected.places import eventually

PATHS = {
    Kind.EDIT: "/edit-image/",
    Kind.VARIATION: "/api/variations",
    Kind.CUTOUT: "/api/remove-background",
}


class Entrance(Protocol):
    """One of the two doors."""

    async def submit(self, key: str | None = None, **fields: Any) -> JournalEntry | Problem:
        """The job's first entry, or why there is none; an edit where no `kind` is named."""


class OverHttp:
    """The path of the kind, as JSON."""

    def __init__(self, api: httpx.AsyncClient, behind: Others) -> None:
        self._api = api
        self._behind = behind

    async def submit(self, key: str | None = None, **fields: Any) -> JournalEntry | Problem:
        headers = {} if key is None else {"Idempotency-Key": key}
        options, path = fields.pop("options", {}), PATHS[fields.pop("kind", Kind.EDIT)]
        answer = await self._api.post(path, json={**fields, **options}, headers=headers)
        told = answer.json()
        if not answer.is_success:
            return Problem.model_validate(told)
        return await self._behind.last(told.get("edit_id") or told["job_id"])


class Letter(Message):
    """A SubmitJob of any shape."""

    model_config = ConfigDict(extra="allow")


class OverTheBus:
    """`SubmitJob`."""

    def __init__(self, api: httpx.AsyncClient, behind: Others) -> None:
        self._owner = {"user_id": api.headers["X-User-Id"]}
        self._behind = behind

    async def submit(self, key: str | None = None, **fields: Any) -> JournalEntry | Problem:
        correlation = str(uuid4())
        if "parent_edit_uuid" in fields:
            fields["parent_job_id"] = fields.pop("parent_edit_uuid")
        letter = Letter(
            owner=self._owner, correlation_id=correlation, idempotency_key=key, **fields
        )
        await self._behind.bus.publish(JOB_SUBMIT, letter, message_id=correlation)
        await eventually(self._is_idle)
        return await self._rejection(correlation) or await self._newest()

    async def _is_idle(self) -> bool:
        return await self._behind.count(COMMANDS) == 0

    async def _rejection(self, correlation: str) -> Problem | None:
        if not await self._behind.count(FEED):
            return None
        message = await self._behind.bus.js.get_last_msg(FEED, SUBMISSION_REJECTED)
        rejected = SubmissionRejected.model_validate_json(message.data or b"")
        return rejected.problem if rejected.correlation_id == correlation else None

    async def _newest(self) -> JournalEntry:
        message = await self._behind.bus.js.get_last_msg(JOURNAL, "journal.*")
        return JournalEntry.model_validate_json(message.data or b"")


async def image_of(api: httpx.AsyncClient, picture: bytes) -> str:
    """The id of an upload."""
    return str((await api.post("/api/images", content=picture)).json()["image_id"])


async def accepted(entrance: Entrance, **fields: Any) -> JournalEntry:
    """The first entry of a job."""
    answer = await entrance.submit(**fields)
    assert isinstance(answer, JournalEntry), answer
    return answer


async def refused(entrance: Entrance, **fields: Any) -> tuple[int, str]:
    """Status and code of a refusal, which is a sentence."""
    answer = await entrance.submit(**fields)
    assert isinstance(answer, Problem), answer
    assert answer.detail.endswith(".") or answer.detail == "Edit not found"
    return answer.status, answer.error_code
