"""Which event a job's journal says must have been published, and the ids of events.

The facts alone tell: the handlers announce by this table when they are done, the judges when a job
does not move.
"""

from contracts.events import EVENT_SUBJECTS, JobEvent, TaskSubmitted
from contracts.journal import JournalEntry
from contracts.paths import PATHS


def announcement(entry: JournalEntry) -> type[JobEvent] | None:
    """The event that brings the job on from here; None once it has ended."""
    if entry.terminal or entry.facts.result is not None:
        return None
    path, facts = PATHS[entry.kind], entry.facts
    if facts.raw is not None or facts.written is not None:
        return path.made
    if facts.handle is not None and path.submitted is not None:
        return path.submitted
    if facts.enhanced is not None and path.enhanced is not None:
        return path.enhanced
    return path.requested


def task_event(entry: JournalEntry) -> type[TaskSubmitted]:
    """The event that has a provider's task looked at. Raises ValueError where there are none."""
    if (event := PATHS[entry.kind].submitted) is None:
        raise ValueError(f"a {entry.kind} has no tasks")
    return event


def event_id(event: type[JobEvent], job: JournalEntry) -> str:
    """The deterministic id of a job's event: published twice, stored once."""
    noun, participle = EVENT_SUBJECTS[event].split(".")[-2:]
    return f"{job.job_id}:{noun}.{participle}"


def again_id(event: type[JobEvent], entry: JournalEntry, mark: str) -> str:
    """A fresh id of a job's event: the deterministic one would be swallowed as a duplicate."""
    return f"{event_id(event, entry)}:{mark}"
