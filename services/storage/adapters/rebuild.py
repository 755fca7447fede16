"""The whole journal once more, for a record that was lost or is not trusted."""

from collections.abc import AsyncIterator
from typing import Final

from nats.aio.msg import Msg
from nats.js import JetStreamContext
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from contracts.journal import JournalEntry
from contracts.subjects import JOURNAL, JOURNAL_ROOT
from services.chassis.broker import InvalidBodyError, parsed
from services.chassis.bus import Bus, translated
from services.chassis.journal import Recorded
from services.chassis.streams import PROJECTOR_BATCH

FETCH_SECONDS: Final = 5.0
IDLE_SECONDS: Final = 60.0
"""The server forgets the reader of a rebuild that died after this."""


class WholeJournal:
    """Reads the last entry of every job that the journal holds."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self.unreadable = 0

    async def batches(self) -> AsyncIterator[list[Recorded]]:
        """The last entries, in the journal's order, oldest first. Raises UnavailableError."""
        with translated("read the journal"):
            pull = await self._subscribe()
            try:
                left = (await pull.consumer_info()).num_pending or 0
                while left > 0:
                    messages = await pull.fetch(min(left, PROJECTOR_BATCH), timeout=FETCH_SECONDS)
                    left -= len(messages)
                    yield [recorded for message in messages if (recorded := self._read(message))]
            finally:
                await pull.unsubscribe()

    async def _subscribe(self) -> JetStreamContext.PullSubscription:
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.LAST_PER_SUBJECT,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=IDLE_SECONDS,
        )
        return await self._bus.js.pull_subscribe(f"{JOURNAL_ROOT}.*", stream=JOURNAL, config=config)

    def _read(self, message: Msg) -> Recorded | None:
        try:
            entry = parsed(JournalEntry, message.data)
        except InvalidBodyError:
            self.unreadable += 1
            return None
        return Recorded(entry, message.metadata.sequence.stream)
