"""Ratings in Postgres."""

from typing import Final
from uuid import UUID

from contracts.queries import FeedbackGiven, GiveFeedback
from services.chassis.database import Database

_ADD: Final = """
INSERT INTO feedback (edit_uuid, rating, feedback_text, client_network, kind, provider, model)
VALUES ($1, $2, $3, $4, $5, $6, $7)
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


class PostgresRatings:
    """See Ratings."""

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
