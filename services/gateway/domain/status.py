"""The status object: what a poll answers and a stream tells, rendered from a journal entry."""

import json
from datetime import datetime
from typing import Any

from contracts.journal import JournalEntry, Stage, Status
from contracts.objects import ObjectRef
from services.gateway.domain.links import Links

_ERRORS = frozenset({Status.FAILED, Status.CANCELLED})


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
        public, work, status = entry.public, entry.work, entry.public.status
        completed = status is Status.COMPLETED
        return {
            "uuid": str(entry.job_id),
            "kind": entry.kind.value,
            "status": status.value,
            "processing_stage": public.stage.value,
            "message": public.message,
            "progress_percent": public.progress_percent,
            "is_complete": completed,
            "is_error": status in _ERRORS,
            "edited_image_url": self._link(base, work.result if work and completed else None),
            "original_image_url": self._link(base, work.original if work else None),
            "prompt": work.prompt if work else None,
            "enhanced_prompt": work.enhanced.prompt if work and work.enhanced else None,
            "provider": public.provider,
            "model": public.model,
            "note": public.note,
            "parent_edit_uuid": str(public.parent_job_id) if public.parent_job_id else None,
            "chain_position": public.chain_position,
            "attempt": public.attempt,
            "retry_at": _instant(public.retry_at) if public.retry_at else None,
            "retry_reason": public.retry_reason,
            "error_code": public.error_code.value if public.error_code else None,
            "created_at": _instant(public.created_at),
            "updated_at": _instant(public.updated_at),
        }

    def _link(self, base: str, picture: ObjectRef | None) -> str | None:
        return self._links.picture(base, picture.key) if picture else None


def readable(entry: JournalEntry) -> bool:
    """Whether there is anything to tell; an erased job is as unknown as one that never was."""
    return entry.stage is not Stage.ERASED


def _instant(moment: datetime) -> str:
    # Messages hold UTC only, whose offset is spelled Z on the wire.
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
