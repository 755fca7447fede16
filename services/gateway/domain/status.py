"""The status object: what a poll answers and a stream tells, rendered from a journal entry."""

import json
from datetime import datetime
from typing import Any

from contracts.journal import JournalEntry, Kind, Stage, Status, Work
from contracts.objects import ObjectRef
from services.gateway.domain.links import Links

_ERRORS = frozenset({Status.FAILED, Status.CANCELLED})
_OF_WORK = (
    *("edited_image_url", "result_url", "original_image_url"),
    *("prompt", "enhanced_prompt", "description", "style_id"),
)
_FORGOTTEN = dict.fromkeys(_OF_WORK)


class StatusRenderer:
    """Renders entries; `base` is the address that the client reaches us at."""

    def __init__(self, links: Links) -> None:
        self._links = links

    def json(self, entry: JournalEntry, base: str) -> bytes:
        """The status object as it is sent."""
        return json.dumps(
            self.status(entry, base), ensure_ascii=False, separators=(",", ":")
        ).encode()

    def status(self, entry: JournalEntry, base: str) -> dict[str, Any]:
        """The status object; an erased entry has no words and no pictures."""
        public, status, job_id = entry.public, entry.public.status, str(entry.job_id)
        return {
            "uuid": job_id,
            "job_id": job_id,
            "kind": entry.kind.value,
            "status": status.value,
            "processing_stage": public.stage.value,
            "message": public.message,
            "progress_percent": public.progress_percent,
            "is_complete": status is Status.COMPLETED,
            "is_error": status in _ERRORS,
            **(self._of_work(entry, entry.work, base) if entry.work else _FORGOTTEN),
            "provider": public.provider,
            "model": public.model,
            "note": public.note,
            "parent_edit_uuid": str(public.parent_job_id) if public.parent_job_id else None,
            "chain_position": public.chain_position,
            "attempt": public.attempt,
            "retry_at": instant(public.retry_at) if public.retry_at else None,
            "retry_reason": public.retry_reason,
            "error_code": public.error_code.value if public.error_code else None,
            "created_at": instant(public.created_at),
            "updated_at": instant(public.updated_at),
        }

    def _of_work(self, entry: JournalEntry, work: Work, base: str) -> dict[str, Any]:
        completed = entry.stage is Stage.COMPLETED
        result = self._link(base, work.result) if completed else None
        return {
            "edited_image_url": result if entry.kind is Kind.EDIT else None,
            "result_url": result,
            "original_image_url": self._link(base, original_of(entry)),
            "prompt": work.prompt or None,
            "enhanced_prompt": work.enhanced.prompt if work.enhanced else None,
            "description": work.written.text if work.written and completed else None,
            "style_id": work.options.style_id,
        }

    def _link(self, base: str, picture: ObjectRef | None) -> str | None:
        return self._links.picture(base, picture.key) if picture else None


def original_of(entry: JournalEntry) -> ObjectRef | None:
    """The picture that a job was made from; one that was described is gone when the job ended."""
    if entry.work is None or (entry.kind is Kind.DESCRIPTION and entry.terminal):
        return None
    return entry.work.original


def readable(entry: JournalEntry) -> bool:
    """Whether there is anything to tell; an erased job is as unknown as one that never was."""
    return entry.stage is not Stage.ERASED


def instant(moment: datetime) -> str:
    """The moment as clients read it."""
    # Messages hold UTC only, whose offset is spelled Z on the wire.
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
