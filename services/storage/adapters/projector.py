"""The journal as batches: pulled from a durable that all replicas share, settled once kept."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from nats.aio.msg import Msg

from contracts.journal import JournalEntry
from contracts.subjects import JOURNAL, STORAGE_PROJECTOR
from services.chassis.broker import parsed
from services.chassis.bus import Bus, translated
from services.chassis.dead_letters import StreamDeadLetters, reason_of
from services.chassis.delivery import NatsDelivery
from services.chassis.errors import TransientError
from services.chassis.failure import kind_of
from services.chassis.journal import Recorded
from services.chassis.metrics import FAILURES, PROJECTION_LAG
from services.chassis.pull import Pull
from services.chassis.streams import PROJECTOR_BATCH, durable_named

log = logging.getLogger(__name__)

Keep = Callable[[Sequence[Recorded]], Awaitable[None]]
"""Keeps a batch for good. May be called again with the same entries, in any order."""

LINGER_SECONDS: Final = 0.02
"""A small batch lets the job's own steps go first, and what follows it come together."""

HAND_BACK_SECONDS: Final = 1.0
"""Entries that could not be kept wait so long before a replica gets them again."""


async def kept_to(bus: Bus) -> int:
    """The sequence up to which every entry was kept. Raises UnavailableError."""
    with translated("look at the projector"):
        floor = (await bus.js.consumer_info(JOURNAL, STORAGE_PROJECTOR)).ack_floor
    return floor.stream_seq if floor else 0


class Projector:
    """Hands the journal's entries on, and acknowledges them only after they were kept."""

    def __init__(self, bus: Bus, keep: Keep) -> None:
        self._bus = bus
        self._keep = keep
        self._dead_letters = StreamDeadLetters(bus, STORAGE_PROJECTOR)
        self._pull = Pull(bus, durable_named(STORAGE_PROJECTOR))

    async def cycle(self) -> None:
        """Bring one batch into the record, or find none within a second. Raises TransientError."""
        messages = await self._pull.fetch(PROJECTOR_BATCH)
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
        """Stop listening."""
        await self._pull.close()

    async def _settle(self, messages: list[Msg]) -> None:
        try:
            await self._keep([_recorded(message) for message in messages])
        except TransientError:
            raise
        except Exception:  # noqa: BLE001 - whatever it is, one of them may be the cause
            for message in messages:
                await self._settle_alone(message)
        else:
            await _acknowledge(messages)

    async def _settle_alone(self, message: Msg) -> None:
        try:
            await self._keep([_recorded(message)])
        except TransientError:
            raise
        except Exception as error:  # noqa: BLE001 - one entry must not hold up the others for ever
            FAILURES.labels(STORAGE_PROJECTOR, kind_of(error)).inc()
            log.warning("entry_given_up", extra={"error": reason_of(error)})
            await self._dead_letters.keep(NatsDelivery(message), error, job=None)
        await _acknowledge([message])


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
