"""How the services are doing, as the bus tells: who answers, and what their durables hold."""

import asyncio
from collections import Counter
from typing import Final

from nats.js.api import ConsumerInfo
from nats.js.errors import NotFoundError

from contracts.base import utcnow
from contracts.queries import Presence, PresenceQuestion
from contracts.subjects import PRESENCE_QUERY
from services.chassis.bus import Bus, translated
from services.chassis.errors import UnavailableError
from services.chassis.streams import DURABLES, Durable
from services.gateway.domain.load import Load, together

SERVICES: Final = ("gateway", "enhancer", "renderer", "storage", "feedback")
ANSWER_SECONDS: Final = 0.3
"""A process that is busy answers within this; one that is stuck does not count as there."""
MAX_PROCESSES: Final = 1000


class BusServices:
    """See Services."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def loads(self) -> dict[str, Load]:
        """See Services."""
        if not self._bus.is_connected:
            raise UnavailableError("the bus is away")
        there, lines = await asyncio.gather(
            self._bus.ask_all(
                PRESENCE_QUERY,
                PresenceQuestion(),
                Presence,
                within=ANSWER_SECONDS,
                most=MAX_PROCESSES,
            ),
            asyncio.gather(*map(self._line, DURABLES)),
        )
        processes = Counter(presence.service for presence in there)
        return {
            service: together(
                processes[service], [load for owner, load in lines if owner == service]
            )
            for service in SERVICES
        }

    async def _line(self, durable: Durable) -> tuple[str, Load]:
        owner = durable.name.partition("_")[0]
        with translated("look at a durable"):
            try:
                info = await self._bus.js.consumer_info(durable.stream, durable.name)
            except NotFoundError:
                # Readiness tells what is missing; here nothing waits.
                return owner, Load()
        pending = info.num_pending or 0
        oldest = await self._oldest(durable, info) if pending else None
        return owner, Load(pending=pending, in_flight=info.num_ack_pending or 0, oldest=oldest)

    async def _oldest(self, durable: Durable, info: ConsumerInfo) -> float | None:
        given = info.delivered.stream_seq if info.delivered else 0
        with translated("look at a message"):
            try:
                message = await self._bus.js.get_msg(
                    durable.stream, given + 1, durable.subject, next=True
                )
            except NotFoundError:
                # Taken meanwhile.
                return None
        assert message.time is not None
        return round(max(0.0, (utcnow() - message.time).total_seconds()), 3)
