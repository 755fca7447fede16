"""Jobs and references with plain values, for tests."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.base import utcnow
from contracts.journal import JournalEntry, Kind, Public, Stage, Work
from contracts.objects import ObjectRef, digest, job_key
from contracts.stages import message_of

PREFIX = "preview"


def reference(data: bytes = b"pixels", *, job_id: UUID | None = None, role="original") -> ObjectRef:
    """The claim check of some bytes, as if they were a JPEG."""
    sha256 = digest(data)
    key = job_key(
        PREFIX, "edit", job_id or uuid4(), role=role, sha256=sha256, content_type="image/jpeg"
    )
    return ObjectRef(key=key, content_type="image/jpeg", size_bytes=len(data), sha256=sha256)


def job(*, prompt: str = "make it blue", kind: Kind = Kind.EDIT, **work: Any) -> JournalEntry:
    """A job as the gateway opens it."""
    now = utcnow()
    job_id = uuid4()
    return JournalEntry(
        job_id=job_id,
        kind=kind,
        index=0,
        public=Public(
            stage=Stage.PENDING,
            progress_percent=10,
            message=message_of(kind, Stage.PENDING),
            created_at=now,
            updated_at=now,
        ),
        work=Work(
            **{
                "owner": "owner",
                "fingerprint": "0" * 64,
                "prompt": prompt,
                "request_id": "request",
                "deadline": now + timedelta(seconds=900),
                "original": reference(job_id=job_id),
                **work,
            }
        ),
    )


def follow_up(parent: JournalEntry, **work: Any) -> JournalEntry:
    """An edit of another one's result, as the gateway opens it."""
    opened, position = job(**work), parent.public.chain_position + 1
    place = {"parent_job_id": parent.job_id, "chain_position": position}
    return opened.model_copy(update={"public": opened.public.model_copy(update=place)})


def aged(entry: JournalEntry, seconds: float) -> JournalEntry:
    """The entry of a job that was opened so much earlier."""
    at = entry.public.created_at - timedelta(seconds=seconds)
    public = entry.public.model_copy(update={"created_at": at, "updated_at": at})
    return entry.model_copy(update={"public": public})
