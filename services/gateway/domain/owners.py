"""Who follows all jobs of an owner, on the hub's feed.

A stream opens first and holds back what the feed tells. Then the past is gathered, up to where the
feed stood: the record says which jobs moved, and up to where it knows; what lies between that and
the feed is read from the journal itself. Entries go out in the journal's order, so the last one
that a client saw stands for all before it.
"""

import asyncio
import json
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Final, Protocol
from uuid import UUID

from contracts.base import utcnow
from contracts.queries import MovedJobs
from services.chassis.errors import UnavailableError
from services.chassis.journal import Recorded
from services.gateway.domain import frames
from services.gateway.domain.catching_up import CatchingUp
from services.gateway.domain.hub import Hub, understood
from services.gateway.domain.owned import owner_of
from services.gateway.domain.status import readable
from services.gateway.domain.stream import Stream
from services.gateway.domain.streams import Followers

RECENT_SECONDS: Final = 300
"""A page that comes without a past is also told of the jobs that ended so lately."""

MOST_JOBS: Final = 100
MOST_ENTRIES: Final = 500
"""Of the past: what came before the newest of them is left out, which is said."""

NEAR_ENTRIES: Final = 1000
"""A client that was away for so few entries of the whole journal costs the record no question."""

FAR_ENTRIES: Final = 5000
"""A record that is so far behind is waited for."""

READERS: Final = 4
"""Pasts that are gathered at once, near and far ones each: after a restart all clients come back
together.
"""
READ_SECONDS: Final = 20.0
"""The longest that one of them may take, its turn included; then it is tried again."""

FRAMES_AT_ONCE: Final = 50

_SKIPPED: Final = {
    "detail": "Earlier changes are left out here; the history has every job as it is now."
}


class Moves(Protocol):
    """What became of an owner's jobs. Every method raises UnavailableError."""

    async def moved(
        self, owner: str, *, after: int, ended_after: datetime | None, most: int
    ) -> MovedJobs:
        """Ask the record."""

    async def snapshot(self, job_id: UUID) -> Recorded | None:
        """The last entry of a job on record."""

    def between(self, after: int, upto: int) -> AsyncIterator[tuple[int, bytes]]:
        """Each entry of the journal past `after` up to `upto`."""

    async def end(self) -> int:
        """The journal's last sequence."""


@dataclass(frozen=True, slots=True)
class Past:
    """What has happened, in the journal's order, and whether something is left out."""

    entries: list[Recorded]
    skipped: bool
    upto: int
    """Up to where it reaches: what comes after is told live."""


