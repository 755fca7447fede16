"""Whose an entry is, told without reading all of it."""

from collections.abc import Collection
from uuid import UUID

from pydantic import ValidationError

from contracts.base import Message
from contracts.ownership import whose


class _Work(Message):
    owner: str


class _Owned(Message):
    job_id: UUID
    work: _Work | None = None
    erased_for: str | None = None


def owner_of(data: bytes, owners: Collection[str]) -> str | None:
    """Which of these owners a stored entry belongs to, erased ones too."""
    try:
        entry = _Owned.model_validate_json(data)
    except ValidationError:
        return None
    if entry.work is not None:
        return entry.work.owner if entry.work.owner in owners else None
    # An erased entry names nobody, but each can be asked whether it was theirs.
    return next((one for one in owners if whose(entry.job_id, one) == entry.erased_for), None)
