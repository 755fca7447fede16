"""The path of events that each kind of job takes."""

from dataclasses import dataclass
from typing import Final

from contracts import events as e
from contracts.stages import Kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Path:
    """The events of a kind of job, in the order of the pipeline; the last completes the job."""

    requested: type[e.JobEvent]
    enhanced: type[e.JobEvent] | None = None
    submitted: type[e.TaskSubmitted] | None = None
    """Where a provider may work on a task for longer than a call."""
    made: type[e.JobEvent]


PATHS: Final = {
    Kind.EDIT: Path(
        requested=e.EditRequested,
        enhanced=e.EditEnhanced,
        submitted=e.EditSubmitted,
        made=e.EditRendered,
    ),
    Kind.VARIATION: Path(
        requested=e.VariationRequested,
        enhanced=e.VariationEnhanced,
        submitted=e.VariationSubmitted,
        made=e.VariationRendered,
    ),
    Kind.CUTOUT: Path(requested=e.CutoutRequested, made=e.CutoutRendered),
    Kind.DESCRIPTION: Path(requested=e.DescriptionRequested, made=e.DescriptionWritten),
}
