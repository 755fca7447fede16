"""What other services answer over the bus: storage's record, and feedback."""

from uuid import UUID

from contracts.analytics import (
    ChainAnalytics,
    ChainsQuestion,
    FeedbackAnalytics,
    FeedbackAnalyticsQuestion,
    ProcessingAnalytics,
    ProcessingQuestion,
)
from contracts.queries import (
    ERASE_SECONDS,
    ChainQuestion,
    ChainRecord,
    Erasure,
    ErasureQuestion,
    FeedbackGiven,
    FeedbackKept,
    FeedbackQuestion,
    GiveFeedback,
    HistoryPage,
    HistoryQuestion,
    JobQuestion,
    JobRecord,
)
from contracts.subjects import (
    FEEDBACK_ANALYTICS_QUERY,
    FEEDBACK_GIVE_QUERY,
    FEEDBACK_READ_QUERY,
    STORAGE_CHAIN_QUERY,
    STORAGE_CHAINS_QUERY,
    STORAGE_ERASE_QUERY,
    STORAGE_HISTORY_QUERY,
    STORAGE_JOB_QUERY,
    STORAGE_PROCESSING_QUERY,
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
        return _recorded(await self._bus.ask(STORAGE_JOB_QUERY, question, JobRecord))

    async def path(self, job_id: UUID) -> list[Recorded]:
        """See Ancestry."""
        question = ChainQuestion(job_id=job_id)
        chain = await self._bus.ask(STORAGE_CHAIN_QUERY, question, ChainRecord)
        return [recorded for member in chain.members if (recorded := _recorded(member))]

    async def history(self, question: HistoryQuestion) -> HistoryPage:
        """See Archive."""
        return await self._bus.ask(STORAGE_HISTORY_QUERY, question, HistoryPage)

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


class BusAnalytics:
    """The services' figures."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def chains(self) -> ChainAnalytics:
        """See Analytics."""
        return await self._bus.ask(STORAGE_CHAINS_QUERY, ChainsQuestion(), ChainAnalytics)

    async def processing(self, days: int) -> ProcessingAnalytics:
        """See Analytics."""
        question = ProcessingQuestion(days=days)
        return await self._bus.ask(STORAGE_PROCESSING_QUERY, question, ProcessingAnalytics)

    async def feedback(self, days: int) -> FeedbackAnalytics:
        """See Analytics."""
        question = FeedbackAnalyticsQuestion(days=days)
        return await self._bus.ask(FEEDBACK_ANALYTICS_QUERY, question, FeedbackAnalytics)


def _recorded(record: JobRecord) -> Recorded | None:
    return Recorded(record.entry, record.sequence) if record.entry else None
