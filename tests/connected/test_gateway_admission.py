"""Two gateways and the bus: one admission behind every door."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from uuid import uuid4

import httpx
import pytest

from contracts.base import Message
from contracts.commands import CancelJob, PlatformOwner, SubmitJob
from contracts.events import SubmissionRejected
from contracts.journal import Stage
from contracts.subjects import (
    DEAD_LETTERS,
    EVENTS,
    FEED,
    JOB_CANCEL,
    JOB_SUBMIT,
    JOURNAL,
    SUBMISSION_REJECTED,
)
from tests.connected.gateways import (
    PLATFORM_HEADERS,
    PLATFORM_TOKEN,
    UNLIMITED,
    Gateway,
    Others,
)
from tests.pictures import plain

DAILY = 3
FRONT = {**UNLIMITED, "gateways": 2, "RATE_LIMIT_DAILY_IMAGES": str(DAILY)}
PICTURE = plain(64, 48)


@pytest.fixture
async def apis(
    doors: list[Gateway], behind: Others
) -> AsyncIterator[tuple[httpx.AsyncClient, httpx.AsyncClient]]:
    user = owner_headers(f"user-{uuid4().hex}")
    async with doors[0].client(**user) as one, doors[1].client(**user) as two:
        yield one, two


def owner_headers(user: str) -> dict[str, str]:
    return {"X-Platform-Token": PLATFORM_TOKEN, "X-User-Id": user}


def owner_of(api: httpx.AsyncClient) -> PlatformOwner:
    return PlatformOwner(user_id=api.headers["X-User-Id"])


async def post(
    api: httpx.AsyncClient, key: str | None = None, prompt: str = "blue"
) -> httpx.Response:
    headers = {"Idempotency-Key": key} if key else {}
    files = {"image": ("p.jpg", PICTURE)}
    return await api.post("/edit-image/", data={"prompt": prompt}, files=files, headers=headers)


async def uploaded(api: httpx.AsyncClient) -> str:
    return str((await api.post("/api/images", content=PICTURE)).json()["image_id"])


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(20):
        while not await true():
            await asyncio.sleep(0.02)


async def handled(behind: Others, subject: str, command: Message) -> None:
    """Publish a command and wait until no gateway has any left."""
    await behind.bus.publish(subject, command, message_id=str(uuid4()))

    async def done() -> bool:
        return await behind.count("COMMANDS") == 0

    await until(done)


async def rejection(behind: Others) -> SubmissionRejected:
    message = await behind.bus.js.get_last_msg(FEED, SUBMISSION_REJECTED)
    return SubmissionRejected.model_validate_json(message.data or b"")


async def test_two_hundred_posts_with_one_key_over_two_gateways_are_one_job(apis, behind):
    key, before = str(uuid4()), await behind.count(JOURNAL)
    events = await behind.count(EVENTS)

    answers = await asyncio.gather(*(post(apis[n % 2], key) for n in range(200)))

    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["edit_id"] for answer in answers}) == 1
    assert await behind.count(JOURNAL) == before + 1
    assert await behind.count(EVENTS) == events + 1
    assert (await post(apis[0])).status_code == 200  # one place was used, not all


async def test_the_quota_holds_over_both_gateways_and_known_keys_are_answered_beyond_it(apis):
    firsts = [await post(apis[n % 2], f"key-{n}") for n in range(DAILY)]

    refused = [await post(apis[n % 2]) for n in range(2)]
    again = [await post(apis[n % 2], f"key-{n}") for n in range(DAILY)]

    assert [a.json()["edit_id"] for a in again] == [a.json()["edit_id"] for a in firsts]
    for answer in refused:
        assert answer.status_code == 429
        assert answer.json()["error_code"] == "RATE_LIMITED"
        assert 0 < int(answer.headers["Retry-After"]) <= 86_401
        assert answer.headers["RateLimit-Policy"] == '"daily";q=3;w=86400'


async def test_a_refused_picture_and_another_body_use_no_place(apis):
    bad = {"data": {"prompt": "x"}, "files": {"image": b"no picture"}}
    for _ in range(DAILY + 1):
        assert (await apis[0].post("/edit-image/", **bad)).status_code == 400
    first = await post(apis[0], "key")

    other = await post(apis[1], "key", prompt="red")

    assert (other.status_code, other.json()["error_code"]) == (422, "IDEMPOTENCY_KEY_REUSED")
    assert first.status_code == 200
    assert [(await post(apis[1])).status_code for _ in range(DAILY)] == [200, 200, 429]


async def test_the_same_key_over_http_and_over_the_bus_is_one_job(apis, behind):
    image_id, before = await uploaded(apis[0]), await behind.count(JOURNAL)
    command = SubmitJob(
        owner=owner_of(apis[0]), prompt="blue", image_id=image_id, idempotency_key="key"
    )

    await handled(behind, JOB_SUBMIT, command)
    answer = await apis[1].post(
        "/edit-image/",
        json={"prompt": "blue", "image_id": image_id},
        headers={"Idempotency-Key": "key"},
    )
    along = await post(apis[0], "key")

    assert answer.status_code == 200
    assert along.json() == {**answer.json(), **_at(apis[0], along.json()["polling_url"])}
    assert await behind.count(JOURNAL) == before + 1
    cancelled = await apis[1].post(f"{answer.json()['polling_url']}/cancel")
    assert cancelled.status_code == 202  # the owner over HTTP is the owner over the bus


def _at(api: httpx.AsyncClient, path: str) -> dict[str, str]:
    url = f"{str(api.base_url).rstrip('/')}{path}"
    return {"status_url": url, "events_url": f"{url}/events"}


async def test_a_command_that_is_delivered_again_is_one_job(apis, behind):
    image_id, before = await uploaded(apis[0]), await behind.count(JOURNAL)
    behind.deaf = 1  # the first delivery finds storage away and is handed back

    await handled(
        behind, JOB_SUBMIT, SubmitJob(owner=owner_of(apis[0]), prompt="blue", image_id=image_id)
    )

    assert behind.deaf == 0
    assert await behind.count(JOURNAL) == before + 1


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"prompt": " "}, "INVALID_PROMPT"),
        ({"image_id": uuid4()}, "IMAGE_NOT_FOUND"),
        ({"image_id": None}, "INVALID_REQUEST"),
        ({"kind": "cutout"}, "OPTION_UNSUPPORTED"),
    ],
)
async def test_a_refusal_over_the_bus_is_the_problem_that_http_gives(
    apis, behind, change: dict, code: str
):
    image_id = await uploaded(apis[0])
    fields = {"prompt": "blue", "image_id": image_id, "correlation_id": "c-1", **change}

    await handled(behind, JOB_SUBMIT, SubmitJob(owner=owner_of(apis[0]), **fields))

    rejected = await rejection(behind)
    assert rejected.correlation_id == "c-1"
    assert rejected.problem.error_code == code


class Unfit(Message):
    """What no command looks like, but for its return address."""

    prompt: int = 7
    correlation_id: str


async def test_who_sent_an_invalid_command_hears_of_it_and_operators_have_a_copy(apis, behind):
    dead = await behind.count(DEAD_LETTERS)

    await handled(behind, JOB_SUBMIT, Unfit(correlation_id="c-2"))

    rejected = await rejection(behind)
    assert rejected.correlation_id == "c-2"
    assert (rejected.problem.status, rejected.problem.error_code) == (422, "INVALID_PROMPT")
    assert await behind.count(DEAD_LETTERS) == dead + 1


async def test_over_the_quota_is_a_rejection_over_the_bus(apis, behind):
    image_id = await uploaded(apis[0])
    for _ in range(DAILY):
        await post(apis[0])

    command = SubmitJob(owner=owner_of(apis[0]), prompt="blue", image_id=image_id)
    await handled(behind, JOB_SUBMIT, command)

    assert (await rejection(behind)).problem.status == 429


async def test_a_job_is_cancelled_over_the_bus_by_its_owner_alone(apis, behind):
    edit = (await post(apis[0])).json()
    stranger = PlatformOwner(user_id="stranger")

    await handled(behind, JOB_CANCEL, CancelJob(owner=stranger, job_id=edit["edit_id"]))
    assert (await behind.last(edit["edit_id"])).stage is Stage.PENDING
    await handled(behind, JOB_CANCEL, CancelJob(owner=owner_of(apis[0]), job_id=edit["edit_id"]))

    assert (await behind.last(edit["edit_id"])).stage is Stage.CANCELLED


async def test_tenants_of_a_platform_are_told_apart(apis, doors):
    async with doors[0].client(**PLATFORM_HEADERS) as other:
        edit = (await post(apis[0])).json()

        assert (await other.post(f"{edit['polling_url']}/cancel")).status_code == 404
