"""Where else something of a job may be: the feedback service, and the dead letters on the bus."""

from uuid import UUID

from contracts.queries import FeedbackErased, FeedbackErasure
from contracts.subjects import DEAD_LETTERS, FEEDBACK_ERASE_QUERY, dead_letters_of
from services.chassis.bus import Bus, translated


class BusOpinions:
    """See Opinions."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def forget(self, job_id: UUID, *, keep_rating: bool) -> int:
        """See Opinions."""
        question = FeedbackErasure(edit_uuid=job_id, keep_rating=keep_rating)
        return (await self._bus.ask(FEEDBACK_ERASE_QUERY, question, FeedbackErased)).rows


class StreamLetters:
    """See DeadLetters."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def purge(self, job_id: UUID) -> int:
        """See DeadLetters."""
        subject = dead_letters_of(job_id)
        with translated("purge dead letters"):
            info = await self._bus.js.stream_info(DEAD_LETTERS, subjects_filter=subject)
            count = sum((info.state.subjects or {}).values())
            if count:
                await self._bus.js.purge_stream(DEAD_LETTERS, subject=subject)
        return count
