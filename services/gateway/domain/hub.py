"""Who follows which job: one feed of the journal in, many event streams out.

On connect a stream joins first, then the journal is replayed, then live entries past the replayed
ones go out, so that nothing is missed in between. A stream that cannot be brought there ends: its
client comes back and is told by the ordinary path.
"""

import asyncio
import logging
from collections.abc import Callable, Iterable
from itertools import count, cycle
from typing import Final
from uuid import UUID

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Stage
from services.chassis.errors import UnavailableError
from services.chassis.journal import Recorded
from services.chassis.metrics import STREAMS_OPEN
from services.gateway.domain import frames
from services.gateway.domain.histories import Histories
from services.gateway.domain.problems import RefusalError, unavailable
from services.gateway.domain.stream import Stream

log = logging.getLogger(__name__)

MAX_STREAMS: Final = 15_000
"""Bound of one process; 10,000 streams take about 200 MB."""

KEEPALIVE_SECONDS: Final = 15.0
KEEPALIVE_SLOTS: Final = 150
"""The streams are spread over so many moments: all at once would delay every event."""

DRAIN_SECONDS: Final = 3.0
DRAIN_STEPS: Final = 60

CATCH_UP_TRIES: Final = 20
CATCH_UP_PAUSE_SECONDS: Final = 0.5

FOLLOWED_SECONDS: Final = 2.0

Render = Callable[[JournalEntry, str], bytes]


