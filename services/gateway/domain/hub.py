"""Who follows which job: one feed of the journal in, many event streams out.

On connect a stream joins first, then the journal is replayed, then live entries past the replayed
ones go out, so that nothing is missed in between. A stream that cannot be brought there ends: its
client comes back and is told by the ordinary path.
"""

import logging
from collections.abc import Callable
from functools import partial
from typing import Protocol
from uuid import UUID

from contracts.journal import JournalEntry, Stage
from services.chassis.journal import Recorded
from services.gateway.domain import frames
from services.gateway.domain.catching_up import CatchingUp
from services.gateway.domain.histories import Histories
from services.gateway.domain.place import Place
from services.gateway.domain.stream import Stream
from services.gateway.domain.streams import Followers, Streams

log = logging.getLogger(__name__)

Render = Callable[[JournalEntry, str], bytes]
"""The status object of an entry, for a client that reaches us at that address."""


class Listener(Protocol):
    """Who else is told every entry."""

    def heard(self, job: str, sequence: int, data: bytes) -> None:
        """The feed's next entry."""

    def figures(self) -> dict[str, int]:
        """What it holds at the moment."""


class Hub:
    """The streams of jobs."""

    def __init__(self, histories: Histories, render: Render, streams: Streams) -> None:
        self.known = histories.known
        self.streams = streams
        self.place = Place()
        self.render = render
        self._histories = histories
        self._followers = Followers()
        self._catching_up = CatchingUp()
        self._listeners: list[Listener] = []

    def tell(self, listener: Listener) -> None:
        """Tell somebody else too, after our own streams."""
        self._listeners.append(listener)

    def figures(self) -> dict[str, int]:
        """What is held at the moment, and the bounds of it."""
        return {
            **self.streams.figures(),
            **{name: count for one in self._listeners for name, count in one.figures().items()},
            "jobs_followed": len(self._followers),
            "streams_catching_up": len(self._catching_up),
            "last_entries": len(self.known),
            "most_last_entries": self.known.most,
        }

    def join(self, job_id: UUID, *, client: str, base: str) -> Stream:
        """A stream that collects live entries from now on. Raises RefusalError (429, 503)."""
        return self.streams.open(self._followers, str(job_id), client=client, base=base)

    async def history(self, job_id: UUID) -> list[Recorded]:
        """The job's entries so far without a gap; none when the journal has no such job.

        What comes after them is told by the feed. Raises UnavailableError.
        """
        await self.place.followed()
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
                stream.put(frames.end(self.render(history[-1].entry, stream.base)))
            stream.end()
        for recorded in stream.go_live():
            self._offer(stream, recorded, {})

    def resume_later(self, stream: Stream, *, after: int | None) -> None:
        """The same, once the journal can be read again; meanwhile the stream is open and silent."""
        self._catching_up.start(stream, partial(self._bring, stream, after))

    def has_its_place(self, sequence: int) -> None:
        """The feed tells every entry past this one from now on."""
        self.place.found(sequence)

    def lost_sight(self) -> None:
        """The feed tells nothing until it has its place again."""
        self.place.lost()

    def heard(self, job: str, sequence: int, data: bytes) -> None:
        """The feed's next entry, as it came."""
        self.place.sequence = sequence
        self.known.put(job, sequence, data)
        followers = self._followers.of(job)
        recorded = understood(sequence, data, job_id=job) if followers else None
        if recorded is not None:
            rendered: dict[str, bytes] = {}
            for stream in followers:
                self._offer(stream, recorded, rendered)
        for listener in self._listeners:
            listener.heard(job, sequence, data)

    def lost_its_place(self) -> None:
        """The journal went back behind what we told: every stream starts over."""
        self.known.forget()
        self.streams.end()

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
        if not stream.ended:
            stream.put(self._frame(stream, recorded, rendered))
            if recorded.entry.terminal:
                stream.end()

    def _frame(self, stream: Stream, recorded: Recorded, rendered: dict[str, bytes]) -> bytes:
        # Rendered once per entry and address: the streams share the bytes.
        status = rendered.get(stream.base)
        if status is None:
            status = rendered[stream.base] = self.render(recorded.entry, stream.base)
        stream.sequence, stream.index = recorded.sequence, recorded.entry.index
        ending = frames.end(status) if recorded.entry.terminal else b""
        return frames.stage(recorded.sequence, status) + ending

    async def _bring(self, stream: Stream, after: int | None) -> bool:
        history = await self.history(UUID(stream.follows))
        if history and not stream.ended:
            self.resume(stream, history, after=after)
        return bool(history)


def understood(sequence: int, data: bytes, **named: str) -> Recorded | None:
    """The entry, or none where it cannot be read, which is logged and not quoted."""
    try:
        return Recorded(JournalEntry.model_validate_json(data), sequence)
    except ValueError:
        log.exception("journal_entry_unreadable", extra={"sequence": sequence, **named})
        return None
