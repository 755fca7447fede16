"""The record in Postgres, as others ask it."""

from typing import Final
from uuid import UUID

from contracts.analytics import ChainAnalytics, ProcessingAnalytics
from contracts.queries import ChainRecord, HistoryPage, HistoryQuestion
from services.chassis.database import Database
from services.storage.domain.analytics import Count, chain_analytics, processing_analytics
from services.storage.domain.answers import MAX_MEMBERS, chain_of, page_of

CHAIN: Final = """
WITH RECURSIVE path AS (
    SELECT job_id, parent_id, entry, sequence, 1 AS depth FROM jobs WHERE job_id = $1
    UNION ALL
    SELECT jobs.job_id, jobs.parent_id, jobs.entry, jobs.sequence, depth + 1
    FROM path JOIN jobs ON jobs.job_id = path.parent_id
    WHERE depth < $2
)
SELECT entry, sequence FROM path ORDER BY depth
"""
HISTORY: Final = """
SELECT entry, sequence FROM jobs
WHERE owner = $1
  AND (created_at, job_id) < (
      COALESCE($2, 'infinity'::timestamptz),
      COALESCE($3, 'ffffffff-ffff-ffff-ffff-ffffffffffff'::uuid)
  )
ORDER BY created_at DESC, job_id DESC
LIMIT $4
"""
HISTORY_OF_KIND: Final = HISTORY.replace("ORDER BY", "  AND kind = $5\nORDER BY")
CHAINS: Final = "SELECT position, edits FROM chain_counts"
PROCESSING: Final = """
SELECT kind, measure, value, sum(jobs)::bigint AS jobs FROM job_counts
WHERE day > (now() AT TIME ZONE 'UTC')::date - $1::int
GROUP BY kind, measure, value
HAVING sum(jobs) > 0
"""
EDITS_PER_DAY: Final = """
SELECT day, sum(jobs)::bigint AS jobs FROM job_counts
WHERE day > (now() AT TIME ZONE 'UTC')::date - $1::int AND kind = 'edit' AND measure = 'stage'
GROUP BY day
HAVING sum(jobs) > 0
"""


class PostgresAnswers:
    """See Answers."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def chain(self, job_id: UUID) -> ChainRecord:
        """See Answers."""
        return chain_of(await self._database.fetch(CHAIN, job_id, MAX_MEMBERS))

    async def history(self, question: HistoryQuestion) -> HistoryPage:
        """See Answers."""
        after = question.after
        place = (after.created_at, after.job_id) if after else (None, None)
        of_kind = (question.kind,) if question.kind else ()
        rows = await self._database.fetch(
            HISTORY_OF_KIND if of_kind else HISTORY,
            question.owner,
            *place,
            question.limit + 1,
            *of_kind,
        )
        return page_of(rows, question.limit)

    async def chains(self) -> ChainAnalytics:
        """See Answers."""
        rows = await self._database.fetch(CHAINS)
        return chain_analytics({row["position"]: row["edits"] for row in rows})

    async def processing(self, days: int) -> ProcessingAnalytics:
        """See Answers."""
        counts = await self._database.fetch(PROCESSING, days)
        per_day = await self._database.fetch(EDITS_PER_DAY, days)
        return processing_analytics(
            [Count(**row) for row in counts], {row["day"]: row["jobs"] for row in per_day}, days
        )
