"""The first entry of a job."""

from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from contracts.base import utcnow
from contracts.journal import PROGRESS, JournalEntry, Public, Stage, Work
from contracts.stages import message_of
from contracts.styles import Style
from services.gateway.domain.identity import Caller
from services.gateway.domain.submission import Submission


@dataclass(frozen=True, slots=True, kw_only=True)
class Applicant:
    """Who submits, and under which names."""

    caller: Caller
    request_id: str
    idempotency_key: str | None = None
    correlation_id: str | None = None


@dataclass(frozen=True, slots=True)
class Ids:
    """The id of a new job, and the earlier ones that its key may stand for."""

    job_id: UUID
    earlier: tuple[UUID, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rests:
    """What a job rests on: the edit that it continues, and the style that it is made in."""

    parent: JournalEntry | None = None
    style: Style | None = None


def first_entry(
    submission: Submission,
    applicant: Applicant,
    job_id: UUID,
    rests: Rests,
    *,
    deadline_seconds: float,
) -> JournalEntry:
    """The entry that opens the job, without its picture and its places."""
    now, parent = utcnow(), rests.parent
    return JournalEntry(
        job_id=job_id,
        kind=submission.kind,
        index=0,
        public=Public(
            stage=Stage.PENDING,
            progress_percent=PROGRESS[Stage.PENDING],
            message=message_of(submission.kind, Stage.PENDING),
            parent_job_id=parent.job_id if parent else None,
            chain_position=parent.public.chain_position + 1 if parent else 1,
            created_at=now,
            updated_at=now,
        ),
        work=Work(
            owner=applicant.caller.owner,
            fingerprint="",
            prompt=submission.prompt,
            request_id=applicant.request_id,
            deadline=now + timedelta(seconds=deadline_seconds),
            options=submission.options,
            style=rests.style,
            correlation_id=applicant.correlation_id,
        ),
    )
