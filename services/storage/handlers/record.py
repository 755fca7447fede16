"""The record: entries are kept and told of, questions answered, silent and stuck jobs judged."""

import asyncio
import logging
from collections.abc import Sequence
from functools import partial
from typing import Final
from uuid import UUID

from contracts.analytics import (
    ChainAnalytics,
    ChainsQuestion,
    ProcessingAnalytics,
    ProcessingQuestion,
)
from contracts.base import utcnow
from contracts.events import EVENT_SUBJECTS, FEED_SUBJECTS, DeadLetter, JobEvent
from contracts.journal import TERMINAL
from contracts.queries import (
    ChainQuestion,
    ChainRecord,
    HistoryPage,
    HistoryQuestion,
    JobQuestion,
    JobRecord,
    MovedJobs,
    MovedQuestion,
)
from contracts.subjects import dead_letter_subject
from services.chassis import judge
from services.chassis.bus import Publisher
from services.chassis.journal import Recorded
from services.chassis.metrics import ENDINGS
from services.storage.domain.answers import Answers
from services.storage.domain.erasing import KeptTo
from services.storage.domain.feed import GiveBack, feed_id, returned, told
from services.storage.domain.judging import Judging
from services.storage.domain.record import Jobs, rows_of
from services.storage.domain.stuck import MaxDeliveries, StuckMessages

log = logging.getLogger(__name__)

WATCH_BATCH: Final = 200
"""Silent jobs looked at in one go: about 0.2 s of work."""


async def on_journal_entries(
    batch: Sequence[Recorded], *, jobs: Jobs, feed: Publisher, give_back: GiveBack
) -> None:
    """Bring entries into the record, then tell the world and give places back; all repeatable."""
    for kept in await jobs.keep(rows_of(batch)):
        if kept.stage in TERMINAL:
            ENDINGS.labels(kept.kind, kept.stage).inc()
    news = [event for recorded in batch if (event := told(recorded.entry))]
    await asyncio.gather(
        *(feed.publish(FEED_SUBJECTS[type(e)], e, message_id=feed_id(e)) for e in news)
    )
    slots = (slot for recorded in batch for slot in returned(recorded.entry))
    await asyncio.gather(*map(give_back, slots))


async def on_job_question(question: JobQuestion, *, jobs: Jobs) -> JobRecord:
    """What the record says of a job, however old."""
    return await jobs.read(question.job_id)


async def on_chain_question(question: ChainQuestion, *, answers: Answers) -> ChainRecord:
    """Which edits led to one."""
    return await answers.chain(question.job_id)


async def on_history_question(question: HistoryQuestion, *, answers: Answers) -> HistoryPage:
    """An owner's jobs, newest first."""
    return await answers.history(question)


async def on_chains_question(_: ChainsQuestion, *, answers: Answers) -> ChainAnalytics:
    """How follow-ups are used."""
    return await answers.chains()


async def on_processing_question(
    question: ProcessingQuestion, *, answers: Answers
) -> ProcessingAnalytics:
    """How the jobs of the last days went."""
    return await answers.processing(question.days)


async def on_moved_question(question: MovedQuestion, *, jobs: Jobs, kept_to: KeptTo) -> MovedJobs:
    """Which jobs of an owner moved, and up to where the record knows."""
    complete_to = await kept_to()  # before the record is read, which goes on meanwhile
    most = question.most
    found = await jobs.moved(
        question.owner, after=question.after, ended_after=question.ended_after, limit=most + 1
    )
    return MovedJobs(jobs=tuple(found[:most]), more=len(found) > most, complete_to=complete_to)


async def watch(*, jobs: Jobs, judging: Judging) -> None:
    """Look at every job that was silent for too long, or is past its deadline."""
    silent = await jobs.claim_silent(judging.now(), limit=WATCH_BATCH)
    verdicts = [await _verdict_on_silence(job_id, judging) for job_id in silent]
    # The journal forgets after its retention: there is nothing left to wake.
    await jobs.unwatch(i for i, v in zip(silent, verdicts, strict=True) if v is None)


async def on_max_deliveries(
    advisory: MaxDeliveries, *, stuck: StuckMessages, judging: Judging, publisher: Publisher
) -> None:
    """Settle the job of a message that nobody will be given again, then remove the message."""
    event = await stuck.load(advisory.stream_seq)
    if event is None:
        return
    subject = dead_letter_subject(advisory.consumer, event.job_id)
    letter = _letter(advisory, event)
    await publisher.publish(subject, letter, message_id=f"{letter.durable}:{letter.sequence}")
    await judging.settle(
        event.job_id,
        partial(judge.judge_stuck, stuck=type(event)),
        ending=judge.given_up,
        mark=f"a{advisory.stream_seq}",
    )
    await stuck.delete(advisory.stream_seq)


async def _verdict_on_silence(job_id: UUID, judging: Judging) -> judge.Verdict | None:
    verdict_on = partial(judge.judge_silence, now=judging.now())
    try:
        return await judging.settle(job_id, verdict_on, ending=judge.timed_out)
    except ValueError as error:
        # An entry that cannot be read or followed wakes nobody, and must not keep others asleep.
        log.warning("job_not_judged", extra={"job_id": str(job_id), "error": type(error).__name__})
        return None


def _letter(advisory: MaxDeliveries, event: JobEvent) -> DeadLetter:
    return DeadLetter(
        job_id=event.job_id,
        request_id=event.request_id,
        durable=advisory.consumer,
        subject=EVENT_SUBJECTS[type(event)],
        sequence=advisory.stream_seq,
        deliveries=advisory.deliveries,
        reason="MaxDeliveries",
        occurred_at=utcnow(),
    )