class Owners:
    """The streams of owners."""

    def __init__(self, hub: Hub, moves: Moves, *, now: Callable[[], datetime] = utcnow) -> None:
        self._hub = hub
        self._moves = moves
        self._now = now
        self._followers = Followers()
        self._catching_up = CatchingUp()
        self._near = asyncio.Semaphore(READERS)
        self._far = asyncio.Semaphore(READERS)
        hub.tell(self)

    def open(
        self, owner: str, *, client: str, base: str, after: int | None, is_new: bool = False
    ) -> Stream:
        """A stream of what the owner's jobs did past `after`, then do.

        With `after` None it begins with the last entry of each job that has not ended, or ended
        lately; a new owner has none. Raises RefusalError (429, 503).
        """
        stream = self._hub.streams.open(self._followers, owner, client=client, base=base)
        self._catching_up.start(stream, partial(self._bring, stream, after, is_new=is_new))
        return stream

    def figures(self) -> dict[str, int]:
        """What is held at the moment."""
        return {
            "owners_followed": len(self._followers),
            "owners_catching_up": len(self._catching_up),
        }

    def heard(self, job: str, sequence: int, data: bytes) -> None:
        """See Listener."""
        if not self._followers:
            return
        owner = owner_of(data, self._followers.names())
        followers = self._followers.of(owner) if owner else ()
        recorded = understood(sequence, data, job_id=job) if followers else None
        if recorded is not None:
            rendered: dict[str, bytes] = {}
            for stream in followers:
                self._offer(stream, recorded, rendered)

    def _offer(self, stream: Stream, recorded: Recorded, rendered: dict[str, bytes]) -> None:
        if stream.early is not None:
            stream.hold_back(recorded)
        else:
            stream.put(self._frame(stream, recorded, rendered))

    def _frame(self, stream: Stream, recorded: Recorded, rendered: dict[str, bytes]) -> bytes:
        if recorded.sequence <= stream.sequence:
            return b""
        status = rendered.get(stream.base)
        if status is None:
            status = rendered[stream.base] = self._hub.render(recorded.entry, stream.base)
        stream.sequence = recorded.sequence
        return frames.stage(recorded.sequence, status)

    async def _bring(self, stream: Stream, after: int | None, *, is_new: bool) -> bool:
        await self._hub.place.followed()
        try:
            async with asyncio.timeout(READ_SECONDS):
                past = await self._gathered(stream.follows, after, is_new=is_new)
        except TimeoutError:
            raise UnavailableError("too many clients came back at once") from None
        begun = await self._frames(stream, past)
        stream.sequence = past.upto
        early = [self._frame(stream, recorded, {}) for recorded in stream.go_live()]
        # One piece, however much it is: the bound is on what a reader leaves unread.
        stream.put(b"".join([*begun, *early, frames.place(stream.sequence)]))
        return True

    async def _gathered(self, owner: str, after: int | None, *, is_new: bool) -> Past:
        upto = self._hub.place.sequence
        if is_new:
            return Past([], skipped=False, upto=upto)
        after = await self._believed(after, upto)
        if after is not None and upto - after <= NEAR_ENTRIES:
            async with self._near:
                upto = max(self._hub.place.sequence, after)
                return _newest(await self._late(owner, after, upto), upto, skipped=False)
        async with self._far:
            return await self._past(owner, after, self._hub.place.sequence)

    async def _believed(self, after: int | None, upto: int) -> int | None:
        """An id of a journal that is not ours is none; another replica may be ahead of this one."""
        if after is None or after <= upto or after <= await self._moves.end():
            return after
        return None

    async def _past(self, owner: str, after: int | None, upto: int) -> Past:
        moved = await self._moved(owner, after)
        late = await self._late(owner, max(after or 0, moved.complete_to), upto)
        found = [entry for job in moved.jobs for entry in await self._line(job.job_id, upto)]
        if after is None:
            return _newest(_last_of_each([*found, *late]), upto, skipped=moved.more)
        fresh = (recorded for recorded in found if recorded.sequence > after)
        # Of what was erased meanwhile the record does not say any more whose it was.
        return _newest([*fresh, *late], upto, skipped=True)

    async def _moved(self, owner: str, after: int | None) -> MovedJobs:
        if after is None:
            recently = self._now() - timedelta(seconds=RECENT_SECONDS)
            return await self._moves.moved(owner, after=0, ended_after=recently, most=MOST_JOBS)
        try:
            return await self._moves.moved(owner, after=after, ended_after=None, most=MOST_JOBS)
        except UnavailableError:
            return MovedJobs(complete_to=after)  # the journal itself knows, if that is not too far

    async def _line(self, job_id: UUID, upto: int) -> list[Recorded]:
        line = await self._hub.history(job_id)
        if not line and (last := await self._moves.snapshot(job_id)):
            line = [last]  # past the journal's retention
        return [recorded for recorded in line if recorded.sequence <= upto]

    async def _late(self, owner: str, after: int, upto: int) -> list[Recorded]:
        if upto - after > FAR_ENTRIES:
            raise UnavailableError("the record is far behind the journal")
        kept: deque[Recorded] = deque(maxlen=MOST_ENTRIES + 1)
        async for sequence, data in self._moves.between(after, upto):
            if owner_of(data, (owner,)) and (entry := understood(sequence, data)):
                kept.append(entry)
        return list(kept)

    async def _frames(self, stream: Stream, past: Past) -> list[bytes]:
        pieces = [frames.skipped(json.dumps(_SKIPPED).encode())] if past.skipped else []
        for number, recorded in enumerate(past.entries, 1):
            status = self._hub.render(recorded.entry, stream.base)
            pieces.append(frames.stage(recorded.sequence, status))
            if number % FRAMES_AT_ONCE == 0:
                await asyncio.sleep(0)
        return pieces


def _newest(entries: Iterable[Recorded], upto: int, *, skipped: bool) -> Past:
    """Each entry once and in order, as many as are told at once."""
    ordered = sorted({recorded.sequence: recorded for recorded in entries}.items())
    kept = [recorded for _, recorded in ordered[-MOST_ENTRIES:]]
    return Past(kept, skipped or len(ordered) > MOST_ENTRIES, upto)


def _last_of_each(entries: Iterable[Recorded]) -> list[Recorded]:
    last: dict[UUID, Recorded] = {}
    for recorded in sorted(entries, key=lambda recorded: recorded.sequence):
        last[recorded.entry.job_id] = recorded
    return [recorded for recorded in last.values() if readable(recorded.entry)]
