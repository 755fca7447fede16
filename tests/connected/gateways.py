"""Gateway processes for tests, with the streams they need and a storage that answers for them."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import nats
from nats.aio.client import Client
from nats.aio.msg import Msg

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.journal import JournalEntry
from contracts.objects import ObjectRef, digest, style_key
from contracts.queries import (
    Abilities,
    AbilitiesQuestion,
    FeedbackGiven,
    FeedbackKept,
    FeedbackQuestion,
    GiveFeedback,
    JobQuestion,
    JobRecord,
    ModelAbilities,
    QueryError,
    Reply,
    Styles,
    StylesQuestion,
)
from contracts.styles import Style
from contracts.subjects import (
    FEEDBACK_GIVE_QUERY,
    FEEDBACK_READ_QUERY,
    RENDERER_ABILITIES_QUERY,
    STORAGE_JOB_QUERY,
    STORAGE_STYLES_QUERY,
)
from deploy.local import ports
from services.chassis.bus import Bus
from services.chassis.journal import JetStreamJournal
from services.chassis.objects import DirectoryStore
from services.chassis.streams import StreamSettings, ensure
from tests.pictures import plain
from tests.samples import PREFIX
from tests.servers import NatsServer, nats_server

READY_SECONDS = 30.0
STOP_SECONDS = 12.0
ADMIN_TOKEN = "an-admin-token-for-tests"
SECRET_KEY = "s" * 40
PLATFORM_TOKEN = "a-platform-token-for-tests"
ABILITIES = Abilities(
    models=(
        ModelAbilities(name="plain", provider="local"),
        ModelAbilities(
            name="shapely", provider="flux", seed=True, aspect_ratios=("1:1", "16:9", "9:16")
        ),
    )
)
REFERENCE = plain(96, 64)


def _of_style(style: str, data: bytes, content_type: str, *, role: Any = "reference") -> ObjectRef:
    sha256 = digest(data)
    key = style_key(PREFIX, style, role=role, sha256=sha256, content_type=content_type)
    return ObjectRef(key=key, content_type=content_type, size_bytes=len(data), sha256=sha256)


INK = Style(
    id="ink",
    version="1",
    name="Ink and paper",
    guide=_of_style("ink", b"{}", "application/json", role="guide"),
    reference=_of_style("ink", REFERENCE, "image/jpeg"),
)
WORDS_ALONE = INK.model_copy(update={"id": "words", "name": "Words alone", "reference": None})
UNLIMITED = {
    "RATE_LIMIT_DAILY_IMAGES": "0",
    "RATE_LIMIT_ATTEMPTS_PER_MINUTE": "0",
    "MAX_ACTIVE_JOBS_PER_OWNER": "0",
}
PLATFORM_HEADERS = {"X-Platform-Token": PLATFORM_TOKEN, "X-User-Id": "user-1", "X-Tenant-Id": "t-1"}


@dataclass
class Gateway:
    """One running gateway."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path

    def terminate(self) -> int:
        """SIGTERM, and the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_SECONDS)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A client without a session of its own."""
        return httpx.AsyncClient(base_url=self.url, headers=headers, timeout=20)


@contextlib.contextmanager
def gateway(home: Path, nats_url: str, **settings: str) -> Iterator[Gateway]:
    """A gateway process that is listening; it may not be ready yet."""
    port = ports.free()
    log = home / f"gateway-{port}.log"
    command = [sys.executable, "-m", "uvicorn", "--factory", "services.gateway.main:build_app"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            # With the server's access log: the service keeps addresses out of its logs itself.
            [*command, "--port", str(port), "--no-proxy-headers", "--timeout-keep-alive", "75"],
            env=_environment(home, nats_url, settings),
            stdout=output,
            stderr=output,
        )
    try:
        yield Gateway(f"http://127.0.0.1:{port}", process, log)
    finally:
        process.kill()
        process.wait()


def _environment(home: Path, nats_url: str, settings: dict[str, str]) -> dict[str, str]:
    return os.environ | {
        "MIZUAL_HOME": str(home),
        "NATS_URL": nats_url,
        "DOTENV_FILE": os.devnull,
        "ADMIN_TOKEN": ADMIN_TOKEN,
        "PLATFORM_TOKEN": PLATFORM_TOKEN,
        "APP_SECRET_KEY": SECRET_KEY,
        "MAX_STREAMS_PER_CLIENT": "0",
        **settings,
    }


async def until_ready(*gateways: Gateway) -> None:
    """Return once every gateway says that it is ready."""
    for one in gateways:
        async with one.client() as client, asyncio.timeout(READY_SECONDS):
            while not await _is_ready(one, client):
                await asyncio.sleep(0.05)


async def _is_ready(one: Gateway, client: httpx.AsyncClient) -> bool:
    assert one.process.poll() is None, one.log.read_text()
    try:
        return (await client.get("/health/ready")).status_code == 200
    except httpx.TransportError:
        return False


@contextlib.contextmanager
def standing(
    folder: Path, nats_url: str, *, gateways: int = 1, **settings: str
) -> Iterator[list[Gateway]]:
    """Gateways that are ready, one home for all, on a bus whose streams fit the settings."""

    async def prepare() -> None:
        async with others(nats_url, **_limits(settings)):
            await until_ready(*started)

    with contextlib.ExitStack() as stack:
        started = [
            stack.enter_context(gateway(folder, nats_url, **settings)) for _ in range(gateways)
        ]
        asyncio.run(prepare())
        yield started


