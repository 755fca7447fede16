"""What the record's keeper tells others of an entry: the public feed, and places of quotas.

The feed is told at least once. The same announcement is stored once within the stream's 120 s of
deduplication; after a longer outage, or when the journal is read anew by a durable that was lost,
it may come again. Nor is there an order: replicas share the journal, so that an ending may be told
before its beginning. Whoever listens goes by `job_id` and what was announced.
"""

from collections.abc import Awaitable, Callable
from typing import Final

from contracts.errors import ErrorCode
from contracts.events import (
    FEED_SUBJECTS,
    FeedEvent,
    JobAccepted,
    JobCancelled,
    JobCompleted,
    JobFailed,
)
from contracts.journal import JournalEntry, Slot, Stage
from services.chassis.limits import ACTIVE_JOBS

ENDINGS: Final[dict[Stage, type[FeedEvent]]] = {
    Stage.COMPLETED: JobCompleted,
    Stage.FAILED: JobFailed,
    Stage.CANCELLED: JobCancelled,
}

GiveBack = Callable[[Slot], Awaitable[None]]
"""Frees a used place of a quota; gone already is fine. Raises UnavailableError."""

KEEPS_ITS_PLACE: Final = frozenset({ErrorCode.NOT_UNDERSTOOD, ErrorCode.CONTENT_MODERATED})
"""Failures that come from the wish itself: the work was done, so the day's quota stays used.

Every other failure is ours or a provider's and costs the caller nothing.
"""


def told(entry: JournalEntry) -> FeedEvent | None:
    """What other services hear of an entry; most entries are nobody else's business."""
    kind = JobAccepted if entry.index == 0 else ENDINGS.get(entry.stage)
    if kind is None:
        return None
    return kind(
        job_id=entry.job_id,
        kind=entry.kind,
        public=entry.public,
        correlation_id=entry.work.correlation_id if entry.work else None,
        request_id=entry.work.request_id if entry.work else None,
    )


def feed_id(event: FeedEvent) -> str:
    """The deterministic id of an announcement: told twice within the window, stored once."""
    noun, participle = FEED_SUBJECTS[type(event)].split(".")[-2:]
    return f"{event.job_id}:{noun}.{participle}"


def returned(entry: JournalEntry) -> tuple[Slot, ...]:
    """The places that a job gives back with this entry: of the jobs under way at every ending."""
    if not entry.terminal:
        return ()
    if entry.stage is Stage.FAILED and entry.public.error_code not in KEEPS_ITS_PLACE:
        return entry.facts.quota
    return under_way(entry)


def under_way(entry: JournalEntry) -> tuple[Slot, ...]:
    """The places that a job holds only until it ends; an erased one does not know of any."""
    used = entry.work.quota if entry.work else ()
    return tuple(slot for slot in used if slot.policy == ACTIVE_JOBS)
