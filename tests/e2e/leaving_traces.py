"""Everything that a running system leaves behind, as text in which words can be looked for."""

import base64
from collections import defaultdict
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

import asyncpg
import httpx
from nats.aio.msg import Msg
from nats.js.errors import NotFoundError

from contracts.subjects import JOB_SUBMIT
from services.chassis.bus import Bus
from tests.stack import SERVICES, RealStack

OPEN: Final = ("mizual.v1.", "mizual.dead.")
"""What subjects begin with that never carry anybody's words, but for the wish of a platform."""


@dataclass(frozen=True, slots=True)
class Traces:
    """Text by the place where it was found."""

    texts: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, place: str, text: str) -> None:
        """One more text of the place."""
        self.texts[place].append(text)

    def has(self, place: str, *words: str) -> bool:
        """Whether one of the words is there, in any case, plain, quoted or in base64."""
        forms = {form for word in words for form in (word, quote(word, safe=""), *_encoded(word))}
        found = "\n".join(self.texts[place]).lower()
        return any(form.lower() in found for form in forms)


@asynccontextmanager
async def overheard(bus: Bus, traces: Traces) -> AsyncIterator[None]:
    """Whatever is published meanwhile: `events` are what never holds words, `bus` is the rest."""

    async def keep(message: Msg) -> None:
        is_open = message.subject.startswith(OPEN) and message.subject != JOB_SUBMIT
        text = f"{message.subject} {message.headers} {message.data!r}"
        traces.add("events" if is_open else "bus", text)

    subscription = await bus.client.subscribe(">", cb=keep)
    try:
        yield
    finally:
        await subscription.unsubscribe()


async def from_streams(bus: Bus, traces: Traces, names: Iterable[str]) -> None:
    """What the streams hold now."""
    for name in names:
        state = (await bus.js.stream_info(name)).state
        for sequence in range(max(state.first_seq, 1), state.last_seq + 1):
            try:
                message = await bus.js.get_msg(name, sequence)
            except NotFoundError:
                continue
            traces.add(name, f"{message.subject} {message.headers} {message.data!r}")


async def from_metrics(system: RealStack, traces: Traces, *, admin: str) -> None:
    """The figures of every service."""
    async with httpx.AsyncClient(trust_env=False) as client:
        for name in SERVICES:
            ops = system.parts[name].environment.get("OPS_PORT")
            url = f"http://127.0.0.1:{ops}" if ops and name != "gateway" else system.url
            answer = await client.get(f"{url}/metrics", headers={"X-Admin-Token": admin})
            assert answer.is_success, (name, answer.text)
            traces.add(f"metrics of {name}", answer.text)


def from_logs(system: RealStack, traces: Traces) -> None:
    """What every part has said."""
    for name, part in system.parts.items():
        traces.add(f"log of {name}", part.log)


async def from_record(url: str, traces: Traces) -> None:
    """Every row of every table."""
    connection = await asyncpg.connect(url)
    try:
        tables = await connection.fetch(
            "SELECT schemaname, tablename FROM pg_tables"
            " WHERE schemaname NOT IN ('pg_catalog', 'information_schema')"
        )
        for schema, table in tables:
            rows = await connection.fetch(f'SELECT t::text FROM "{schema}"."{table}" t')
            for (row,) in rows:
                traces.add("record", row)
    finally:
        await connection.close()


def _encoded(word: str) -> set[str]:
    """The middle of it in base64, wherever in a text it began."""
    whole = (base64.b64encode(b"x" * shift + word.encode()).decode() for shift in range(3))
    return {text[4:].rstrip("=")[:-1] for text in whole}
