"""Small copies of stored pictures: made once, kept beside their source, gone with it."""

import asyncio
from typing import Final, Protocol

from contracts.errors import ErrorCode
from contracts.objects import thumb_key
from services.chassis.errors import UnavailableError
from services.chassis.objects import ObjectStore
from services.gateway.domain.problems import not_found

MAKERS: Final = 4
"""Made at once in this process: their sources are held in memory."""

MOST_WAITING: Final = 64
"""As many as a page of a history shows at once, and then some."""

CONTENT_TYPE: Final = "image/webp"


class Shrinker(Protocol):
    """Who makes small copies."""

    async def shrink(self, data: bytes) -> bytes:
        """A WebP of at most 256 pixels a side. Raises PermanentError and UnavailableError."""


class Thumbs:
    """Finds or makes small copies."""

    def __init__(self, store: ObjectStore, shrinker: Shrinker) -> None:
        self._store = store
        self._shrinker = shrinker
        self._makers = asyncio.Semaphore(MAKERS)
        self._waiting = 0

    async def ensure(self, key: str) -> None:
        """See that the copy of the picture under `key` is stored.

        Raises RefusalError (404) without a source, PermanentError and UnavailableError.
        """
        if await self._store.head(thumb_key(key)) is None:
            await self._in_turn(key)

    async def _in_turn(self, key: str) -> None:
        if self._waiting >= MOST_WAITING:
            raise UnavailableError("too many small pictures are waited for", retry_after=1.0)
        self._waiting += 1
        try:
            async with self._makers:
                await self._make(key)
        finally:
            self._waiting -= 1

    async def _make(self, key: str) -> None:
        if await self._store.head(thumb_key(key)):
            return  # somebody else was waiting for it too
        data = await self._store.get(key)
        if data is None:
            raise not_found(ErrorCode.IMAGE_NOT_FOUND)
        small = await self._shrinker.shrink(data)
        await self._store.put(thumb_key(key), small, content_type=CONTENT_TYPE)
        if await self._store.head(key) is None:
            # Removed while the copy was made: who removed it found no copy beside it.
            await self._store.delete(thumb_key(key))
            raise not_found(ErrorCode.IMAGE_NOT_FOUND)
