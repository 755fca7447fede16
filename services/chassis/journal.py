"""The journal: one subject per job on one stream, appended by compare-and-append."""

import asyncio
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Final, Protocol
from uuid import UUID

from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import Header, RawStreamMsg
from nats.js.errors import APIError, NotFoundError

from contracts.journal import JournalEntry, Stage
from contracts.subjects import JOURNAL, JOURNAL_ROOT, journal_subject
from contracts.succession import check_successor
from services.chassis.bus import (
    PUBLISH_SECONDS,
    READ_SECONDS,
    WRONG_LAST_SEQUENCE,
    Bus,
    is_code,
    to_bytes,
    translated,
)
from services.chassis.errors import UnavailableError

EXPECTED_SEQUENCE: Final = "Nats-Expected-Last-Subject-Sequence"
DIRECT_GET: Final = f"$JS.API.DIRECT.GET.{JOURNAL}"
APPEND_TRIES: Final = 2
REPLAY_SECONDS: Final = 5.0
MAX_ENTRIES: Final = 4096
"""Bound of one replay; a job with more has something wrong with it."""
BATCH_ENTRIES: Final = 256
"""Read at a time of what belongs to many jobs; about 400 KB."""


@dataclass(frozen=True, slots=True)
class Recorded:
    """An entry as the journal holds it."""

    entry: JournalEntry
    sequence: int
    message_id: str = ""


class Journal(Protocol):
    """What the handler rules need of the journal."""

    async def last(self, job_id: UUID, *, leader: bool = False) -> Recorded | None:
        """The last entry; a miss was confirmed by the leader. Raises UnavailableError."""

    async def append(
        self, entry: JournalEntry, *, judged: Recorded | None, message_id: str
    ) -> Recorded | None:
        """Append after `judged` (None: open). None means that somebody else was first.

        Raises UnavailableError (the outcome may be unknown) and ValueError for an entry that may
        not follow.
        """


class JetStreamJournal:
    """The journal on JetStream."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def last(self, job_id: UUID, *, leader: bool = False) -> Recorded | None:
        """See Journal. A lagging replica may answer a direct get, so a miss is asked again."""
        subject = journal_subject(job_id)
        with translated("read the journal"):
            if leader:
                return await self._leader(subject)
            # The client's own call takes the answer apart twice; this is the path of every poll.
            reply = await self._bus.client.request(f"{DIRECT_GET}.{subject}", timeout=READ_SECONDS)
            return _direct(reply) or await self._leader(subject)

    async def append(
        self, entry: JournalEntry, *, judged: Recorded | None, message_id: str
    ) -> Recorded | None:
        """See Journal. The same append is repeated under the same id when its answer got lost."""
        check_successor(judged.entry if judged else None, entry)
        for _ in range(APPEND_TRIES - 1):
            try:
                return await self._append_once(entry, judged, message_id)
            except UnavailableError:
                await asyncio.sleep(0)
        return await self._append_once(entry, judged, message_id)

    async def replay(self, job_id: UUID, *, after: int = 0) -> list[Recorded]:
        """Every entry past the stream sequence `after`, in order. Raises UnavailableError."""
        request: dict[str, str | int] = {
            "next_by_subj": journal_subject(job_id),
            "seq": after + 1,
            "batch": MAX_ENTRIES,
        }
        with translated("replay the journal"):
            return [_parsed(message) async for message in self._batch(request)]

    async def between(self, after: int, upto: int) -> AsyncIterator[tuple[int, bytes]]:
        """Each entry past `after` up to `upto`, of whatever job, as it is stored and in order.

        Raises UnavailableError, also when a replica answers that does not have them all yet.
        """
        while after < upto:
            request: dict[str, str | int] = {
                "next_by_subj": f"{JOURNAL_ROOT}.*",
                "seq": after + 1,
                "batch": BATCH_ENTRIES,
            }
            with translated("read the journal"):
                messages = [message async for message in self._batch(request)]
            if not messages:
                await self._was_forgotten(upto)
                return
            for message in messages:
                after = _sequence(message)
                if after <= upto:
                    yield after, message.data

    async def end(self) -> int:
        """The stream's last sequence. Raises UnavailableError."""
        with translated("look at the journal"):
            return (await self._bus.js.stream_info(JOURNAL)).state.last_seq

    async def _append_once(
        self, entry: JournalEntry, judged: Recorded | None, message_id: str
    ) -> Recorded | None:
        headers = {
            Header.MSG_ID: message_id,
            EXPECTED_SEQUENCE: str(judged.sequence if judged else 0),
        }
        if entry.stage is Stage.ERASED:
            # One step for the server: nothing that was before it is left, or it is not there.
            headers[Header.ROLLUP] = "sub"
        subject = journal_subject(entry.job_id)
        await self._bus.connected(within=PUBLISH_SECONDS)
        with translated("append to the journal"):
            try:
                ack = await self._bus.js.publish(
                    subject,
                    to_bytes(entry),
                    timeout=PUBLISH_SECONDS,
                    stream=JOURNAL,
                    headers=headers,
                )
            except APIError as error:
                if not is_code(error, WRONG_LAST_SEQUENCE):
                    raise
                return await self._if_mine(subject, message_id)
            if ack.duplicate:
                return await self._if_mine(subject, message_id)
            return Recorded(entry, ack.seq, message_id)

    async def _if_mine(self, subject: str, message_id: str) -> Recorded | None:
        last = await self._leader(subject)
        return last if last and last.message_id == message_id else None

    async def _leader(self, subject: str) -> Recorded | None:
        try:
            return _recorded(await self._bus.js.get_last_msg(JOURNAL, subject, direct=False))
        except NotFoundError:
            return None

    async def _was_forgotten(self, sequence: int) -> None:
        # A replica that has nothing may lag; but what aged out is nowhere.
        with translated("look at the journal"):
            first = (await self._bus.js.stream_info(JOURNAL)).state.first_seq
        if first <= sequence:
            raise UnavailableError("the journal's replica lags")

    async def _batch(self, request: dict[str, str | int]) -> AsyncIterator[Msg]:
        inbox = self._bus.client.new_inbox()
        replies = await self._bus.client.subscribe(inbox, max_msgs=MAX_ENTRIES + 1)
        try:
            await self._bus.client.publish(DIRECT_GET, json.dumps(request).encode(), reply=inbox)
            while _has_entry(message := await replies.next_msg(timeout=REPLAY_SECONDS)):
                yield message
        finally:
            await replies.unsubscribe()


def _recorded(message: RawStreamMsg) -> Recorded:
    headers = message.headers or {}
    entry = JournalEntry.model_validate_json(message.data or b"")
    return Recorded(entry, message.seq or 0, headers.get(Header.MSG_ID, ""))


def _direct(message: Msg) -> Recorded | None:
    return _parsed(message) if _has_entry(message) else None


def _parsed(message: Msg) -> Recorded:
    entry = JournalEntry.model_validate_json(message.data)
    return Recorded(entry, _sequence(message), (message.headers or {}).get(Header.MSG_ID, ""))


def _sequence(message: Msg) -> int:
    return int((message.headers or {})["Nats-Sequence"])


def _has_entry(message: Msg) -> bool:
    headers = message.headers or {}
    status = headers.get("Status")
    if status and status not in {"204", "404"}:
        raise NatsError(f"direct get answered {status} {headers.get('Description', '')}")
    return not status
