"""Ratings in Postgres."""

from typing import Final
from uuid import UUID

from contracts.analytics import FeedbackAnalytics
from contracts.queries import FeedbackGiven, GiveFeedback
from services.chassis.database import Database
from services.feedback.domain.analytics import (
    COMPLAINT_CHARACTERS,
    MAX_COMPLAINTS,
    RatingRow,
    analytics_of,
)

_ADD: Final = """
INSERT INTO feedback
    (edit_uuid, rating, feedback_text, client_network, kind, provider, model, style)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
ON CONFLICT (edit_uuid) DO NOTHING
RETURNING id
"""
_READ: Final = """
SELECT edit_uuid, rating, feedback_text, created_at FROM feedback WHERE edit_uuid = $1
"""
_REMOVE: Final = "DELETE FROM feedback WHERE edit_uuid = $1"
_EMPTY: Final = """
UPDATE feedback SET feedback_text = NULL, client_network = NULL
WHERE edit_uuid = $1 AND (feedback_text IS NOT NULL OR client_network IS NOT NULL)
"""
COUNTS: Final = """
SELECT rating, day, model, style, sum(ratings)::bigint AS ratings FROM feedback_counts
WHERE day > (now() AT TIME ZONE 'UTC')::date - $1::int
GROUP BY GROUPING SETS ((rating, day), (rating, model), (rating, style))
HAVING sum(ratings) > 0
"""
COMPLAINTS: Final = """
SELECT left(feedback_text, $2) AS text FROM feedback
WHERE rating = 0 AND feedback_text IS NOT NULL
  AND created_at >= ((now() AT TIME ZONE 'UTC')::date - $1::int + 1) AT TIME ZONE 'UTC'
ORDER BY created_at DESC LIMIT $3
"""


class PostgresRatings:
    """See Ratings and Analytics."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, rating: GiveFeedback) -> int | None:
        """See Ratings."""
        number: int | None = await self._database.fetchval(
            _ADD,
            rating.edit_uuid,
            rating.rating,
            rating.feedback_text,
            rating.client_network,
            rating.kind,
            rating.provider,
            rating.model,
            rating.style,
        )
        return number

    async def read(self, edit_uuid: UUID) -> FeedbackGiven | None:
        """See Ratings."""
        row = await self._database.fetchrow(_READ, edit_uuid)
        return FeedbackGiven.model_validate(dict(row)) if row else None

    async def forget(self, edit_uuid: UUID, *, keep_rating: bool) -> int:
        """See Ratings."""
        tag = await self._database.execute(_EMPTY if keep_rating else _REMOVE, edit_uuid)
        return int(tag.rpartition(" ")[2])

    async def analytics(self, days: int) -> FeedbackAnalytics:
        """See Analytics."""
        rows = await self._database.fetch(COUNTS, days)
        complaints = await self._database.fetch(
            COMPLAINTS, days, COMPLAINT_CHARACTERS, MAX_COMPLAINTS
        )
        return analytics_of(
            [RatingRow(**row) for row in rows], [row["text"] for row in complaints], days
        )
