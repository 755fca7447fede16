"""A job's row in the record: a pure function of the job's last journal entry."""

import json
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Protocol
from uuid import UUID

from contracts.journal import JournalEntry, Kind, Stage, Work
from contracts.objects import ObjectRef
from contracts.queries import JobRecord, MovedJob
from services.chassis.journal import Recorded
from services.chassis.judge import look_at

ESCAPED_NUL: Final = "\\u0000"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One row of `jobs`; whatever the last entry no longer says is NULL, so erasing erases."""

    job_id: UUID
    kind: str
    owner: str | None
    status: str
    stage: str
    sequence: int
    entry_index: int
    prompt: str | None
    enhanced_prompt: str | None
    provider: str | None
    model: str | None
    error_code: str | None
    original_key: str | None
    raw_key: str | None
    result_key: str | None
    parent_id: UUID | None
    chain_position: int
    request_id: str | None
    created_at: datetime
    updated_at: datetime
    ended_at: datetime | None
    watch_at: datetime | None
    """When the watchdog looks at the job next; NULL once it ended."""
    entry: str
    """The whole last entry as JSON, for reads past the journal's retention."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A row that was written: its job moved."""

    kind: Kind
    stage: Stage


class Jobs(Protocol):
    """The record. Every method raises UnavailableError while the database is away."""

    async def keep(self, rows: Iterable[Row]) -> list[Kept]:
        """Write the rows that are news; those that are not change nothing.

        Raises PermanentError when the database cannot hold one of them.
        """

    async def read(self, job_id: UUID) -> JobRecord:
        """The last known entry of a job."""

    async def moved(
        self, owner: str, *, after: int, ended_after: datetime | None, limit: int
    ) -> list[MovedJob]:
        """Jobs of the owner whose last entry lies past `after`, the latest first; or, with
        `ended_after`, those that have not ended, then those that ended after it.
        """

    async def claim_silent(self, now: datetime, *, limit: int) -> list[UUID]:
        """Jobs that this process alone looks at for some seconds, the longest waiting first."""

    async def unwatch(self, job_ids: Iterable[UUID]) -> None:
        """Look at these no more, until they move."""


def rows_of(batch: Iterable[Recorded]) -> list[Row]:
    """The rows that a batch leaves behind: of each job the latest entry, in a fixed order."""
    latest: dict[UUID, Recorded] = {}
    for recorded in sorted(batch, key=lambda recorded: recorded.sequence):
        latest[recorded.entry.job_id] = recorded
    # Two writers that lock rows in different orders would stop each other.
    return [row_of(latest[job_id]) for job_id in sorted(latest)]


def row_of(recorded: Recorded) -> Row:
    """The row of a job whose last entry this is."""
    entry, text = _as_text(recorded.entry)
    public = entry.public
    return Row(
        job_id=entry.job_id,
        kind=entry.kind,
        status=public.status,
        stage=public.stage,
        sequence=recorded.sequence,
        entry_index=entry.index,
        provider=public.provider,
        model=public.model,
        error_code=public.error_code,
        parent_id=public.parent_job_id,
        chain_position=public.chain_position,
        created_at=public.created_at,
        updated_at=public.updated_at,
        ended_at=public.updated_at if entry.terminal else None,
        watch_at=look_at(entry),
        entry=text,
        **_private(entry.work),
    )


def _as_text(entry: JournalEntry) -> tuple[JournalEntry, str]:
    """The entry, and it as JSON, without NUL characters, which Postgres holds in no text."""
    text = entry.model_dump_json(exclude_none=True)
    if ESCAPED_NUL in text:
        entry = JournalEntry.model_validate(_clean(json.loads(text)))
        text = entry.model_dump_json(exclude_none=True)
    return entry, text


def _private(work: Work | None) -> dict[str, Any]:
    if work is None:
        names = ("owner", "prompt", "enhanced_prompt", "request_id")
        return dict.fromkeys((*names, "original_key", "raw_key", "result_key"))
    return {
        "owner": work.owner,
        "prompt": work.prompt,
        "enhanced_prompt": work.enhanced.prompt if work.enhanced else None,
        "request_id": work.request_id,
        "original_key": _key(work.original),
        "raw_key": _key(work.raw.image if work.raw else None),
        "result_key": _key(work.result),
    }


def _key(ref: ObjectRef | None) -> str | None:
    return ref.key if ref else None


def _clean(value: Any) -> Any:
    if isinstance(value, str):
        return value.replace("\0", "")
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {key: _clean(item) for key, item in value.items()}
    return value
