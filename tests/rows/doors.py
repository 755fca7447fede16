"""The two ways to submit a job, with the same questions and the same answers."""

import asyncio
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

import httpx
from nats.aio.msg import Msg

from contracts.commands import PlatformOwner, SubmitJob
from contracts.events import JobAccepted, SubmissionRejected
from contracts.journal import Kind, Options
from contracts.subjects import JOB_ACCEPTED, JOB_SUBMIT, SUBMISSION_REJECTED
from services.chassis.bus import Bus
from tests import api
from tests.api import Json
from tests.pictures import photo

PLATFORM_TOKEN = "a-platform-token-for-tests"
ADMIN_TOKEN = "an-admin-token-for-tests"
ADMIN = {"X-Admin-Token": ADMIN_TOKEN}
USER = {"X-Platform-Token": PLATFORM_TOKEN, "X-User-Id": "user-1"}
PATIENCE_SECONDS = 20.0
PATHS = {
    Kind.EDIT: "/edit-image/",
    Kind.VARIATION: "/api/variations",
    Kind.CUTOUT: "/api/remove-background",
}


@dataclass(frozen=True)
class Answer:
    """What came of a submission: a job, or a problem."""

    job: str | None = None
    problem: Json | None = None

    @property
    def refused(self) -> tuple[int, str]:
        """Status and code of the problem."""
        assert self.problem is not None, f"job {self.job} was accepted"
        return self.problem["status"], self.problem["error_code"]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """A submission, whichever way in it takes."""

    kind: Kind
    prompt: str
    image_id: str | None
    parent: str | None
    key: str | None
    options: dict[str, Any]

    @property
    def body(self) -> Json:
        """As JSON for the path of the kind."""
        named = {"image_id": self.image_id, "parent_edit_uuid": self.parent}
        return {"prompt": self.prompt, **named, **self.options}


class Door:
    """A way in, for one user of a platform."""

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client

    async def submit(
        self,
        prompt: str = "make it blue",
        *,
        kind: Kind = Kind.EDIT,
        image_id: str | None = None,
        parent: str | None = None,
        key: str | None = None,
        **options: Any,
    ) -> Answer:
        """Submit an edit of the image, or of the parent's result, or of a photo uploaded before;
        or a job of another kind, of the image alone.
        """
        if kind is Kind.EDIT and image_id is None and parent is None:
            image_id = await image_of(self._client)
        return await self.send(
            Asked(
                kind=kind,
                prompt=prompt,
                image_id=image_id,
                parent=parent,
                key=key,
                options=options,
            )
        )

    async def send(self, asked: Asked) -> Answer:
        """Through this door. Raises TimeoutError."""
        raise TypeError("a door leads somewhere")


async def image_of(client: httpx.AsyncClient, picture: bytes | None = None) -> str:
    """The id of an upload."""
    answer = await client.post("/api/images", content=picture or photo(), headers=USER)
    assert answer.status_code == httpx.codes.CREATED, answer.text
    return str(answer.json()["image_id"])


async def completed(client: httpx.AsyncClient, door: Door, **fields: Any) -> str:
    """A job that has its result."""
    answer = await door.submit(**fields)
    assert answer.job is not None, answer.problem
    told = await api.followed(client, answer.job)
    assert told["is_complete"], told
    return answer.job


class HttpDoor(Door):
    """`POST /edit-image/`, and the paths of the other kinds."""

    async def send(self, asked: Asked) -> Answer:
        headers = USER | ({"Idempotency-Key": asked.key} if asked.key else {})
        answer = await self._client.post(PATHS[asked.kind], json=asked.body, headers=headers)
        told = dict(answer.json())
        if not answer.is_success:
            return Answer(problem=told)
        return Answer(told.get("edit_id") or told["job_id"])


class BusDoor(Door):
    """`mizual.v1.job.submit`, answered on the public feed."""

    def __init__(self, client: httpx.AsyncClient, bus: Bus) -> None:
        super().__init__(client)
        self._bus = bus

    async def send(self, asked: Asked) -> Answer:
        command = SubmitJob(
            owner=PlatformOwner(user_id="user-1"),
            kind=asked.kind,
            prompt=asked.prompt,
            image_id=UUID(asked.image_id) if asked.image_id else None,
            parent_job_id=UUID(asked.parent) if asked.parent else None,
            options=Options(**asked.options),
            idempotency_key=asked.key,
            correlation_id=uuid4().hex,
        )
        return await self._answered(command)

    async def _answered(self, command: SubmitJob) -> Answer:
        answers: asyncio.Queue[Answer] = asyncio.Queue()

        async def heard(message: Msg) -> None:
            kind = JobAccepted if message.subject == JOB_ACCEPTED else SubmissionRejected
            told = kind.model_validate_json(message.data)
            if told.correlation_id == command.correlation_id:
                answers.put_nowait(_answer(told))

        listening = [
            await self._bus.client.subscribe(subject, cb=heard)
            for subject in (JOB_ACCEPTED, SUBMISSION_REJECTED)
        ]
        try:
            await self._bus.publish(JOB_SUBMIT, command, message_id=uuid4().hex)
            return await asyncio.wait_for(answers.get(), PATIENCE_SECONDS)
        finally:
            for subscription in listening:
                await subscription.unsubscribe()


def _answer(told: JobAccepted | SubmissionRejected) -> Answer:
    if isinstance(told, JobAccepted):
        return Answer(str(told.job_id))
    return Answer(problem=told.problem.model_dump(mode="json"))
