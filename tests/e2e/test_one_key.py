"""One Idempotency-Key is one job, whoever asks how often over whichever door."""

import asyncio
from uuid import uuid4

import pytest

from contracts.commands import PlatformOwner, SubmitJob
from contracts.events import JobAccepted, SubmissionRejected
from contracts.subjects import FEED, JOB_ACCEPTED, JOB_SUBMIT, SUBMISSION_REJECTED
from tests import api
from tests.buses import connected
from tests.pictures import photo, plain
from tests.stack import UNLIMITED, RealStack, real_stack

PLATFORM_TOKEN = "platform-token-for-tests"
PLATFORM = {"X-Platform-Token": PLATFORM_TOKEN, "X-Tenant-Id": "acme"}
DAILY = 3


@pytest.fixture(scope="module")
def limited(tmp_path_factory: pytest.TempPathFactory):
    settings = {**UNLIMITED, "RATE_LIMIT_DAILY_IMAGES": str(DAILY)}
    folder = tmp_path_factory.mktemp("limited")
    with real_stack(folder, PLATFORM_TOKEN=PLATFORM_TOKEN, **settings) as system:
        system.add_gateway()
        yield system


def urls(system: RealStack) -> list[str]:
    """Both gateways."""
    second = next(part for name, part in system.parts.items() if name.startswith("gateway-"))
    return [system.url, f"http://127.0.0.1:{second.environment['GATEWAY_PORT']}"]


def owner() -> dict[str, str]:
    """The headers of a user that nobody else is."""
    return {**PLATFORM, "X-User-Id": f"user-{uuid4().hex[:8]}"}


@pytest.fixture
async def gateways(limited: RealStack):
    first, second = urls(limited)
    async with api.client(first) as one, api.client(second) as two:
        yield one, two


async def accepted(bus, correlation_id: str) -> JobAccepted | SubmissionRejected:
    """What the public feed says of a submission over the bus."""
    kinds: dict[str, type[JobAccepted | SubmissionRejected]] = {
        JOB_ACCEPTED: JobAccepted,
        SUBMISSION_REJECTED: SubmissionRejected,
    }
    feed = await bus.js.subscribe("mizual.v1.*.*", stream=FEED, ordered_consumer=True)
    async with asyncio.timeout(20):
        async for message in feed.messages:
            if kind := kinds.get(message.subject):
                said = kind.model_validate_json(message.data)
                if said.correlation_id == correlation_id:
                    return said
    raise AssertionError("the feed ended")


async def test_two_hundred_posts_at_once_with_one_key_make_one_job(gateways):
    headers = {**owner(), "Idempotency-Key": str(uuid4())}
    picture = plain(64, 64)

    answers = await asyncio.gather(
        *(api.submit(gateways[n % 2], headers=headers, picture=picture) for n in range(200))
    )

    assert len({answer["edit_id"] for answer in answers}) == 1


async def test_a_key_uses_one_place_of_the_quota_and_is_answered_when_it_is_full(gateways):
    who = owner()
    keys = [{**who, "Idempotency-Key": str(uuid4())} for _ in range(DAILY)]
    picture = plain(64, 64)
    firsts = [await api.submit(gateways[0], headers=key, picture=picture) for key in keys]

    again = [await api.submit(gateways[1], headers=key, picture=picture) for key in keys]
    refused = await gateways[0].post(
        "/edit-image/", data={"prompt": "blue"}, files={"image": picture}, headers=who
    )

    assert [a["edit_id"] for a in again] == [a["edit_id"] for a in firsts]
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 0


async def test_another_body_under_the_key_is_refused_and_changes_nothing(gateways):
    headers = {**owner(), "Idempotency-Key": str(uuid4())}
    first = await api.submit(gateways[0], headers=headers)
    before = await api.ended(gateways[0], first["edit_id"])

    other = await gateways[1].post(
        "/edit-image/",
        data={"prompt": "make it blue"},
        files={"image": ("other.jpg", plain(80, 60))},
        headers=headers,
    )

    assert other.status_code == 422
    assert other.json()["error_code"] == "IDEMPOTENCY_KEY_REUSED"
    original = await gateways[0].get(before["original_image_url"])
    assert original.content == photo()
    assert await api.status(gateways[0], first["edit_id"]) == before


async def test_the_same_key_over_http_and_over_the_bus_is_one_job(limited, gateways):
    who, key, correlation = owner(), str(uuid4()), str(uuid4())
    uploaded = await gateways[0].post("/api/images", content=photo(), headers=who)
    command = SubmitJob(
        owner=PlatformOwner(user_id=who["X-User-Id"], tenant_id="acme"),
        prompt="make it blue",
        image_id=uploaded.json()["image_id"],
        idempotency_key=key,
        correlation_id=correlation,
    )
    async with connected(limited.nats_url) as bus:
        await bus.publish(JOB_SUBMIT, command, message_id=str(uuid4()))
        said = await accepted(bus, correlation)

    over_http = await api.submit(gateways[1], headers={**who, "Idempotency-Key": key})

    assert isinstance(said, JobAccepted)
    assert over_http["edit_id"] == str(said.job_id)
    final = await api.ended(gateways[0], over_http["edit_id"])
    assert final["is_complete"]


async def test_a_refusal_over_the_bus_is_the_problem_that_http_gives(limited):
    correlation = str(uuid4())
    command = SubmitJob(
        owner=PlatformOwner(user_id="ada"),
        prompt="make it blue",
        image_id=uuid4(),
        correlation_id=correlation,
    )
    async with connected(limited.nats_url) as bus:
        await bus.publish(JOB_SUBMIT, command, message_id=str(uuid4()))
        said = await accepted(bus, correlation)

    assert isinstance(said, SubmissionRejected)
    assert said.problem.status == 404
    assert said.problem.error_code == "IMAGE_NOT_FOUND"
