"""Descriptions as `/submit`, `/status` and `/result` speak of them."""

from typing import Any, Final

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Status
from services.chassis.images import refusals
from services.chassis.images.formats import type_of
from services.chassis.images.limits import READABLE_TYPES, ImageLimits
from services.gateway.domain.problems import RefusalError, not_found
from services.gateway.domain.status import instant

TAKEN: Final = frozenset({"jpeg", "png"})
"""Types of pictures that `/submit` takes."""

STATUSES: Final = {
    Status.PENDING: "queued",
    Status.PROCESSING: "processing",
    Status.COMPLETED: "done",
    Status.FAILED: "failed",
    Status.CANCELLED: "failed",
}
_ENDED_BADLY: Final = frozenset({Status.FAILED, Status.CANCELLED})
_TYPES_ALONE: Final = ImageLimits(unsupported_types=frozenset(READABLE_TYPES) - TAKEN)


def taken(picture: bytes) -> bytes:
    """The picture itself. Raises PermanentError for one of a type that is not taken."""
    if not picture:
        raise refusals.empty()
    name = type_of(picture)
    if name is None:
        raise refusals.no_picture(_TYPES_ALONE)
    if name not in TAKEN:
        raise refusals.unsupported(name, _TYPES_ALONE)
    return picture


def a_description(job: JournalEntry) -> JournalEntry:
    """The job itself. Raises RefusalError (404) for one of another kind."""
    if job.kind is not Kind.DESCRIPTION:
        raise not_found(ErrorCode.JOB_NOT_FOUND)
    return job


def status_of(job: JournalEntry) -> dict[str, Any]:
    """Where it stands; `error` says why there will be none."""
    public = job.public
    told = {
        "job_id": str(job.job_id),
        "status": STATUSES[public.status],
        "created_at": instant(public.created_at),
        "updated_at": instant(public.updated_at),
    }
    return {**told, "error": public.message} if public.status in _ENDED_BADLY else told


def result_of(job: JournalEntry) -> dict[str, Any]:
    """What was written. Raises RefusalError (409) with the reason while or why there is nothing."""
    written = job.work.written if job.work else None
    if job.public.status is not Status.COMPLETED or written is None:
        is_over = job.public.status in _ENDED_BADLY
        sentence = job.public.message if is_over else "The description has not been written yet."
        raise RefusalError(409, ErrorCode.JOB_NOT_COMPLETED, sentence)
    return {
        "job_id": str(job.job_id),
        "status": STATUSES[Status.COMPLETED],
        "description": written.text,
        "_generated_by": written.model,
    }
