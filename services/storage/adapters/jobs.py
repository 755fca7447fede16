"""The record in Postgres."""

from collections.abc import Iterable, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from operator import attrgetter
from typing import Any, Final
from uuid import UUID

import asyncpg

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Stage
from contracts.queries import JobRecord, MovedJob
from services.chassis.database import Database
from services.chassis.errors import PermanentError, UnavailableError
from services.storage.domain.erasing import Wanted
from services.storage.domain.record import Kept, Row

LOOK_AGAIN_SECONDS: Final = 10.0
"""A silent job is looked at by one process, and again after this."""

# What is wrong with a row itself; the last one is a value that is too long for an index.
_UNKEEPABLE: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
)
_TYPES: Final = {
    "job_id": "uuid",
    "parent_id": "uuid",
    "sequence": "bigint",
    "entry_index": "int",
    "chain_position": "int",
    "created_at": "timestamptz",
    "updated_at": "timestamptz",
    "ended_at": "timestamptz",
    "watch_at": "timestamptz",
    "entry": "jsonb",
}
COLUMNS: Final = tuple(field.name for field in fields(Row))

_CASTS = ", ".join(f"${at}::{_TYPES.get(name, 'text')}[]" for at, name in enumerate(COLUMNS, 1))
_NEWS = ", ".join(f"{name} = excluded.{name}" for name in COLUMNS if name != "job_id")
# One statement a batch. Sequences decide, so order and repetition do not; an ending stays. Only an
# erasure follows it, whatever its sequence: a journal that was made anew counts from one.
_KEEP: Final = f"""
INSERT INTO jobs ({", ".join(COLUMNS)})
SELECT * FROM unnest({_CASTS})
ON CONFLICT (job_id) DO UPDATE SET {_NEWS}
WHERE (jobs.sequence < excluded.sequence AND jobs.ended_at IS NULL)
   OR (excluded.stage = 'erased' AND jobs.stage <> 'erased')
RETURNING kind, stage
"""  # noqa: S608 - only names from this file
_READ: Final = "SELECT entry, sequence FROM jobs WHERE job_id = $1"
_KEPT: Final = "SELECT job_id FROM jobs WHERE job_id = ANY($1) AND stage <> 'erased'"
_ENDED: Final = "SELECT job_id FROM jobs WHERE job_id = ANY($1) AND ended_at IS NOT NULL"
_OWNER: Final = "SELECT owner FROM jobs WHERE job_id = $1"
_OWNED: Final = "SELECT job_id, kind FROM jobs WHERE owner = $1 ORDER BY created_at LIMIT $2"
_MOVED: Final = """
SELECT job_id, sequence FROM jobs
WHERE owner = $1 AND sequence > $2
ORDER BY sequence DESC LIMIT $3
"""
# Those that have not ended first: of what is left out they would be missed the most.
_PRESENT: Final = """
(SELECT job_id, sequence FROM jobs WHERE owner = $1 AND ended_at IS NULL
 ORDER BY sequence DESC LIMIT $3)
UNION ALL
(SELECT job_id, sequence FROM jobs WHERE owner = $1 AND ended_at > $2
 ORDER BY ended_at DESC LIMIT $3)
LIMIT $3
"""
_CLAIM: Final = """
UPDATE jobs SET watch_at = $2
WHERE job_id IN (
    SELECT job_id FROM jobs WHERE watch_at <= $1
    ORDER BY watch_at LIMIT $3 FOR UPDATE SKIP LOCKED
)
RETURNING job_id
"""
_UNWATCH: Final = "UPDATE jobs SET watch_at = NULL WHERE job_id = ANY($1)"

_values = attrgetter(*COLUMNS)


class PostgresJobs:
    """See Jobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self, rows: Iterable[Row]) -> list[Kept]:
        """See Jobs."""
        columns = [list(column) for column in zip(*map(_values, rows), strict=True)]
        try:
            written = await self._database.fetch(_KEEP, *columns) if columns else ()
        except _UNKEEPABLE as error:
            reason = type(error).__name__
            raise PermanentError(
                ErrorCode.INTERNAL_ERROR, "The record cannot hold this job.", reason=reason
            ) from error
        except asyncpg.SyntaxOrAccessError as error:
            # Another schema than this code's, or no right to it: no entry's fault.
            raise UnavailableError(f"the record's tables: {type(error).__name__}") from error
        return [Kept(Kind(row["kind"]), Stage(row["stage"])) for row in written]

    async def read(self, job_id: UUID) -> JobRecord:
        """See Jobs."""
        row = await self._database.fetchrow(_READ, job_id)
        if row is None:
            return JobRecord(entry=None)
        entry = JournalEntry.model_validate_json(row["entry"])
        return JobRecord(entry=entry, sequence=row["sequence"])

    async def kept(self, job_ids: Iterable[UUID]) -> set[UUID]:
        """See retention.Record."""
        rows = await self._database.fetch(_KEPT, list(job_ids))
        return {row["job_id"] for row in rows}

    async def ended(self, job_ids: Iterable[UUID]) -> set[UUID]:
        """See retention.Record."""
        rows = await self._database.fetch(_ENDED, list(job_ids))
        return {row["job_id"] for row in rows}

    async def owner(self, job_id: UUID) -> str | None:
        """Whose job it is; None for one that is unknown or erased."""
        name: str | None = await self._database.fetchval(_OWNER, job_id)
        return name

    async def owned(self, owner: str, *, limit: int) -> list[Wanted]:
        """Jobs of the owner, as what is to be forgotten."""
        rows = await self._database.fetch(_OWNED, owner, limit)
        return [Wanted(row["job_id"], Kind(row["kind"])) for row in rows]

    async def moved(
        self, owner: str, *, after: int, ended_after: datetime | None, limit: int
    ) -> list[MovedJob]:
        """See Jobs."""
        if ended_after is None:
            found = await self._database.fetch(_MOVED, owner, after, limit)
        else:
            found = await self._database.fetch(_PRESENT, owner, ended_after, limit)
        return [MovedJob(**row) for row in found]

    async def claim_silent(self, now: datetime, *, limit: int) -> list[UUID]:
        """See Jobs."""
        again = now + timedelta(seconds=LOOK_AGAIN_SECONDS)
        claimed: Sequence[Any] = await self._database.fetch(_CLAIM, now, again, limit)
        return [row["job_id"] for row in claimed]

    async def unwatch(self, job_ids: Iterable[UUID]) -> None:
        """See Jobs."""
        if wanted := list(job_ids):
            await self._database.execute(_UNWATCH, wanted)
