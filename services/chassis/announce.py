"""Which event a job's journal says must have been published, and the ids of events.

The facts alone tell: the handlers announce by this table when they are done, the judges when a job
does not move.
"""

from contracts.events import (
    EVENT_SUBJECTS,
    EditEnhanced,
    EditRendered,
    EditRequested,
    EditSubmitted,
    JobEvent,
)
from contracts.journal import JournalEntry


def announcement(entry: JournalEntry) -> type[JobEvent] | None:
    """The event that brings the job on from here; None once it has ended."""
    if entry.terminal or entry.facts.result is not None:
        return None
    if entry.facts.raw is not None:
        return EditRendered
    if entry.facts.handle is not None:
        return EditSubmitted
    return EditEnhanced if entry.facts.enhanced is not None else EditRequested


def event_id(event: type[JobEvent], job: JournalEntry) -> str:
    """The deterministic id of a job's event: published twice, stored once."""
    noun, participle = EVENT_SUBJECTS[event].split(".")[-2:]
    return f"{job.job_id}:{noun}.{participle}"


def again_id(event: type[JobEvent], entry: JournalEntry, mark: str) -> str:
    """A fresh id of a job's event: the deterministic one would be swallowed as a duplicate."""
    return f"{event_id(event, entry)}:{mark}"
