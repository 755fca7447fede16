"""Room for what clients send: so much in all, and no client can take it from the others."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from services.chassis.errors import UnavailableError
from services.chassis.limits import Policy
from services.gateway.domain.problems import RefusalError, too_many

MAX_HELD_BYTES: Final = 256 * 1024 * 1024
"""All bodies that are read or worked on at one moment in this process."""

MAX_CLIENT_BYTES: Final = MAX_HELD_BYTES // 2
MAX_CLIENT_BODIES: Final = 256
"""Of one client at one moment: far more than a page sends, few enough to be cheap."""

RETRY_SECONDS: Final = 1


class Room:
    """Counts bytes as they come: what was only announced holds nothing."""

    def __init__(self) -> None:
        self._held = 0
        self._bytes: Counter[str] = Counter()
        self._bodies: Counter[str] = Counter()

    def figures(self) -> dict[str, int]:
        """What is held at the moment, and how much may be."""
        return {
            "bodies": self._bodies.total(),
            "held_bytes": self._held,
            "most_held_bytes": MAX_HELD_BYTES,
        }

    @contextmanager
    def share(self, client: str) -> Iterator["Share"]:
        """Room for one body, until the work on it ends. Raises RefusalError (429)."""
        if self._bodies[client] >= MAX_CLIENT_BODIES:
            raise _too_many_bodies()
        share = Share(self, client)
        self._bodies[client] += 1
        try:
            yield share
        finally:
            self._add(client, -share.held)
            self._bodies[client] -= 1
            if not self._bodies[client]:
                del self._bodies[client], self._bytes[client]

    def take(self, client: str, count: int) -> None:
        """Hold so many bytes more. Raises RefusalError (429) and UnavailableError."""
        if self._held + count > MAX_HELD_BYTES:
            raise UnavailableError("too many bodies at once", retry_after=RETRY_SECONDS)
        if self._bytes[client] + count > MAX_CLIENT_BYTES:
            raise _too_many_bodies()
        self._add(client, count)

    def _add(self, client: str, count: int) -> None:
        self._held += count
        self._bytes[client] += count


class Share:
    """What one body holds."""

    def __init__(self, room: Room, client: str) -> None:
        self._room = room
        self._client = client
        self.held = 0

    def take(self, count: int) -> None:
        """Hold so many bytes more. Raises RefusalError (429) and UnavailableError."""
        self._room.take(self._client, count)
        self.held += count


def _too_many_bodies() -> RefusalError:
    policy = Policy("bodies", MAX_CLIENT_BODIES, RETRY_SECONDS)
    sentence = "You are sending too much at once; please wait for the answers."
    return too_many(policy, RETRY_SECONDS, sentence)
