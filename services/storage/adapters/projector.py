"""The journal as batches: pulled from a durable that all replicas share, settled once kept."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from nats.aio.msg import Msg
from nats.js import JetStreamContext

from contracts.journal import JournalEntry
from contracts.subjects import JOURNAL, STORAGE_PROJECTOR
from services.chassis.broker import PULL_SECONDS, parsed
from services.chassis.bus import Bus, translated
from services.chassis.dead_letters import StreamDeadLetters
from services.chassis.delivery import NatsDelivery
from services.chassis.errors import PermanentError, TransientError
from services.chassis.failure import FailurePolicy
from services.chassis.journal import Recorded
from services.chassis.metrics import PROJECTION_LAG
from services.chassis.streams import PROJECTOR_BATCH

Keep = Callable[[Sequence[Recorded]], Awaitable[None]]
"""Keeps a batch for good. May be called again with the same entries, in any order."""

LINGER_SECONDS: Final = 0.02
"""A small batch lets the job's own steps go first, and what follows it come together."""

HAND_BACK_SECONDS: Final = 1.0
"""Entries that could not be kept wait so long before a replica gets them again."""


class Projector:
    """Hands the journal's entries on, and acknowledges them only after they were kept."""

    def __init__(self, bus: Bus, keep: Keep) -> None:
        self._bus = bus
        self._keep = keep
        self._policy = FailurePolicy(StreamDeadLetters(bus, STORAGE_PROJECTOR))
        self._pull: JetStreamContext.PullSubscription | None = None

    async def cycle(self) -> None:
        """Bring one batch into the record, or find none within a second. Raises TransientError."""
        messages = await self._fetch()
        PROJECTION_LAG.set(_behind(messages) + len(messages))
        if not messages:
            return
        if len(messages) < PROJECTOR_BATCH:
            await asyncio.sleep(LINGER_SECONDS)
        try:
            await self._settle(messages)
        except TransientError:
            await _hand_back(messages)
            raise
        PROJECTION_LAG.set(_behind(messages))

    async def close(self) -> None:
        """Stop listening: draining a connection waits for ever for a pull that nobody ends."""
        if self._pull is not None:
            with translated("stop pulling"):
                await self._pull.unsubscribe()
            self._pull = None

    async def _fetch(self) -> list[Msg]:
        with translated("pull the journal"):
            if self._pull is None:
                self._pull = await self._bus.js.pull_subscribe_bind(
                    stream=JOURNAL, durable=STORAGE_PROJECTOR
                )
            try:
                return await self._pull.fetch(PROJECTOR_BATCH, timeout=PULL_SECONDS)
            except TimeoutError:
                return []

    async def _settle(self, messages: list[Msg]) -> None:
        try:
            await self._keep([_recorded(message) for message in messages])
        except PermanentError:
            # One of them is bad: each for itself, so that it holds up nobody else.
            for message in messages:
                await self._settle_alone(message)
            return
        await _acknowledge(messages)

    async def _settle_alone(self, message: Msg) -> None:
        async def work() -> None:
            await self._keep([_recorded(message)])
            await _acknowledge([message])

        await self._policy.guard(NatsDelivery(message), work)


def _recorded(message: Msg) -> Recorded:
    entry = parsed(JournalEntry, message.data)
    return Recorded(entry, message.metadata.sequence.stream)


def _behind(messages: list[Msg]) -> int:
    return messages[-1].metadata.num_pending or 0 if messages else 0


async def _acknowledge(messages: list[Msg]) -> None:
    with translated("ack"):
        for message in messages:
            await message.ack()


async def _hand_back(messages: list[Msg]) -> None:
    with translated("nak"):
        for message in messages:
            if not message.is_acked:
                await message.nak(delay=HAND_BACK_SECONDS)
