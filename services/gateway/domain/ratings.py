"""Which jobs can be rated."""

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Stage
from contracts.stages import NOUNS
from services.gateway.domain.problems import RefusalError


def rateable(job: JournalEntry) -> JournalEntry:
    """The job itself. Raises RefusalError (400) unless it completed with a picture."""
    if job.kind is Kind.DESCRIPTION:
        sentence = "A description cannot be rated: ratings are of pictures."
        raise RefusalError(400, ErrorCode.INVALID_REQUEST, sentence)
    if job.stage is not Stage.COMPLETED:
        code = (
            ErrorCode.EDIT_NOT_COMPLETED if job.kind is Kind.EDIT else ErrorCode.JOB_NOT_COMPLETED
        )
        raise RefusalError(400, code, f"The {NOUNS[job.kind]} has not completed.")
    return job
