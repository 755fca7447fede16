"""The journal's feed: one consumer of all entries, in order, for the whole process.

The consumer is ours to lose: it lives in the server's memory and is made anew, from the entry after
the last one heard, whenever the server falls silent, its numbering has a gap, or the connection was
replaced.
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from typing import Final, Protocol

from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from contracts.subjects import JOURNAL, JOURNAL_ROOT
from services.chassis.bus import Bus, translated
from services.chassis.errors import UnavailableError
from services.chassis.journal import JetStreamJournal

log = logging.getLogger(__name__)

HEARTBEAT_SECONDS: Final = 0.5
SILENCE_SECONDS: Final = 2.0
LOOK_SECONDS: Final = 0.1
PAUSE_SECONDS: Final = 0.25
INACTIVE_SECONDS: Final = 30.0
"""The server forgets a consumer that nobody listens to after this."""


class Listener(Protocol):
    """Who is told."""

    def has_its_place(self, sequence: int) -> None:
        """Every entry past this one is told from now on: a history read now misses none."""

    def heard(self, job: str, sequence: int, data: bytes) -> None:
        """The next entry of the journal."""

    def lost_its_place(self) -> None:
        """The journal went back behind what was told."""

    def lost_sight(self) -> None:
        """Nothing is told until it has its place again."""


class JournalFeed:
    """Tells the listener every entry once, in order, from the first call of `follow` on."""

    def __init__(self, bus: Bus, listener: Listener) -> None:
        self._bus = bus
        self._journal = JetStreamJournal(bus)
        self._listener = listener
        self._last: int | None = None
        self._stopped = asyncio.Event()

    async def follow(self) -> None:
        """Follow the journal until something is wrong with that; called again, go on there."""
        try:
            await self._follow()
        except UnavailableError as error:
            log.debug("feed_waits", extra={"error": str(error)})
        finally:
            self._listener.lost_sight()

    def stop(self) -> None:
        """Let `follow` return."""
        self._stopped.set()

    async def _follow(self) -> None:
        end = await self._journal.end()
        if self._last is not None and end < self._last:
            self._listener.lost_its_place()
            self._last = end
        self._last = end if self._last is None else self._last
        self._listener.has_its_place(self._last)
        tail = _Tail(self._bus.client, self._heard, self._stopped)
        with translated("follow the journal"):
            await tail.follow(self._bus, after=self._last)

    def _heard(self, sequence: int, message: Msg) -> None:
        if self._last is not None and sequence <= self._last:
            return
        self._last = sequence
        self._listener.heard(message.subject.rpartition(".")[2], sequence, message.data)


class _Tail:
    """One consumer, until something is wrong with it."""

    def __init__(
        self, client: Client, heard: Callable[[int, Msg], None], stopped: asyncio.Event
    ) -> None:
        self._client = client
        self._stopped = stopped
        self._tell = heard
        self._number = 0
        self._heard_at = asyncio.get_running_loop().time()
        self._broken = False

    async def follow(self, bus: Bus, *, after: int) -> None:
        reconnects = self._client.stats["reconnects"]
        inbox = self._client.new_inbox()
        subscription = await self._client.subscribe(inbox, cb=self._received)
        try:
            consumer = await bus.js.add_consumer(JOURNAL, _config(inbox, after))
            while not self._is_over(reconnects):  # noqa: ASYNC110 - silence is no event
                await asyncio.sleep(LOOK_SECONDS)
            await self._forget(bus, consumer.name)
        finally:
            if not self._client.is_closed:
                await subscription.unsubscribe()

    @staticmethod
    async def _forget(bus: Bus, name: str) -> None:
        # A courtesy: the server forgets it by itself.
        with suppress(NatsError, OSError, TimeoutError):
            async with asyncio.timeout(LOOK_SECONDS):
                await bus.js.delete_consumer(JOURNAL, name)

    def _is_over(self, reconnects: int) -> bool:
        silent = asyncio.get_running_loop().time() - self._heard_at > SILENCE_SECONDS
        ended = self._stopped.is_set() or self._broken or silent
        return ended or self._client.stats["reconnects"] != reconnects

    async def _received(self, message: Msg) -> None:
        self._heard_at = asyncio.get_running_loop().time()
        headers = message.headers or {}
        if headers.get("Status"):
            said = headers.get("Nats-Last-Consumer")
            self._broken |= said is not None and int(said) > self._number
            return
        tokens = message.reply.split(".")
        if self._broken or int(tokens[6]) != self._number + 1:
            self._broken = True
            return
        self._number += 1
        self._tell(int(tokens[5]), message)


def _config(inbox: str, after: int) -> ConsumerConfig:
    return ConsumerConfig(
        deliver_subject=inbox,
        deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
        opt_start_seq=after + 1,
        ack_policy=AckPolicy.NONE,
        filter_subject=f"{JOURNAL_ROOT}.*",
        idle_heartbeat=HEARTBEAT_SECONDS,
        inactive_threshold=INACTIVE_SECONDS,
        max_deliver=1,
        mem_storage=True,
        num_replicas=1,
    )
