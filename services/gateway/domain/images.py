"""Pictures by the id of an upload or of a job: which one is meant, and why there may be none."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal, Self

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind, Status
from contracts.objects import ObjectRef
from services.gateway.domain.parameters import refused
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.status import original_of

ROLES: Final = ("result", "original")
SIZES: Final = ("full", "thumb")

_NO_RESULT: Final = {
    Status.FAILED: "There is no result: the job failed.",
    Status.CANCELLED: "There is no result: the job was cancelled.",
}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which picture of a job, and whether a small copy of it."""

    role: Literal["result", "original"] = "result"
    small: bool = False

    @classmethod
    def of(cls, query: Mapping[str, str]) -> Self:
        """What the parameters ask for. Raises RefusalError (422)."""
        role = query.get("role") or ROLES[0]
        if role not in ROLES:
            raise refused("role", f"The `role` is one of {', '.join(ROLES)}.")
        return cls("original" if role == "original" else "result", is_small(query))


def is_small(query: Mapping[str, str]) -> bool:
    """Whether a small copy is asked for. Raises RefusalError (422)."""
    size = query.get("size") or SIZES[0]
    if size not in SIZES:
        raise refused("size", f"The `size` is one of {', '.join(SIZES)}.")
    return size == "thumb"


def picture_of(job: JournalEntry, wanted: Wanted) -> ObjectRef:
    """The picture of a job that can be read. Raises RefusalError (404) with the reason."""
    found = original_of(job) if wanted.role == "original" else _result_of(job)
    if found is None:
        raise RefusalError(404, ErrorCode.IMAGE_NOT_FOUND, _reason(job, wanted))
    return found


def _result_of(job: JournalEntry) -> ObjectRef | None:
    return job.work.result if job.work and job.public.status is Status.COMPLETED else None


def _reason(job: JournalEntry, wanted: Wanted) -> str:
    if wanted.role == "original":
        return "The picture was removed when the job had ended."
    if job.kind is Kind.DESCRIPTION:
        return "A description has no picture; its text stands in the status."
    return _NO_RESULT.get(job.public.status, "There is no result yet: the job has not completed.")
