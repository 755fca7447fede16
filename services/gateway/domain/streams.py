"""All open event streams of this process: how many there may be, their keepalives, their end."""

import asyncio
from collections.abc import Collection, Iterator
from itertools import count, cycle
from typing import Final

from contracts.errors import ErrorCode
from services.chassis.metrics import STREAMS_OPEN
from services.gateway.domain import frames
from services.gateway.domain.problems import RefusalError, unavailable
from services.gateway.domain.stream import Stream

MAX_STREAMS: Final = 15_000
"""Bound of one process; 10,000 streams take about 200 MB."""

KEEPALIVE_SECONDS: Final = 15.0
KEEPALIVE_SLOTS: Final = 150
"""The streams are spread over so many moments: all at once would delay every event."""

DRAIN_SECONDS: Final = 3.0
DRAIN_STEPS: Final = 60


class Followers:
    """Streams by what they follow: by job, or by owner."""

    def __init__(self) -> None:
        self._streams: dict[str, set[Stream]] = {}

    def __len__(self) -> int:
        return len(self._streams)

    def names(self) -> Collection[str]:
        """What is followed."""
        return self._streams.keys()

    def of(self, followed: str) -> tuple[Stream, ...]:
        """Who follows it at this moment."""
        return tuple(self._streams.get(followed, ()))

    def add(self, stream: Stream) -> None:
        """One more."""
        self._streams.setdefault(stream.follows, set()).add(stream)

    def remove(self, stream: Stream) -> None:
        """One less; nothing is left of what nobody follows. Raises KeyError for a stranger."""
        followers = self._streams[stream.follows]
        followers.remove(stream)
        if not followers:
            del self._streams[stream.follows]


class Streams:
    """Every stream, whatever it follows."""

    def __init__(self, *, per_client: int, most: int = MAX_STREAMS) -> None:
        self._per_client = per_client
        self._most = most
        self._clients: dict[str, int] = {}
        self._followers: dict[Stream, Followers] = {}
        self._slots: list[set[Stream]] = [set() for _ in range(KEEPALIVE_SLOTS)]
        self._turns = cycle(self._slots)
        self._numbers = count()
        self._closing = False

    def __len__(self) -> int:
        return len(self._followers)

    def __iter__(self) -> Iterator[Stream]:
        return iter(tuple(self._followers))

    def figures(self) -> dict[str, int]:
        """How many there are, of whom, and the bound."""
        return {
            "streams": len(self),
            "most_streams": self._most,
            "clients": len(self._clients),
        }

    def open(self, followers: Followers, follows: str, *, client: str, base: str) -> Stream:
        """A stream among the followers. Raises RefusalError (429, 503)."""
        if self._closing or len(self) >= self._most:
            raise unavailable()
        held = self._clients.get(client, 0)
        if self._per_client and held >= self._per_client:
            raise _too_many_streams(held)
        stream = Stream(follows, client=client, base=base)
        stream.slot = next(self._numbers) % KEEPALIVE_SLOTS
        self._clients[client] = held + 1
        self._slots[stream.slot].add(stream)
        self._followers[stream] = followers
        followers.add(stream)
        STREAMS_OPEN.set(len(self))
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget the stream; once is enough, twice does no harm."""
        followers = self._followers.pop(stream, None)
        if followers is None:
            return
        followers.remove(stream)
        self._slots[stream.slot].discard(stream)
        self._clients[stream.client] -= 1
        if not self._clients[stream.client]:
            del self._clients[stream.client]
        stream.detach()
        STREAMS_OPEN.set(len(self))

    def end(self) -> None:
        """End every stream: its client comes back."""
        for stream in self:
            stream.end()

    async def keep_alive(self) -> None:
        """Say something on the streams of the next slot; called so often that 15 s reach all."""
        for stream in tuple(next(self._turns)):
            stream.put(frames.KEEPALIVE)

    async def drain(self) -> None:
        """End all streams, spread over the window, so that their clients resume elsewhere."""
        self._closing = True
        waiting = tuple(self)
        step = len(waiting) // DRAIN_STEPS + 1
        for begin in range(0, len(waiting), step):
            for stream in waiting[begin : begin + step]:
                stream.end()
            await asyncio.sleep(DRAIN_SECONDS / DRAIN_STEPS)
        await asyncio.sleep(DRAIN_SECONDS / DRAIN_STEPS)
        for stream in self:
            stream.cut()


def _too_many_streams(held: int) -> RefusalError:
    return RefusalError(
        429,
        ErrorCode.TOO_MANY_STREAMS,
        f"You have {held} event streams open, which is the limit; please close one first.",
        headers={
            "Retry-After": "5",
            "RateLimit": '"streams";r=0;t=5',
            "RateLimit-Policy": f'"streams";q={held}',
        },
    )