@dataclass(frozen=True)
class Front:
    """Gateways that are ready, on a bus of their own."""

    nats: NatsServer
    store: DirectoryStore
    """Where they keep pictures; the reference picture of a style is there."""
    doors: list[Gateway]
    limits: dict[str, Any]

    def behind(self) -> contextlib.AbstractAsyncContextManager["Others"]:
        """The services behind them."""
        return others(self.nats.url, **self.limits)


@contextlib.contextmanager
def fronting(folder: Path, *, gateways: int = 1, **settings: str) -> Iterator[Front]:
    """A bus and its gateways, with everything they keep in the folder."""
    bus, home = folder / "nats", folder / "home"
    bus.mkdir()
    home.mkdir()
    with (
        nats_server(bus) as server,
        standing(home, server.url, gateways=gateways, **settings) as doors,
    ):
        store = DirectoryStore(home / "objects")
        assert INK.reference is not None
        asyncio.run(store.put(INK.reference.key, REFERENCE, content_type="image/jpeg"))
        yield Front(server, store, doors, _limits(settings))


def _limits(settings: dict[str, str]) -> dict[str, Any]:
    return {k.lower(): v for k, v in settings.items() if k.startswith(("RATE_", "MAX_ACTIVE_"))}


@dataclass
class Others:
    """The services behind the gateway, as far as it asks them."""

    client: Client
    bus: Bus
    journal: JetStreamJournal
    record: dict[UUID, JobRecord] = field(default_factory=dict)
    feedback: dict[UUID, FeedbackGiven] = field(default_factory=dict)
    networks: list[str | None] = field(default_factory=list)
    deaf: int = 0
    """How many questions storage does not hear from now on."""
    abilities: Abilities | None = ABILITIES
    """What the renderer can; with None it does not answer."""
    styles: tuple[Style, ...] | None = (INK, WORDS_ALONE)
    """Those of storage; with None it does not answer."""
    asked: int = 0
    """How often the renderer was asked for that."""

    async def append(self, entry: JournalEntry) -> JournalEntry:
        """The next entry of a job, as a worker would write it."""
        last = await self.journal.last(entry.job_id)
        message_id = f"{entry.job_id}:test:{entry.index}"
        recorded = await self.journal.append(entry, judged=last, message_id=message_id)
        assert recorded is not None
        return recorded.entry

    async def last(self, job_id: str) -> JournalEntry:
        """The job as it stands."""
        recorded = await self.journal.last(UUID(job_id))
        assert recorded is not None
        return recorded.entry

    async def count(self, stream: str) -> int:
        """How many messages a stream holds."""
        return (await self.bus.js.stream_info(stream)).state.messages

    async def answer_job(self, message: Msg) -> None:
        """Storage's record."""
        if self.deaf:
            self.deaf -= 1
            return
        question = JobQuestion.model_validate_json(message.data)
        found = self.record.get(question.job_id, JobRecord(entry=None))
        await message.respond(Reply[JobRecord](answer=found).model_dump_json().encode())

    async def answer_abilities(self, message: Msg) -> None:
        """The renderer's models."""
        AbilitiesQuestion.model_validate_json(message.data)
        self.asked += 1
        if self.abilities is not None:
            reply = Reply[Abilities](answer=self.abilities)
            await message.respond(reply.model_dump_json().encode())

    async def answer_styles(self, message: Msg) -> None:
        """Storage's styles."""
        StylesQuestion.model_validate_json(message.data)
        if self.styles is not None:
            reply = Reply[Styles](answer=Styles(styles=self.styles))
            await message.respond(reply.model_dump_json().encode())

    async def keep_feedback(self, message: Msg) -> None:
        """One row per edit."""
        given = GiveFeedback.model_validate_json(message.data)
        self.networks.append(given.client_network)
        if given.edit_uuid in self.feedback:
            error = QueryError(status=409, code=ErrorCode.FEEDBACK_EXISTS, detail="Already given.")
            await message.respond(Reply[FeedbackKept](error=error).model_dump_json().encode())
            return
        self.feedback[given.edit_uuid] = FeedbackGiven(
            edit_uuid=given.edit_uuid,
            rating=given.rating,
            feedback_text=given.feedback_text,
            created_at=utcnow(),
        )
        kept = FeedbackKept(feedback_id=len(self.feedback))
        await message.respond(Reply[FeedbackKept](answer=kept).model_dump_json().encode())

    async def read_feedback(self, message: Msg) -> None:
        """What was kept."""
        asked = FeedbackQuestion.model_validate_json(message.data)
        found = self.feedback.get(asked.edit_uuid)
        error = QueryError(status=404, code=ErrorCode.FEEDBACK_NOT_FOUND, detail="Not found")
        reply = Reply[FeedbackGiven](answer=found, error=None if found else error)
        await message.respond(reply.model_dump_json().encode())


@contextlib.asynccontextmanager
async def others(nats_url: str, **limits: Any) -> AsyncIterator[Others]:
    """Streams as configured, and the other services' answers."""
    client = await nats.connect(nats_url, max_reconnect_attempts=-1, reconnect_time_wait=0.1)
    bus = Bus(lambda: client)
    behind = Others(client, bus, JetStreamJournal(bus))
    try:
        await ensure(client.jetstream(), StreamSettings(nats_url=nats_url, **limits))
        await client.subscribe(STORAGE_JOB_QUERY, cb=behind.answer_job)
        await client.subscribe(STORAGE_STYLES_QUERY, cb=behind.answer_styles)
        await client.subscribe(RENDERER_ABILITIES_QUERY, cb=behind.answer_abilities)
        await client.subscribe(FEEDBACK_GIVE_QUERY, cb=behind.keep_feedback)
        await client.subscribe(FEEDBACK_READ_QUERY, cb=behind.read_feedback)
        yield behind
    finally:
        await client.close()
