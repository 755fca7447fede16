"""What other services answer over the bus: storage's record, and feedback."""

from uuid import UUID

from contracts.queries import (
    ERASE_SECONDS,
    Erasure,
    ErasureQuestion,
    FeedbackGiven,
    FeedbackKept,
    FeedbackQuestion,
    GiveFeedback,
    JobQuestion,
    JobRecord,
)
from contracts.subjects import (
    FEEDBACK_GIVE_QUERY,
    FEEDBACK_READ_QUERY,
    STORAGE_ERASE_QUERY,
    STORAGE_JOB_QUERY,
)
from services.chassis.bus import Bus
from services.chassis.journal import Recorded


class BusRecord:
    """Storage's record of jobs."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def find(self, job_id: UUID) -> Recorded | None:
        """The last entry on record. Raises UnavailableError."""
        question = JobQuestion(job_id=job_id)
        answer = await self._bus.ask(STORAGE_JOB_QUERY, question, JobRecord)
        return Recorded(answer.entry, answer.sequence) if answer.entry else None

    async def erase(self, job_id: UUID) -> Erasure:
        """Forget the job; what was removed. Raises RefusedError (404) and UnavailableError."""
        question = ErasureQuestion(job_id=job_id)
        return await self._bus.ask(STORAGE_ERASE_QUERY, question, Erasure, within=ERASE_SECONDS)


class BusFeedback:
    """The feedback service."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def give(self, feedback: GiveFeedback) -> FeedbackKept:
        """See Feedback."""
        return await self._bus.ask(FEEDBACK_GIVE_QUERY, feedback, FeedbackKept)

    async def read(self, job_id: UUID) -> FeedbackGiven:
        """See Feedback."""
        question = FeedbackQuestion(edit_uuid=job_id)
        return await self._bus.ask(FEEDBACK_READ_QUERY, question, FeedbackGiven)
