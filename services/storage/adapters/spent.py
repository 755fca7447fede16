"""Ended jobs whose pictures are not needed any more, in Postgres."""

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from services.chassis.database import Database

_SPENT: Final = """
SELECT job_id FROM jobs
WHERE kind = 'description' AND ended_at IS NOT NULL AND original_key IS NOT NULL
ORDER BY ended_at LIMIT $1
"""
_EMPTIED: Final = "UPDATE jobs SET original_key = NULL WHERE job_id = ANY($1)"


class PostgresSpentJobs:
    """See SpentJobs."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def spent(self, *, limit: int) -> list[UUID]:
        """See SpentJobs."""
        return [row["job_id"] for row in await self._database.fetch(_SPENT, limit)]

    async def emptied(self, job_ids: Sequence[UUID]) -> None:
        """See SpentJobs."""
        await self._database.execute(_EMPTIED, list(job_ids))
