"""Every fact that triggers the next service, in pipeline order, and the public feed.

Ids, references and figures only: nothing that a person wrote or drew.
"""

from typing import Final
from uuid import UUID

from contracts import subjects
from contracts.base import Instant, Message
from contracts.journal import Handle, Kind, Public


class JobEvent(Message):
    """What each event of the pipeline carries: the journal has the rest."""

    job_id: UUID
    request_id: str
    occurred_at: Instant


class TaskSubmitted(JobEvent):
    """What the events of tasks that a provider works on carry besides."""

    wake_up: bool = False
    """An extra copy that says "look now": it may be forgotten while the task is pending."""
    task: Handle | None = None
    """The handle of a task whose job ended before it could stand in the journal."""


class EditRequested(JobEvent):
    """Gateway: an edit was admitted and its journal opened."""


class EditEnhanced(JobEvent):
    """Enhancer: the instruction stands in the journal."""


class EditSubmitted(TaskSubmitted):
    """Renderer: a provider took the task, whose handle stands in the journal."""


class EditRendered(JobEvent):
    """Renderer: the provider's picture is stored and named in the journal."""


class VariationRequested(JobEvent):
    """Gateway: a variation was admitted and its journal opened."""


class VariationEnhanced(JobEvent):
    """Enhancer: the instruction stands in the journal."""


class VariationSubmitted(TaskSubmitted):
    """Renderer: a provider took the task, whose handle stands in the journal."""


class VariationRendered(JobEvent):
    """Renderer: the provider's picture is stored and named in the journal."""


class CutoutRequested(JobEvent):
    """Gateway: a background removal was admitted and its journal opened."""


class CutoutRendered(JobEvent):
    """Renderer: the picture without its background is stored and named in the journal."""


class DescriptionRequested(JobEvent):
    """Gateway: a description was admitted and its journal opened."""


class DescriptionWritten(JobEvent):
    """Enhancer: the description stands in the journal."""


class FeedEvent(Message):
    """What other services may know of a job: its public part."""

    job_id: UUID
    kind: Kind
    public: Public
    correlation_id: str | None = None
    request_id: str | None = None
    """Of the request that submitted the job."""


class JobAccepted(FeedEvent):
    """Storage: a job's journal was opened; the gateway again, to who repeats a submission."""


class JobCompleted(FeedEvent):
    """Storage: a job ended with a result."""


class JobFailed(FeedEvent):
    """Storage: a job ended without one; the public part says why."""


class JobCancelled(FeedEvent):
    """Storage: a job was cancelled."""


class Problem(Message):
    """A refusal, as HTTP gives it (RFC 9457 with the documented fields)."""

    type: str = "about:blank"
    title: str
    status: int
    detail: str
    error_code: str
    timestamp: Instant
    request_id: str
    errors: tuple[dict[str, str], ...] = ()


class SubmissionRejected(Message):
    """Gateway: a submission over the bus was refused; `problem` is what HTTP would answer."""

    correlation_id: str | None = None
    problem: Problem


class DeadLetter(Message):
    """A message that could not be handled: where it came from and why, never its words."""

    job_id: UUID | None = None
    request_id: str | None = None
    durable: str
    subject: str
    sequence: int
    deliveries: int
    reason: str
    occurred_at: Instant


EVENT_SUBJECTS: Final[dict[type[JobEvent], str]] = {
    EditRequested: subjects.EDIT_REQUESTED,
    EditEnhanced: subjects.EDIT_ENHANCED,
    EditSubmitted: subjects.EDIT_SUBMITTED,
    EditRendered: subjects.EDIT_RENDERED,
    VariationRequested: subjects.VARIATION_REQUESTED,
    VariationEnhanced: subjects.VARIATION_ENHANCED,
    VariationSubmitted: subjects.VARIATION_SUBMITTED,
    VariationRendered: subjects.VARIATION_RENDERED,
    CutoutRequested: subjects.CUTOUT_REQUESTED,
    CutoutRendered: subjects.CUTOUT_RENDERED,
    DescriptionRequested: subjects.DESCRIPTION_REQUESTED,
    DescriptionWritten: subjects.DESCRIPTION_WRITTEN,
}
"""Class of an event of the pipeline -> its subject."""

FEED_SUBJECTS: Final[dict[type[FeedEvent], str]] = {
    JobAccepted: subjects.JOB_ACCEPTED,
    JobCompleted: subjects.JOB_COMPLETED,
    JobFailed: subjects.JOB_FAILED,
    JobCancelled: subjects.JOB_CANCELLED,
}
"""Class of an announcement -> its subject."""
