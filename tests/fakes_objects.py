"""An object store in memory that passes the port's suite."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

from contracts.base import utcnow
from contracts.objects import digest
from services.chassis.errors import UnavailableError
from services.chassis.objects.port import (
    CHUNK_BYTES,
    MissingObjectError,
    StoredObject,
    checked_key,
    checked_prefix,
)


@dataclass(slots=True)
class MemoryStore:
    """Objects in a dictionary; while `away` says why, every call raises UnavailableError."""

    contents: dict[str, bytes] = field(default_factory=dict)
    known: dict[str, StoredObject] = field(default_factory=dict)
    away: str = ""

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:
        """Keep the bytes unless the key is taken."""
        if self._at(key) in self.contents:
            return
        self.contents[key] = data
        self.known[key] = StoredObject(key, len(data), content_type, _etag(data), utcnow())

    async def get(self, key: str) -> bytes | None:
        """The bytes, or None."""
        return self.contents.get(self._at(key))

    async def head(self, key: str) -> StoredObject | None:
        """What is known of them, or None."""
        return self.known.get(self._at(key))

    async def stream(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of [start, end) in chunks."""
        if self._at(key) not in self.contents:
            raise MissingObjectError(f"{key} is not in the store")
        wanted = self.contents[key][start:end]
        for at in range(0, len(wanted), CHUNK_BYTES):
            yield wanted[at : at + CHUNK_BYTES]

    async def delete(self, key: str) -> bool:
        """Forget the bytes; whether there were some."""
        self.known.pop(self._at(key), None)
        return self.contents.pop(key, None) is not None

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """What is known of every key that starts so."""
        self._present()
        wanted = checked_prefix(prefix)
        for stored in [*self.known.values()]:
            if stored.key.startswith(wanted):
                yield stored

    async def presigned(self, key: str, seconds: int) -> str | None:
        """None: nobody else reads this memory."""
        checked_key(key)
        return None

    async def check(self) -> None:
        """Raises UnavailableError while `away` is set."""
        self._present()

    def _at(self, key: str) -> str:
        self._present()
        return checked_key(key)

    def _present(self) -> None:
        if self.away:
            raise UnavailableError(self.away)


def _etag(data: bytes) -> str:
    return f'"{digest(data)[:16]}"'
