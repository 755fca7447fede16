"""What is being forgotten, in Postgres; and when a sweep of everything was begun last."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from contracts.journal import Kind, Slot
from services.chassis.database import Database, Row
from services.storage.domain.erasing import LATE, SWEEP_AGAIN, Wanted

FIRST_PAUSE: Final = timedelta(seconds=10)
LONGEST_PAUSE: Final = timedelta(hours=1)
TASK_TIME: Final = timedelta(minutes=1)
"""Tasks that nobody sees to their end are taken for ended after this: ten times the usual."""

_PLACES: Final = TypeAdapter(tuple[Slot, ...])

_WANT: Final = """
INSERT INTO erasures (job_id, kind, upload_key, places, keep_rating, wanted_at, sweep_at, until)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (job_id) DO UPDATE SET
    keep_rating = erasures.keep_rating AND excluded.keep_rating,
    upload_key = excluded.upload_key,
    places = excluded.places,
    until = greatest(erasures.until, excluded.until)
"""
_EXPIRE: Final = """
INSERT INTO erasures (job_id, kind, places, keep_rating, wanted_at, sweep_at, until)
SELECT job_id, kind, '[]', true, $3, $3, $5 FROM jobs
WHERE kind = $1 AND coalesce(ended_at, updated_at) < $2 AND stage <> 'erased'
  AND NOT EXISTS (SELECT FROM erasures WHERE erasures.job_id = jobs.job_id)
ORDER BY coalesce(ended_at, updated_at) LIMIT $4
ON CONFLICT (job_id) DO NOTHING
"""
# Of all that is wanted a second look is taken soon, and later ones less and less often.
_CLAIM: Final = """
UPDATE erasures SET sweep_at = $1 + least(greatest($1 - wanted_at, $3), $4)
WHERE job_id IN (
    SELECT job_id FROM erasures WHERE sweep_at <= $1
    ORDER BY sweep_at LIMIT $2 FOR UPDATE SKIP LOCKED
)
RETURNING job_id, kind, upload_key, keep_rating,
    CASE WHEN $1 - wanted_at >= $5 THEN places ELSE '[]' END AS places
"""
_DONE: Final = "DELETE FROM erasures WHERE job_id = $1 AND until <= $2"
_BEGIN: Final = """
INSERT INTO sweeps (name, due_at) VALUES ($1, $3)
ON CONFLICT (name) DO UPDATE SET due_at = excluded.due_at WHERE sweeps.due_at <= $2
RETURNING true
"""
_ENDED: Final = "UPDATE sweeps SET due_at = $2 WHERE name = $1"


class PostgresErasures:
    """See Erasures."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def want(self, wanted: Wanted, now: datetime, *, until: datetime) -> None:
        """See Erasures."""
        await self._database.execute(
            _WANT,
            wanted.job_id,
            wanted.kind,
            wanted.upload_key,
            _PLACES.dump_json(wanted.places).decode(),
            wanted.keep_rating,
            now,
            now + FIRST_PAUSE,
            until,
        )

    async def expire(self, kind: Kind, now: datetime, *, ended_before: datetime, limit: int) -> int:
        """See Erasures."""
        tag = await self._database.execute(_EXPIRE, kind, ended_before, now, limit, now + LATE)
        return int(tag.rpartition(" ")[2])

    async def claim(self, now: datetime, *, limit: int) -> list[Wanted]:
        """See Erasures."""
        rows = await self._database.fetch(_CLAIM, now, limit, FIRST_PAUSE, LONGEST_PAUSE, TASK_TIME)
        return [_wanted(row) for row in rows]

    async def done(self, job_id: UUID, now: datetime) -> None:
        """See Erasures."""
        await self._database.execute(_DONE, job_id, now)

    async def begin(self, name: str, now: datetime) -> bool:
        """See Erasures."""
        return bool(await self._database.fetchval(_BEGIN, name, now, now + SWEEP_AGAIN))

    async def ended(self, name: str, now: datetime, *, every: timedelta) -> None:
        """See Erasures."""
        await self._database.execute(_ENDED, name, now + every)


def _wanted(row: Row) -> Wanted:
    return Wanted(
        row["job_id"],
        Kind(row["kind"]),
        row["upload_key"],
        _PLACES.validate_json(row["places"]),
        row["keep_rating"],
    )
