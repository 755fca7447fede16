"""Streams that are open and silent until the journal can be read."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from services.chassis.errors import UnavailableError
from services.gateway.domain.stream import Stream

log = logging.getLogger(__name__)

TRIES: Final = 20
PAUSE_SECONDS: Final = 0.5

Bring = Callable[[], Awaitable[bool]]
"""Puts into a stream what has happened, so that it follows live; false when there is nothing.

Raises UnavailableError when that cannot be told yet, with nothing put in.
"""


class CatchingUp:
    """Beside the connections, which a client that gives up on refusals must not lose."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def __len__(self) -> int:
        return len(self._tasks)

    def start(self, stream: Stream, bring: Bring) -> None:
        """Try until the stream follows live; one that never does ends, so its client comes back."""
        task = asyncio.create_task(_catch_up(stream, bring))
        stream.catching_up = task
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()):
            log.error("catching_up_failed", exc_info=error)


async def _catch_up(stream: Stream, bring: Bring) -> None:
    follows = False
    try:
        follows = await _brought(stream, bring)
    finally:
        if not follows and not stream.ended:
            stream.end()  # the client comes back with its Last-Event-ID


async def _brought(stream: Stream, bring: Bring) -> bool:
    for _ in range(TRIES):
        if stream.ended:
            break
        try:
            return await bring()
        except UnavailableError:
            await asyncio.sleep(PAUSE_SECONDS)
    return False
