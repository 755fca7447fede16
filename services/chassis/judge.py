"""What a job that does not move needs: pure judgements over its last journal entry.

The watchdog asks them of silent jobs, the advisory judge of messages that used up their deliveries.
Neither believes anything but the journal.
"""

from datetime import datetime, timedelta
from enum import Enum
from typing import Final

from contracts.errors import ErrorCode
from contracts.events import (
    CutoutRendered,
    CutoutRequested,
    DescriptionRequested,
    DescriptionWritten,
    EditEnhanced,
    EditRendered,
    EditRequested,
    EditSubmitted,
    JobEvent,
    TaskSubmitted,
    VariationEnhanced,
    VariationRendered,
    VariationRequested,
    VariationSubmitted,
)
from contracts.journal import PROGRESS, JournalEntry, Stage
from services.chassis.announce import announcement

SILENCE_SECONDS: Final = {
    Stage.PENDING: 10.0,
    Stage.ENHANCING_PROMPT: 30.0,
    Stage.FETCHING_IMAGE: 60.0,
    Stage.AI_PROCESSING: 60.0,
    Stage.REMOVING_BACKGROUND: 180.0,
    Stage.DESCRIBING: 90.0,
    Stage.UPLOADING_RESULT: 30.0,
}
"""How long a stage may pass without an entry: about three times what its slow runs take."""

DEFAULT_SILENCE_SECONDS: Final = 60.0
"""The same for a stage without a figure of its own."""

TASK_SILENCE_SECONDS: Final = 300.0
"""The same while a provider works on a task: each copy of its event is one more who asks."""

TIMED_OUT_SENTENCE: Final = "This took too long and was stopped. Please try again."
GAVE_UP_SENTENCE: Final = "Something went wrong on our side. Please try again later."

_LAST_STAGES: Final[dict[type[JobEvent], Stage]] = {
    EditRequested: Stage.ENHANCING_PROMPT,
    EditEnhanced: Stage.AI_PROCESSING,
    EditSubmitted: Stage.AI_PROCESSING,
    EditRendered: Stage.UPLOADING_RESULT,
    VariationRequested: Stage.ENHANCING_PROMPT,
    VariationEnhanced: Stage.AI_PROCESSING,
    VariationSubmitted: Stage.AI_PROCESSING,
    VariationRendered: Stage.UPLOADING_RESULT,
    CutoutRequested: Stage.REMOVING_BACKGROUND,
    CutoutRendered: Stage.UPLOADING_RESULT,
    DescriptionRequested: Stage.DESCRIBING,
    DescriptionWritten: Stage.DESCRIBING,
}


class Verdict(Enum):
    """What to do about a job."""

    LEAVE = "leave"
    ANNOUNCE = "announce"
    FAIL = "fail"


def judge_silence(entry: JournalEntry, *, now: datetime) -> Verdict:
    """What a job needs at this moment: to be left alone, announced again, or to time out."""
    if announcement(entry) is None:
        return Verdict.LEAVE
    if now >= entry.facts.deadline:
        return Verdict.FAIL
    return Verdict.ANNOUNCE if now >= silent_at(entry) else Verdict.LEAVE


def silent_at(entry: JournalEntry) -> datetime:
    """From when on no further entry is suspicious; a job that waits for a retry is not silent."""
    limit = SILENCE_SECONDS.get(entry.stage, DEFAULT_SILENCE_SECONDS)
    event = announcement(entry)
    if event is not None and issubclass(event, TaskSubmitted):
        limit = TASK_SILENCE_SECONDS
    spoke_at = max(entry.public.updated_at, entry.public.retry_at or entry.public.updated_at)
    return spoke_at + timedelta(seconds=limit)


def look_at(entry: JournalEntry) -> datetime | None:
    """When the watchdog should look at the job next; None once it has ended."""
    if announcement(entry) is None:
        return None
    return min(silent_at(entry), entry.facts.deadline)


def judge_stuck(entry: JournalEntry, stuck: type[JobEvent]) -> Verdict:
    """What a job needs whose event used up its deliveries.

    Whatever was found out or paid for goes on; a step that brought nothing fails the job.
    """
    wanted = announcement(entry)
    if wanted is None or PROGRESS[entry.stage] > PROGRESS[_LAST_STAGES[stuck]]:
        return Verdict.LEAVE
    facts = entry.facts
    is_paid = facts.submitting or facts.handle or facts.raw or facts.written
    return Verdict.ANNOUNCE if is_paid or wanted is not stuck else Verdict.FAIL


def timed_out(entry: JournalEntry) -> JournalEntry:
    """The ending of a job that is past its deadline."""
    return entry.fail(ErrorCode.TIMED_OUT, TIMED_OUT_SENTENCE)


def given_up(entry: JournalEntry) -> JournalEntry:
    """The ending of a job whose message nobody could handle."""
    return entry.fail(ErrorCode.PROVIDER_FAILED, GAVE_UP_SENTENCE)
