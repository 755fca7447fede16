"""Verdicts on jobs that do not move, carried out on the journal."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID, uuid4

from contracts.base import utcnow
from contracts.events import EVENT_SUBJECTS
from contracts.journal import JournalEntry
from services.chassis.announce import again_id, announcement
from services.chassis.bus import Publisher
from services.chassis.journal import Journal, Recorded
from services.chassis.judge import Verdict


class Judging:
    """Carries verdicts out: announces again, or fails by compare-and-append on what was judged."""

    def __init__(
        self, journal: Journal, publisher: Publisher, now: Callable[[], datetime] = utcnow
    ) -> None:
        self._journal = journal
        self._publisher = publisher
        self.now = now

    async def settle(
        self,
        job_id: UUID,
        verdict_on: Callable[[JournalEntry], Verdict],
        *,
        ending: Callable[[JournalEntry], JournalEntry],
        mark: str | None = None,
    ) -> Verdict | None:
        """What was done about a job; None when the journal has no such job."""
        while (last := await self._journal.last(job_id, leader=True)) is not None:
            verdict = verdict_on(last.entry)
            if verdict is Verdict.ANNOUNCE:
                await self._announce(last, mark or f"r{last.sequence}")
            if verdict is not Verdict.FAIL or await self._end(last, ending):
                return verdict
        return None

    async def _announce(self, last: Recorded, mark: str) -> None:
        event = announcement(last.entry)
        assert event is not None
        await self._publisher.publish(
            EVENT_SUBJECTS[event],
            event(
                job_id=last.entry.job_id,
                request_id=last.entry.facts.request_id,
                occurred_at=self.now(),
            ),
            message_id=again_id(event, last.entry, mark),
        )

    async def _end(self, last: Recorded, ending: Callable[[JournalEntry], JournalEntry]) -> bool:
        entry, message_id = ending(last.entry), f"{last.entry.job_id}:{uuid4()}:0"
        return await self._journal.append(entry, judged=last, message_id=message_id) is not None
