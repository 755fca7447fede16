"""Copies of what could not be handled: where it came from and why, never anybody's words."""

from contracts.base import utcnow
from contracts.events import DeadLetter
from contracts.journal import JournalEntry
from contracts.subjects import dead_letter_subject
from services.chassis.bus import Publisher
from services.chassis.errors import PermanentError
from services.chassis.step import Delivery
from services.chassis.streams import durable_named


class StreamDeadLetters:
    """Dead letters of one durable, on their stream."""

    def __init__(self, publisher: Publisher, durable: str) -> None:
        self._publisher = publisher
        self._durable = durable

    async def keep(self, delivery: Delivery, error: Exception, *, job: JournalEntry | None) -> None:
        """Return once the copy is stored, once per message. Raises UnavailableError."""
        letter = DeadLetter(
            job_id=job.job_id if job else None,
            request_id=job.work.request_id if job and job.work else None,
            durable=self._durable,
            subject=durable_named(self._durable).subject,
            sequence=delivery.sequence,
            deliveries=delivery.deliveries,
            reason=reason_of(error),
            occurred_at=utcnow(),
        )
        await self._publisher.publish(
            dead_letter_subject(self._durable, letter.job_id),
            letter,
            message_id=f"{self._durable}:{delivery.sequence}",
        )


def reason_of(error: Exception) -> str:
    """The error's class and public code: its text may hold what a person wrote."""
    code = f" {error.code}" if isinstance(error, PermanentError) else ""
    return f"{type(error).__name__}{code}"
