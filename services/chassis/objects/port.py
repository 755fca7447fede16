"""The port of the object store: what it promises, what it refuses, how its errors are called."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

from contracts.errors import ErrorCode
from contracts.objects import EXTENSIONS, KEY
from services.chassis.errors import PermanentError, TransientError

CHUNK_BYTES: Final = 64 * 1024
"""The most that one step of a stream yields."""

_PREFIX: Final = re.compile(r"([a-z0-9-][a-z0-9._-]*/)*([a-z0-9-][a-z0-9._-]*)?")
_TYPES: Final = {extension: kind for kind, extension in EXTENSIONS.items()}


class MissingObjectError(TransientError):
    """No bytes are stored under a key that somebody refers to."""


class CorruptObjectError(TransientError):
    """The stored bytes are not those that the reference describes."""


class InvalidKeyError(PermanentError):
    """The key has not the shape of a key; it never reached a path or a request."""

    def __init__(self, key: str) -> None:
        super().__init__(
            ErrorCode.NOT_FOUND, "There is no such object.", reason=f"not an object key: {key!r}"
        )


@dataclass(frozen=True, slots=True)
class StoredObject:
    """What a store knows about an object without reading it; `etag` is quoted as HTTP wants it."""

    key: str
    size_bytes: int
    content_type: str
    etag: str
    modified: datetime


class ObjectStore(Protocol):
    """Bytes under keys that are created once.

    Every method raises InvalidKeyError for a malformed key and UnavailableError while the store
    is away, full, or refuses us.
    """

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Store the bytes durably; an existing key is left as it is, which is success."""

    async def get(self, key: str) -> bytes | None:
        """All bytes, or None when nothing is stored there."""

    async def head(self, key: str) -> StoredObject | None:
        """What is stored there, or None."""

    def stream(self, key: str, *, start: int = 0, end: int | None = None) -> AsyncIterator[bytes]:
        """The bytes of [start, end) in chunks; nothing when `start` lies beyond the object's end.

        The first step raises MissingObjectError when nothing is stored there.
        """

    async def delete(self, key: str) -> bool:
        """Remove the object; whether there was one."""

    def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Every object whose key starts so, in no promised order."""

    async def presigned(self, key: str, seconds: int) -> str | None:
        """A URL that lets anybody read the object for so long, or None where the store has none."""

    async def check(self) -> None:
        """Readiness. Raises UnavailableError naming what is missing."""


def checked_key(key: str) -> str:
    """The key itself. Raises InvalidKeyError unless it is one."""
    if not KEY.fullmatch(key):
        raise InvalidKeyError(key)
    return key


def checked_prefix(prefix: str) -> str:
    """The prefix itself. Raises InvalidKeyError unless a key could start so."""
    if not _PREFIX.fullmatch(prefix):
        raise InvalidKeyError(prefix)
    return prefix


def content_type_of(key: str) -> str:
    """The content type that the key's extension stands for."""
    return _TYPES.get(key.rpartition(".")[2], "application/octet-stream")
