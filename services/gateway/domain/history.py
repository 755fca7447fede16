"""What a caller has made: pages of jobs, newest first, and the cursors between them."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol
from uuid import UUID

from contracts.journal import JournalEntry, Kind
from contracts.queries import HistoryPage, HistoryPlace, HistoryQuestion
from services.chassis.journal import Recorded
from services.gateway.domain.identity import Caller
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.parameters import refused, whole_number
from services.gateway.domain.status import readable

USUAL_LIMIT: Final = 20
MAX_LIMIT: Final = 100

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
_INSTANT_BYTES: Final = 8
_PLACE_BYTES: Final = _INSTANT_BYTES + 16


class Archive(Protocol):
    """Storage's record by owner."""

    async def history(self, question: HistoryQuestion) -> HistoryPage:
        """A page. Raises UnavailableError."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page as it is shown; an empty one may have a next."""

    jobs: list[JournalEntry]
    next_cursor: str | None = None


class History:
    """Reads what callers have made, each job as `GET /edit` tells it."""

    def __init__(self, jobs: Jobs, archive: Archive) -> None:
        self._jobs = jobs
        self._archive = archive

    async def page(self, caller: Caller, query: Mapping[str, str]) -> Page:
        """A page of the caller's jobs. Raises RefusalError (422) and UnavailableError."""
        question = _question(caller, query)
        if caller.minted is not None:  # nobody yet: this name was made for this request
            return Page([])
        found = await self._archive.history(question)
        recorded = [Recorded(job.entry, job.sequence) for job in found.jobs if job.entry]
        jobs = [(await self._jobs.refreshed(one)).entry for one in recorded]
        return Page(
            [job for job in jobs if readable(job)],
            cursor_of(found.next) if found.next else None,
        )


def cursor_of(place: HistoryPlace) -> str:
    """The place as clients hand it back."""
    instant = (place.created_at - _EPOCH) // _MILLISECOND
    packed = instant.to_bytes(_INSTANT_BYTES, "big", signed=True) + place.job_id.bytes
    return base64.urlsafe_b64encode(packed).decode()


def place_of(cursor: str) -> HistoryPlace:
    """The place of a cursor that we made. Raises RefusalError (422) for anything else."""
    try:
        packed = base64.b64decode(cursor.encode("ascii"), altchars=b"-_", validate=True)
        instant = int.from_bytes(packed[:_INSTANT_BYTES], "big", signed=True)
        created_at = _EPOCH + instant * _MILLISECOND
    except (binascii.Error, UnicodeEncodeError, OverflowError):
        raise _bad_cursor() from None
    if len(packed) != _PLACE_BYTES:
        raise _bad_cursor()
    return HistoryPlace(created_at=created_at, job_id=UUID(bytes=packed[_INSTANT_BYTES:]))


def _question(caller: Caller, query: Mapping[str, str]) -> HistoryQuestion:
    cursor, kind = query.get("cursor"), query.get("kind")
    if kind and kind not in set(Kind):
        raise refused("kind", f"The `kind` is one of {', '.join(Kind)}.")
    return HistoryQuestion(
        owner=caller.owner,
        kind=Kind(kind) if kind else None,
        after=place_of(cursor) if cursor else None,
        limit=whole_number("limit", query.get("limit"), usual=USUAL_LIMIT, most=MAX_LIMIT),
    )


def _bad_cursor() -> Exception:
    return refused("cursor", "The `cursor` is the `next_cursor` of another page.")
