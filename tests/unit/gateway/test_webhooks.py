"""The address that an image service calls: what it may cause, and what it gives away."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import httpx
import pytest
from pydantic import SecretStr

from contracts.base import Message
from contracts.events import EditSubmitted
from contracts.journal import Handle, JournalEntry, Kind, Raw, Stage
from contracts.subjects import EDIT_SUBMITTED
from services.chassis.errors import UnavailableError
from services.chassis.journal import Recorded
from services.chassis.keyring import Keyring
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.known import Known
from services.gateway.domain.parts import Parts
from services.gateway.routes import pace
from services.gateway.routes.app import make_app
from services.gateway.settings import GatewaySettings
from tests.fakes import MemoryJournal, MemoryPublisher
from tests.samples import job, reference

SECRET = "k" * 40
KEYRING = Keyring((SECRET.encode(),))
TASK = "task-1"
HANDLE = Handle(provider="flux", task_id=TASK)
RAW = Raw(image=reference(role="raw"), provider="flux", model="flux-2-pro")
TRIES = 5


class Archive:
    """A record without jobs; with `away` set it cannot be asked."""

    away = False

    async def find(self, _: UUID) -> Recorded | None:
        if self.away:
            raise UnavailableError("storage is away")
        return None


class AwayPublisher(MemoryPublisher):
    """A bus that is away."""

    async def publish(self, subject: str, message: Message, *, message_id: str) -> None:
        raise UnavailableError("the bus is away")


class World:
    """A gateway among fakes."""

    def __init__(self, publisher: MemoryPublisher | None = None) -> None:
        self.journal, self.archive = MemoryJournal(), Archive()
        self.publisher = publisher or MemoryPublisher()
        parts = SimpleNamespace(
            jobs=Jobs(self.journal, self.archive, Known()),
            publisher=self.publisher,
            keyring=KEYRING,
        )

        @asynccontextmanager
        async def opened() -> AsyncIterator[Parts]:
            yield cast("Parts", parts)

        settings = GatewaySettings(
            app_secret_key=SecretStr(SECRET), rate_limit_attempts_per_minute=TRIES
        )
        app = make_app(settings, opened)
        app.state.parts = parts
        self.transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        self.document = app.openapi()

    def client(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(transport=self.transport, base_url="http://gateway")

    async def post(self, path: str, *, content: Any = None, body: object = None) -> httpx.Response:
        data = json.dumps(body).encode() if content is None else content
        async with self.client() as client:
            return await client.post(path, content=data)

    async def opened(self, **work: Any) -> JournalEntry:
        entry = job(**work)
        await self.journal.append(entry, judged=None, message_id="opened")
        return entry

    async def ended(self, stage: Stage) -> JournalEntry:
        entry = await self.opened(handle=HANDLE)
        end = entry.advance(stage)
        if stage is Stage.ERASED:
            end = end.model_copy(update={"work": None})
        judged = self.journal.peek(entry.job_id)
        await self.journal.append(end, judged=judged, message_id="ended")
        return end

    @property
    def published(self) -> list[EditSubmitted]:
        return [cast("EditSubmitted", event) for _, event in self.publisher.stored.values()]


@pytest.fixture
def world() -> World:
    return World()


def address(entry: JournalEntry) -> str:
    return f"/webhooks/flux/{entry.job_id}/{KEYRING.webhook_token(entry.job_id)}"


def told(answer: httpx.Response) -> dict[str, Any]:
    """All that an answer says, but for the moment and the request's own name."""
    one_offs = {"x-request-id", "content-length", "date"}
    headers = {k: v for k, v in answer.headers.items() if k not in one_offs}
    body = {k: v for k, v in answer.json().items() if k not in {"timestamp", "request_id"}}
    return {"status": answer.status_code, "headers": headers, "body": body}


BODIES: dict[str, dict[str, Any]] = {
    "one form": {"task_id": TASK, "status": "SUCCESS", "result": {"sample": "https://x"}},
    "another": {"id": TASK, "status": "Ready", "result": None},
    "an id of its own": {"id": "event-7", "task_id": TASK},
    "an absent name": {"id": TASK, "task_id": None},
}


@pytest.mark.parametrize("body", BODIES.values(), ids=BODIES)
async def test_a_task_that_ended_is_looked_at_now(world: World, body: dict[str, Any]):
    entry = await world.opened(handle=HANDLE)

    answer = await world.post(address(entry), body=body)

    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})
    (event,) = world.published
    assert [subject for subject, _ in world.publisher.stored.values()] == [EDIT_SUBMITTED]
    assert event == EditSubmitted(
        job_id=entry.job_id,
        request_id=entry.facts.request_id,
        occurred_at=event.occurred_at,
        wake_up=True,
    )


async def test_repeats_are_one_and_leave_the_tasks_own_event_alone(world: World):
    entry = await world.opened(handle=HANDLE)

    for body in BODIES.values():
        assert (await world.post(address(entry), body=body)).status_code == 200

    (message_id,) = world.publisher.stored
    assert message_id.startswith(f"{entry.job_id}:edit.submitted:webhook:")
    assert TASK not in message_id


