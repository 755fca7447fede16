"""What storage is asked about many jobs at once, and how much fits into one answer."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final, Protocol
from uuid import UUID

from contracts.analytics import ChainAnalytics, ProcessingAnalytics
from contracts.journal import JournalEntry
from contracts.queries import (
    ChainRecord,
    HistoryPage,
    HistoryPlace,
    HistoryQuestion,
    JobRecord,
)

MAX_ANSWER_BYTES: Final = 512 * 1024
"""Of the entries in one answer: half of what the bus carries in a message."""

MAX_MEMBERS: Final = 100
"""Of the chain in one answer; whatever the parents say, the way to the root ends."""

Found = Mapping[str, str | int]
"""A row's `entry`, as JSON, and its `sequence`."""


class Answers(Protocol):
    """The record, as others ask it. Every method raises UnavailableError."""

    async def chain(self, job_id: UUID) -> ChainRecord:
        """The way from the root to a job."""

    async def history(self, question: HistoryQuestion) -> HistoryPage:
        """A page of an owner's jobs."""

    async def chains(self) -> ChainAnalytics:
        """Figures of all chains."""

    async def processing(self, days: int) -> ProcessingAnalytics:
        """Figures of the last days' jobs."""


def chain_of(rows: Iterable[Found]) -> ChainRecord:
    """The chain of rows that lead from a job to its root."""
    return ChainRecord(members=tuple(reversed([_record(row) for row in _fitting(rows)])))


def page_of(rows: Sequence[Found], limit: int) -> HistoryPage:
    """The page of rows, of which there is one more than the limit where the history goes on."""
    jobs = tuple(_record(row) for row in _fitting(rows[:limit]))
    if len(jobs) == len(rows):
        return HistoryPage(jobs=jobs)
    last = jobs[-1].entry
    assert last is not None
    place = HistoryPlace(created_at=last.public.created_at, job_id=last.job_id)
    return HistoryPage(jobs=jobs, next=place)


def _fitting(rows: Iterable[Found]) -> Iterator[Found]:
    """The first rows that fit into one answer together, one at least."""
    used = 0
    for row in rows:
        size = len(str(row["entry"]).encode())
        if used and used + size > MAX_ANSWER_BYTES:
            return
        used += size
        yield row


def _record(row: Found) -> JobRecord:
    entry = JournalEntry.model_validate_json(str(row["entry"]))
    return JobRecord(entry=entry, sequence=int(row["sequence"]))
