"""Where the journal's feed stands in this process."""

import asyncio
from typing import Final

from services.chassis.errors import UnavailableError

FOLLOWED_SECONDS: Final = 2.0


class Place:
    """What comes after `sequence` is told by the feed, or will be."""

    def __init__(self) -> None:
        self.sequence = 0
        self._following = asyncio.Event()

    def found(self, sequence: int) -> None:
        """Every entry past this one is told from now on."""
        self.sequence = sequence
        self._following.set()

    def lost(self) -> None:
        """Nothing is told for a while."""
        self._following.clear()

    async def followed(self) -> None:
        """Return while the feed tells every entry: those before it can be read, and none is missed
        in between. Raises UnavailableError.
        """
        try:
            async with asyncio.timeout(FOLLOWED_SECONDS):
                await self._following.wait()
        except TimeoutError:
            raise UnavailableError("the journal is not followed yet") from None

    async def check(self) -> None:
        """Readiness: an event stream would follow live. Raises UnavailableError."""
        if not self._following.is_set():
            raise UnavailableError("the journal is not followed yet")