async def test_a_provider_may_be_faster_than_the_record_of_its_answer(world: World):
    entry = await world.opened()

    assert (await world.post(address(entry), body={"id": "any"})).status_code == 200

    assert len(world.published) == 1


async def test_another_task_is_not_this_jobs(world: World):
    entry = await world.opened(handle=HANDLE)

    answer = await world.post(address(entry), body={"id": "task-2"})

    assert answer.status_code == 404
    assert not world.published


@pytest.mark.parametrize("kind", [Kind.CUTOUT, Kind.DESCRIPTION])
async def test_a_job_of_a_kind_without_tasks_has_none_to_look_at(world: World, kind: Kind):
    entry = await world.opened(kind=kind)

    answer = await world.post(address(entry), body={"id": TASK})

    assert answer.status_code == 404
    assert not world.published


async def test_a_job_with_a_result_is_not_looked_at_again(world: World):
    entry = await world.opened(handle=HANDLE, raw=RAW)

    assert (await world.post(address(entry), body={"id": TASK})).status_code == 200

    assert not world.published


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED, Stage.ERASED])
async def test_a_job_that_ended_is_not_looked_at_again(world: World, stage: Stage):
    entry = await world.ended(stage)

    assert (await world.post(address(entry), body={"id": TASK})).status_code == 200

    assert not world.published


async def test_what_is_not_this_jobs_address_is_like_any_unknown_one(world: World):
    entry = await world.opened(handle=HANDLE)
    token, unknown = KEYRING.webhook_token(entry.job_id), job()
    wrong = [
        f"/webhooks/flux/{entry.job_id}/{KEYRING.edit_token(entry.job_id)}",
        f"/webhooks/flux/{entry.job_id.hex}/{token}",
        f"/webhooks/flux/7/{token}",
        f"{address(entry)}x",
        address(unknown),
    ]

    nothing_there = told(await world.post("/nothing/there", body={"id": TASK}))

    for path in wrong:
        assert told(await world.post(path, body={"id": TASK})) == nothing_there
    assert not world.published


async def test_wrong_tokens_are_attempts_and_right_ones_are_not(world: World):
    entry = await world.opened(handle=HANDLE)
    for _ in range(TRIES):
        assert (await world.post(f"{address(entry)}x", body={"id": TASK})).status_code == 404

    guessed = await world.post(f"{address(entry)}x", body={"id": TASK})
    many = [await world.post(address(entry), body={"id": TASK}) for _ in range(TRIES * 2)]

    assert guessed.status_code == 429
    assert {answer.status_code for answer in many} == {200}


UNREADABLE: dict[str, bytes] = {
    "nothing": b"",
    "no JSON": b"{",
    "a list": b'["task-1"]',
    "a text": b'"task-1"',
    "no name": b"{}",
    "an empty name": b'{"id": ""}',
    "a number": b'{"id": 7}',
    "a name of 129 characters": json.dumps({"id": "x" * 129}).encode(),
    "half a surrogate": b'{"id": "\\ud800"}',
    "no UTF-8": b'{"id": "\xff"}',
    "a deep one": b'{"id":' * 10_000,
}


@pytest.mark.parametrize("content", UNREADABLE.values(), ids=UNREADABLE)
async def test_a_body_without_a_task_is_refused_without_repeating_it(world: World, content: bytes):
    entry = await world.opened()

    answer = await world.post(address(entry), content=content)

    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_REQUEST")
    assert answer.json()["detail"] == "The body is not a JSON object with the `id` of a task."
    assert not world.published


@pytest.mark.parametrize(("size", "status"), [(64 * 1024, 200), (64 * 1024 + 1, 413)])
async def test_a_body_has_at_most_64_kib(world: World, size: int, status: int):
    entry = await world.opened(handle=HANDLE)
    body = json.dumps({"id": TASK, "result": ""})
    padded = body.replace('""', f'"{"x" * (size - len(body))}"').encode()

    async def unannounced() -> AsyncIterator[bytes]:
        yield padded

    assert len(padded) == size
    assert (await world.post(address(entry), content=padded)).status_code == status
    assert (await world.post(address(entry), content=unannounced())).status_code == status


async def test_a_body_that_does_not_come_is_given_up(world: World, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pace, "IDLE_SECONDS", 0.01)
    entry = await world.opened()

    async def stalled() -> AsyncIterator[bytes]:
        yield b'{"id": '
        await asyncio.Event().wait()

    assert (await world.post(address(entry), content=stalled())).status_code == 408


async def test_a_webhook_that_cannot_be_passed_on_may_come_again():
    world = World(AwayPublisher())
    entry = await world.opened(handle=HANDLE)

    answer = await world.post(address(entry), body={"id": TASK})

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0


async def test_a_job_that_cannot_be_asked_for_is_not_called_unknown(world: World):
    world.archive.away = True

    answer = await world.post(address(job()), body={"id": TASK})

    assert answer.status_code == 503


def test_nobody_is_told_of_the_address(world: World):
    assert not [path for path in world.document["paths"] if "webhook" in path]
