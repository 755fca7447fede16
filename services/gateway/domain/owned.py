"""Whose an entry is, told without reading all of it."""

from pydantic import ValidationError

from contracts.base import Message


class _Work(Message):
    owner: str


class _Owned(Message):
    work: _Work | None = None


def owner_of(data: bytes) -> str | None:
    """The owner of a stored entry; None for one that was erased or cannot be read."""
    try:
        work = _Owned.model_validate_json(data).work
    except ValidationError:
        return None
    return work.owner if work else None
