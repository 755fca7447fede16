"""What other services may ask over the bus; the gateway consumes both."""

from typing import Annotated
from uuid import UUID

from pydantic import Field, StringConstraints

from contracts.base import Message
from contracts.journal import Kind, Options

OwnerPart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._@-]{1,128}$")]
IdempotencyKey = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,255}$")]
CorrelationId = Annotated[str, StringConstraints(pattern=r"^[\x21-\x7e]{1,128}$")]


class PlatformOwner(Message):
    """On whose behalf a platform asks."""

    user_id: OwnerPart
    tenant_id: OwnerPart | None = None


class SubmitJob(Message):
    """Start a job, under the same admission as HTTP. The picture was uploaded before (`image_id`),
    or is the parent's result or the style's reference. Answered on the public feed under
    `correlation_id`.
    """

    owner: PlatformOwner
    kind: Kind = Kind.EDIT
    prompt: str = ""
    image_id: UUID | None = None
    parent_job_id: UUID | None = None
    options: Options = Options()
    idempotency_key: IdempotencyKey | None = None
    correlation_id: CorrelationId | None = None
    request_id: str | None = Field(default=None, max_length=128)


class CancelJob(Message):
    """End a job of this owner, if it has not ended."""

    owner: PlatformOwner
    job_id: UUID
    request_id: str | None = Field(default=None, max_length=128)


class EraseJob(Message):
    """Forget a job of this owner: its pictures, its words, and what was said of it."""

    owner: PlatformOwner
    job_id: UUID
    request_id: str | None = Field(default=None, max_length=128)
