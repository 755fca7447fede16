"""The databases of the services that have one, asked over the bus."""

import asyncio
from typing import Final, TypeVar

from contracts.base import Message
from contracts.inspection import DatabasePerformance, DatabaseSchema, InspectionQuestion
from contracts.subjects import (
    FEEDBACK_PERFORMANCE_QUERY,
    FEEDBACK_SCHEMA_QUERY,
    STORAGE_PERFORMANCE_QUERY,
    STORAGE_SCHEMA_QUERY,
)
from services.chassis.bus import Bus
from services.chassis.errors import RefusedError, UnavailableError

A = TypeVar("A", bound=Message)

_SCHEMAS: Final = {"storage": STORAGE_SCHEMA_QUERY, "feedback": FEEDBACK_SCHEMA_QUERY}
_PERFORMANCES: Final = {
    "storage": STORAGE_PERFORMANCE_QUERY,
    "feedback": FEEDBACK_PERFORMANCE_QUERY,
}


class BusDatabases:
    """See Databases."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def schemas(self) -> dict[str, DatabaseSchema | None]:
        """See Databases."""
        return await self._all(_SCHEMAS, DatabaseSchema)

    async def performances(self) -> dict[str, DatabasePerformance | None]:
        """See Databases."""
        return await self._all(_PERFORMANCES, DatabasePerformance)

    async def _all(self, subjects: dict[str, str], kind: type[A]) -> dict[str, A | None]:
        told = await asyncio.gather(*(self._ask(subject, kind) for subject in subjects.values()))
        return dict(zip(subjects, told, strict=True))

    async def _ask(self, subject: str, kind: type[A]) -> A | None:
        try:
            return await self._bus.ask(subject, InspectionQuestion(), kind)
        except (UnavailableError, RefusedError):
            return None
