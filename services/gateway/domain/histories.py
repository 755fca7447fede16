"""What a job's line was so far, told from the answer of a replica that lags.

A line begins at index 0, has no gap, and reaches what the feed has told of the job; of a job that
the feed has not told of, it reaches what the journal's leader holds.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from uuid import UUID

from contracts.journal import Stage
from services.chassis.errors import UnavailableError
from services.chassis.journal import Recorded
from services.gateway.domain.known import Known

REPLAY_TRIES: Final = 6
REPLAY_PAUSE_SECONDS: Final = 0.2

Replay = Callable[[UUID], Awaitable[list[Recorded]]]
Leader = Callable[[UUID], Awaitable[Recorded | None]]


class Histories:
    """Reads lines; `replay` may ask any replica, `leader` tells a job's last entry for sure."""

    def __init__(self, replay: Replay, leader: Leader, known: Known) -> None:
        self.replay = replay
        self.leader = leader
        self.known = known

    async def read(self, job_id: UUID) -> list[Recorded]:
        """The job's entries so far; none when the journal has no such job.

        Raises UnavailableError.
        """
        entries: list[Recorded] = []
        for _ in range(REPLAY_TRIES):
            told = self.known.sequence(str(job_id))
            entries = await self.replay(job_id)
            if _is_whole(entries) and await self._is_fresh(job_id, entries, told):
                return entries
            await asyncio.sleep(REPLAY_PAUSE_SECONDS)
        if entries and _has_no_gap(entries) and entries[-1].entry.terminal:
            return entries  # its beginning has reached the journal's retention
        raise UnavailableError("the journal's replica lags")

    async def _is_fresh(self, job_id: UUID, entries: list[Recorded], told: int) -> bool:
        if entries and (told or entries[-1].entry.terminal):
            return entries[-1].sequence >= told
        last = await self.leader(job_id)
        if last is None:
            return True
        # The feed tells what comes after it: the next reader need not ask.
        self.known.note(last)
        return bool(entries) and entries[-1].sequence >= last.sequence


def _is_whole(entries: list[Recorded]) -> bool:
    if not entries or entries[-1].entry.stage is Stage.ERASED:
        return True
    return entries[0].entry.index == 0 and _has_no_gap(entries)


def _has_no_gap(entries: list[Recorded]) -> bool:
    return all(
        recorded.entry.index == index
        for index, recorded in enumerate(entries, entries[0].entry.index)
    )
