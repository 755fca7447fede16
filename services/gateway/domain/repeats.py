"""What makes two requests one: a key's first job is answered again, to the same request alone."""

import asyncio
from typing import Final

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry
from contracts.objects import digest
from services.gateway.domain.problems import RefusalError, absent_of, not_found
from services.gateway.domain.submission import Submission

DIGEST_CHARACTERS: Final = 16
"""Of a picture's SHA-256, which is what object keys hold of it."""

_INLINE_BYTES: Final = 1024 * 1024
"""Up to here a digest takes less time than a thread is worth."""


async def sha256_of(data: bytes) -> str:
    """The digest of a picture."""
    return await asyncio.to_thread(digest, data) if len(data) > _INLINE_BYTES else digest(data)


def fingerprint_of(submission: Submission, sha256: str) -> str:
    """The request in short; the picture counts only if the request named one."""
    named = submission.picture is not None or submission.image_id is not None
    return digest(submission.asked(sha256[:DIGEST_CHARACTERS] if named else None))


def same_job(job: JournalEntry, fingerprint: str) -> JournalEntry:
    """The job, if the fingerprint is its own. Raises RefusalError (422, 404 when erased)."""
    if job.work is None:
        raise not_found(absent_of(job.kind))
    if job.work.fingerprint != fingerprint:
        raise RefusalError(
            422,
            ErrorCode.IDEMPOTENCY_KEY_REUSED,
            "This Idempotency-Key was used for another request; please choose a new one.",
        )
    return job