class Hub:
    """The streams of this process."""

    def __init__(
        self,
        histories: Histories,
        render: Render,
        *,
        per_client: int,
        most: int = MAX_STREAMS,
    ) -> None:
        self.known = histories.known
        self._histories = histories
        self._render = render
        self._per_client = per_client
        self._most = most
        self._jobs: dict[str, set[Stream]] = {}
        self._clients: dict[str, int] = {}
        self._slots: list[set[Stream]] = [set() for _ in range(KEEPALIVE_SLOTS)]
        self._turns = cycle(self._slots)
        self._numbers = count()
        self._open = 0
        self._closing = False
        self._following = asyncio.Event()
        self._catching_up: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return self._open

    def figures(self) -> dict[str, int]:
        """What is held at the moment, and the bounds of it."""
        return {
            "streams": self._open,
            "most_streams": self._most,
            "jobs_followed": len(self._jobs),
            "clients": len(self._clients),
            "streams_catching_up": len(self._catching_up),
            "last_entries": len(self.known),
            "most_last_entries": self.known.most,
        }

    def join(self, job_id: UUID, *, client: str, base: str) -> Stream:
        """A stream that collects live entries from now on. Raises RefusalError (429, 503)."""
        if self._closing or self._open >= self._most:
            raise unavailable()
        held = self._clients.get(client, 0)
        if self._per_client and held >= self._per_client:
            raise _too_many_streams(held)
        stream = Stream(job_id, client=client, base=base)
        stream.slot = next(self._numbers) % KEEPALIVE_SLOTS
        self._clients[client] = held + 1
        self._jobs.setdefault(str(job_id), set()).add(stream)
        self._slots[stream.slot].add(stream)
        self._count(1)
        return stream

    def leave(self, stream: Stream) -> None:
        """Forget the stream; once is enough, twice does no harm."""
        followers = self._jobs.get(str(stream.job_id), set())
        if stream not in followers:
            return
        followers.discard(stream)
        if not followers:
            del self._jobs[str(stream.job_id)]
        self._slots[stream.slot].discard(stream)
        self._clients[stream.client] -= 1
        if not self._clients[stream.client]:
            del self._clients[stream.client]
        stream.detach()
        self._count(-1)

    async def history(self, job_id: UUID) -> list[Recorded]:
        """The job's entries so far without a gap; none when the journal has no such job.

        What comes after them is told by the feed. Raises UnavailableError.
        """
        await self._followed()
        return await self._histories.read(job_id)

    def resume(self, stream: Stream, history: list[Recorded], *, after: int | None) -> None:
        """Put in what came after the entry `after` (None: everything), then follow live."""
        skipped = 0
        if after is not None:
            skipped = next((i for i, r in enumerate(history, 1) if r.sequence == after), 0)
        if skipped:
            last = history[skipped - 1]
            stream.sequence, stream.index = last.sequence, last.entry.index
        fresh = [r for r in history[skipped:] if r.sequence > stream.sequence]
        # One piece, however many entries: the bound is on what a reader leaves unread.
        stream.put(b"".join(self._frame(stream, recorded, {}) for recorded in fresh))
        if history and history[-1].entry.terminal:
            if not fresh:
                # It has seen the ending, but was not told that it was one.
                stream.put(frames.end(self._render(history[-1].entry, stream.base)))
            stream.end()
        self._go_live(stream)

    def resume_later(self, stream: Stream, *, after: int | None) -> None:
        """The same, once the journal can be read again; meanwhile the stream is open and silent."""
        task = asyncio.create_task(self._catch_up(stream, after))
        self._catching_up.add(task)
        task.add_done_callback(self._caught_up)

    def has_its_place(self) -> None:
        """The feed tells every entry from now on."""
        self._following.set()

    def lost_sight(self) -> None:
        """The feed tells nothing until it has its place again."""
        self._following.clear()

    def heard(self, job: str, sequence: int, data: bytes) -> None:
        """The feed's next entry, as it came."""
        self.known.put(job, sequence, data)
        followers = self._jobs.get(job)
        if not followers:
            return
        try:
            recorded = Recorded(JournalEntry.model_validate_json(data), sequence)
        except ValueError:
            log.exception("journal_entry_unreadable", extra={"job_id": job, "sequence": sequence})
            return
        rendered: dict[str, bytes] = {}
        for stream in tuple(followers):
            self._offer(stream, recorded, rendered)

    def lost_its_place(self) -> None:
        """The journal went back behind what we told: every stream starts over."""
        self.known.forget()
        for stream in self._all():
            stream.end()

    async def check(self) -> None:
        """Readiness: an event stream would follow live. Raises UnavailableError."""
        if not self._following.is_set():
            raise UnavailableError("the journal is not followed yet")

    async def keep_alive(self) -> None:
        """Say something on the streams of the next slot; called so often that 15 s reach all."""
        for stream in tuple(next(self._turns)):
            stream.put(frames.KEEPALIVE)

    async def drain(self) -> None:
        """End all streams, spread over the window, so that their clients resume elsewhere."""
        self._closing = True
        waiting = self._all()
        step = len(waiting) // DRAIN_STEPS + 1
        for begin in range(0, len(waiting), step):
            for stream in waiting[begin : begin + step]:
                stream.end()
            await asyncio.sleep(DRAIN_SECONDS / DRAIN_STEPS)
        await asyncio.sleep(DRAIN_SECONDS / DRAIN_STEPS)
        for stream in self._all():
            stream.cut()

    def _offer(self, stream: Stream, recorded: Recorded, rendered: dict[str, bytes]) -> None:
        if stream.early is not None:
            stream.hold_back(recorded)
        elif recorded.sequence > stream.sequence:
            if (
                recorded.entry.index != stream.index + 1
                and recorded.entry.stage is not Stage.ERASED
            ):
                stream.early = [recorded]
                self.resume_later(stream, after=stream.sequence or None)
                return
            self._forward(stream, recorded, rendered)

    def _forward(self, stream: Stream, recorded: Recorded, rendered: dict[str, bytes]) -> None:
        if not stream.ended and recorded.sequence > stream.sequence:
            stream.put(self._frame(stream, recorded, rendered))
            if recorded.entry.terminal:
                stream.end()

    def _frame(self, stream: Stream, recorded: Recorded, rendered: dict[str, bytes]) -> bytes:
        # Rendered once per entry and address: the streams share the bytes.
        status = rendered.get(stream.base)
        if status is None:
            status = rendered[stream.base] = self._render(recorded.entry, stream.base)
        stream.sequence, stream.index = recorded.sequence, recorded.entry.index
        ending = frames.end(status) if recorded.entry.terminal else b""
        return frames.stage(recorded.sequence, status) + ending

    def _go_live(self, stream: Stream) -> None:
        early, stream.early = stream.early or [], None
        for recorded in early:
            self._offer(stream, recorded, {})

    async def _followed(self) -> None:
        # Entries between a history and the feed's first one would be told by neither.
        try:
            async with asyncio.timeout(FOLLOWED_SECONDS):
                await self._following.wait()
        except TimeoutError:
            raise UnavailableError("the journal is not followed yet") from None

    async def _catch_up(self, stream: Stream, after: int | None) -> None:
        resumed = False
        try:
            history = await self._read_late(stream)
            if history:
                self.resume(stream, history, after=after)
                resumed = True
        finally:
            if not resumed and not stream.ended:
                stream.end()  # the client comes back with its Last-Event-ID

    async def _read_late(self, stream: Stream) -> list[Recorded]:
        for _ in range(CATCH_UP_TRIES):
            if stream.ended:
                break
            try:
                return await self.history(stream.job_id)
            except UnavailableError:
                await asyncio.sleep(CATCH_UP_PAUSE_SECONDS)
        return []

    def _caught_up(self, task: asyncio.Task[None]) -> None:
        self._catching_up.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("catching_up_failed", exc_info=error)

    def _all(self) -> list[Stream]:
        return [stream for followers in self._jobs.values() for stream in followers]

    def _count(self, change: int) -> None:
        self._open += change
        STREAMS_OPEN.set(self._open)


def terminal(history: Iterable[Recorded]) -> Recorded | None:
    """The ending among the entries, if there is one."""
    return next((recorded for recorded in history if recorded.entry.terminal), None)


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
