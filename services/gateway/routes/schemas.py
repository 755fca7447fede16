"""The shapes of answers, as the OpenAPI document tells them."""

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from contracts.analytics import ChainAnalytics, FeedbackAnalytics, ProcessingAnalytics
from contracts.errors import ErrorCode
from contracts.inspection import DatabasePerformance, DatabaseSchema
from contracts.journal import Kind, Stage, Status

DescriptionState = Literal["queued", "processing", "done", "failed"]
Percent = Annotated[int, Field(ge=0, le=100)]


class Answer(BaseModel):
    """A shape; more fields may come with time."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())


class JobStatus(Answer):
    """Where a job stands; polls and event streams tell the same object."""

    uuid: UUID
    job_id: UUID = Field(description="The same as `uuid`.")
    kind: Kind
    status: Status
    processing_stage: Stage
    message: str = Field(description="A sentence for the person who waits.")
    progress_percent: Percent = Field(description="Never goes down.")
    is_complete: bool = Field(description="True only for completed.")
    is_error: bool = Field(description="True for failed and for cancelled: stop polling.")
    edited_image_url: str | None = Field(description="The result of an edit; else null.")
    result_url: str | None = Field(
        description="Absolute; the same on every read of a day, readable from any origin."
    )
    original_image_url: str | None = Field(description="Null once that picture is removed.")
    prompt: str | None = Field(description="Null where none was given.")
    enhanced_prompt: str | None = Field(description="None where the prompt is used as it is.")
    description: str | None = Field(description="What is in the picture, once that is asked for.")
    style_id: str | None
    provider: str | None
    model: str | None
    note: str | None = Field(description="What was done, as the service that did it says.")
    parent_edit_uuid: UUID | None
    chain_position: int = Field(ge=1)
    attempt: int = Field(ge=1, description="Of the present stage.")
    retry_at: datetime | None = Field(description="When a stage that waits goes on.")
    retry_reason: str | None
    error_code: ErrorCode | None
    created_at: datetime
    updated_at: datetime


class ChainMember(Answer):
    """A place in a chain; an erased edit keeps it, without what it was."""

    edit: JobStatus | None
    chain_position: int = Field(ge=1)
    parent_edit_uuid: UUID | None
    erased: Literal[True] | None = None
    edit_uuid: UUID | None = Field(default=None, description="Of an erased edit.")


class EditChain(Answer):
    """The path from the first edit to the asked one."""

    edit_uuid: UUID
    chain_length: int = Field(ge=1)
    chain_history: tuple[ChainMember, ...]


class JobHistory(Answer):
    """A page of the caller's jobs, newest first."""

    items: tuple[JobStatus, ...]
    next_cursor: str | None = Field(description="For the next page; null at the end.")


class ChainFigures(Answer):
    """How follow-ups are used."""

    success: Literal[True]
    analytics: ChainAnalytics


class ProcessingFigures(Answer):
    """How jobs went."""

    success: Literal[True]
    analytics: ProcessingAnalytics


class FeedbackFigures(Answer):
    """What people said."""

    success: Literal[True]
    analytics: FeedbackAnalytics


class EditAccepted(Answer):
    """The edit is stored and will reach exactly one ending."""

    edit_id: UUID
    polling_url: str = Field(description="Path of the status.")
    status_url: str
    events_url: str
    edit_token: str = Field(description="The right to cancel and erase; given this once.")


class JobAccepted(Answer):
    """The job is stored and will reach exactly one ending."""

    job_id: UUID
    status_url: str
    stream_url: str
    edit_token: str = Field(description="The right to cancel and erase; given this once.")


class RemovedParts(Answer):
    """What there was of the job and is not any more."""

    journal_entries: int
    words: tuple[str, ...]
    objects: tuple[str, ...] = Field(description="Pictures, by what they were.")
    feedback: int
    dead_letters: int


class JobErased(Answer):
    """The job is forgotten."""

    uuid: UUID
    job_id: UUID
    erased: Literal[True]
    removed: RemovedParts
    remaining: tuple[str, ...]


class UploadKept(Answer):
    """A picture that is kept for later submissions."""

    image_id: UUID
    width: int = Field(ge=1, description="In pixels.")
    height: int = Field(ge=1, description="In pixels.")
    content_type: str


class DescriptionAccepted(Answer):
    """The picture will be described, or the job will say why not."""

    job_id: UUID
    status: DescriptionState
    edit_token: str = Field(description="The right to cancel and erase; given this once.")


class DescriptionStatus(Answer):
    """Where a description stands."""

    job_id: UUID
    status: DescriptionState
    created_at: datetime
    updated_at: datetime
    error: str | None = Field(default=None, description="With `failed` alone: why.")


class DescriptionResult(Answer):
    """What is in the picture."""

    job_id: UUID
    status: Literal["done"]
    description: str
    generated_by: str = Field(
        alias="_generated_by",
        description="The model that wrote it; `local-fallback` where it was measured.",
    )


class StyleShown(Answer):
    """A style that a job may name."""

    id: str
    name: str
    has_reference: bool = Field(description="Whether there is a picture of what it looks like.")


class StyleList(Answer):
    """The styles, by name."""

    styles: tuple[StyleShown, ...]


class FeedbackThanks(Answer):
    """The rating is kept."""

    success: Literal[True]
    message: str
    feedback_id: int


class Alive(Answer):
    """The process answers."""

    status: Literal["ok"]
    message: str


class AliveInShort(Answer):
    """The process answers."""

    status: Literal["ok"]


class Readiness(Answer):
    """What is missing, by the name of the check."""

    status: Literal["ok", "unavailable"]
    missing: dict[str, str]


class VersionFacts(Answer):
    """What runs here."""

    git_commit: str | None
    build_time: str | None
    environment: str
    contract_version: str


class ServiceLoad(Answer):
    """One service: how many processes of it answer, and what waits for them."""

    replicas: int = Field(ge=0)
    pending: int = Field(ge=0, description="Messages that nobody was given yet.")
    in_flight: int = Field(ge=0, description="Given and not settled, those put off included.")
    oldest_pending_seconds: float | None = Field(description="None where nothing is pending.")


class Workers(Answer):
    """Every service; degraded where one has no replica."""

    status: Literal["ok", "degraded"]
    worker_count: int = Field(ge=0)
    workers: dict[str, ServiceLoad]


class DatabaseSchemas(Answer):
    """The tables of each service with a database."""

    storage: DatabaseSchema | None
    feedback: DatabaseSchema | None


class DatabasePerformances(Answer):
    """How each database does."""

    storage: DatabasePerformance | None
    feedback: DatabasePerformance | None


class CacheStats(Answer):
    """What this process holds, beside its bounds."""

    hub: dict[str, int]
    bodies: dict[str, int]
    pictures: dict[str, int]
