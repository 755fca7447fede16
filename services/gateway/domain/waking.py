"""A provider's word that its task has ended: worth one look at the task, and believed in nothing.

The renderer, which looks, asks the provider itself. So the worst that a wrong word does is a look
in vain, and the worst that a missing one does is to wait for the next look.
"""

import hashlib
import logging
from typing import Final
from uuid import UUID

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import EVENT_SUBJECTS
from contracts.journal import JournalEntry
from contracts.paths import PATHS
from services.chassis.announce import again_id, task_event
from services.chassis.bus import Publisher
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.problems import not_found

log = logging.getLogger(__name__)

DIGEST_CHARACTERS: Final = 16
"""Of the SHA-256 of a task id; they only keep repeats of one job's webhooks together."""


async def wake(jobs: Jobs, publisher: Publisher, *, job_id: UUID, task_id: str) -> None:
    """Let the renderer look at the job's task now; repeats within the dedup window are one.

    Nothing follows for a job that has its result or has ended. Raises RefusalError (404) for an
    unknown job and for another job's task, UnavailableError.
    """
    found = await jobs.find(job_id)
    if found is None or not _may_be_its_task(found.entry, task_id):
        raise not_found(ErrorCode.NOT_FOUND)
    if _is_settled(found.entry):
        return
    await _publish(publisher, found.entry, task_id)
    log.info("task_woken", extra={"job_id": str(job_id)})


def _may_be_its_task(job: JournalEntry, task_id: str) -> bool:
    if PATHS[job.kind].submitted is None:
        return False
    # Without a handle it may be: a provider can be faster than the record of its first answer.
    handle = job.work.handle if job.work else None
    return handle is None or handle.task_id == task_id


def _is_settled(job: JournalEntry) -> bool:
    return job.terminal or job.facts.raw is not None


async def _publish(publisher: Publisher, job: JournalEntry, task_id: str) -> None:
    kind = task_event(job)
    event = kind(
        job_id=job.job_id, request_id=job.facts.request_id, occurred_at=utcnow(), wake_up=True
    )
    mark = hashlib.sha256(task_id.encode()).hexdigest()[:DIGEST_CHARACTERS]
    message_id = again_id(kind, job, f"webhook:{mark}")
    await publisher.publish(EVENT_SUBJECTS[kind], event, message_id=message_id)
