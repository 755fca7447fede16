"""One open event stream: frames that wait to be sent, and where in the journal it stands.

An idle stream is one waiting coroutine and this object: sending is done by a task that lives as
long as there is something to send.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final

from services.chassis.journal import Recorded
from services.gateway.domain import frames

MAX_WAITING_FRAMES: Final = 64
"""A reader this far behind is cut; it resumes with its Last-Event-ID."""

MAX_EARLY_ENTRIES: Final = 1024
"""A stream that keeps so many while it is brought to the present starts over."""

Send = Callable[[dict[str, Any]], Awaitable[None]]


class Stream:
    """What the hub feeds and a connection sends."""

    __slots__ = (
        "_complete",
        "_cut",
        "_ended",
        "_frames",
        "_send",
        "_task",
        "_writer",
        "base",
        "catching_up",
        "client",
        "early",
        "follows",
        "index",
        "sequence",
        "slot",
    )

    def __init__(self, follows: str, *, client: str, base: str) -> None:
        self.follows = follows
        """The job, or the owner, whose entries it tells."""
        self.client = client
        self.base = base
        self.slot = 0
        self.sequence = 0
        """Journal sequence of the last entry put into frames."""
        self.index = -1
        """Its index: the next entry must be one more."""
        self.early: list[Recorded] | None = []
        """Live entries that came while the journal is replayed; None when following live."""
        self.catching_up: asyncio.Task[None] | None = None
        """What brings it to the present; nobody needs that once the connection is gone."""
        self._frames: list[bytes] = []
        self._ended = False
        self._cut = False
        self._complete = False
        self._send: Send | None = None
        self._task: asyncio.Task[Any] | None = None
        self._writer: asyncio.Task[None] | None = None

    @property
    def is_cut(self) -> bool:
        """Whether the connection is dropped for being too far behind."""
        return self._cut

    @property
    def ended(self) -> bool:
        """Whether nothing more will be put in."""
        return self._ended

    def hold_back(self, recorded: Recorded) -> None:
        """Keep a live entry until the journal was replayed; one that keeps too many starts over."""
        assert self.early is not None
        if len(self.early) < MAX_EARLY_ENTRIES:
            self.early.append(recorded)
        elif not self._ended:
            self.early.clear()
            self.end()

    def go_live(self) -> list[Recorded]:
        """Hold nothing back any more; what was held back until now."""
        early, self.early = self.early or [], None
        return early

    def put(self, frame: bytes) -> None:
        """Put a frame in; cuts a reader that is too far behind."""
        if self._ended or self._cut or not frame:
            return
        if len(self._frames) >= MAX_WAITING_FRAMES:
            self.cut()
            return
        self._frames.append(frame)
        self._write_soon()

    def end(self) -> None:
        """Complete the response after what waits."""
        self._ended = True
        self._write_soon()

    def cut(self) -> None:
        """Drop the connection: a reader that does not read cannot be ended politely."""
        if self._complete:
            return
        self._cut = True
        self._frames.clear()
        if self._writer is not None:
            self._writer.cancel()
        if self._task is not None:
            self._task.cancel()

    def opening(self) -> bytes:
        """All that is there before the connection follows."""
        return frames.OPENING + self._taken()

    def attach(self, send: Send) -> None:
        """From now on frames are sent as they come, by the connection of the current task."""
        self._send, self._task = send, asyncio.current_task()
        if self._frames or self._ended:
            self._write_soon()

    def detach(self) -> None:
        """The connection is gone: send nothing more."""
        self._ended, self._send, self._task = True, None, None
        for task in (self._writer, self.catching_up):
            if task is not None:
                task.cancel()

    def _write_soon(self) -> None:
        if self._send is not None and self._writer is None:
            self._writer = asyncio.create_task(self._write(self._send))

    async def _write(self, send: Send) -> None:
        try:
            while self._frames or self._ended:
                last, body = self._ended, self._taken()
                await send({"type": "http.response.body", "body": body, "more_body": not last})
                if last:
                    self._complete = True
                    return
        finally:
            self._writer = None

    def _taken(self) -> bytes:
        taken = b"".join(self._frames)
        self._frames.clear()
        return taken
