"""Jobs and references with plain values, for tests."""

from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from contracts.base import utcnow
from contracts.journal import MESSAGES, JournalEntry, Kind, Public, Stage, Work
from contracts.objects import ObjectRef, digest, job_key

PREFIX = "preview"


def reference(data: bytes = b"pixels", *, job_id: UUID | None = None, role="original") -> ObjectRef:
    """The claim check of some bytes, as if they were a JPEG."""
    sha256 = digest(data)
    key = job_key(
        PREFIX, "edit", job_id or uuid4(), role=role, sha256=sha256, content_type="image/jpeg"
    )
    return ObjectRef(key=key, content_type="image/jpeg", size_bytes=len(data), sha256=sha256)


def job(*, prompt: str = "make it blue", **work: Any) -> JournalEntry:
    """A job as the gateway opens it."""
    now = utcnow()
    job_id = uuid4()
    return JournalEntry(
        job_id=job_id,
        kind=Kind.EDIT,
        index=0,
        public=Public(
            stage=Stage.PENDING,
            progress_percent=10,
            message=MESSAGES[Stage.PENDING],
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
