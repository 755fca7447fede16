"""What one client may cost, over two gateways, restarts and addresses."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from contracts.commands import PlatformOwner
from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Stage
from contracts.subjects import EVENTS
from services.chassis.database import Database
from services.chassis.limits import Quota, policies
from services.chassis.settings import LimitSettings
from services.gateway.domain.identity import platform_caller
from tests.connected.gateways import (
    PLATFORM_TOKEN,
    UNLIMITED,
    Front,
    Gateway,
    Others,
    fronting,
    gateway,
    until_ready,
)
from tests.connected.places import eventually
from tests.connected.storage_running import storage_running
from tests.frontend import Frontend, data_url
from tests.pictures import plain
from tests.samples import job

ACTIVE, DAILY = 5, 50
FRONT: dict[str, Any] = {
    "gateways": 2,
    "RATE_LIMIT_DAILY_IMAGES": str(DAILY),
    "MAX_ACTIVE_JOBS_PER_OWNER": str(ACTIVE),
    "TRUSTED_PROXIES": "127.0.0.1/32",
    "RATE_LIMIT_ATTEMPTS_PER_MINUTE": "0",
    "RATE_LIMIT_STATUS_CHECKS_PER_MINUTE": "90",
}
PICTURE = plain(64, 48)
KINDS = ["/edit-image/", "/api/variations", "/api/remove-background"]
WORDLESS = {"/api/remove-background"}
WITHOUT: dict[str, Any] = {
    "RATE_LIMIT_DAILY_IMAGES": "0",
    "RATE_LIMIT_ATTEMPTS_PER_MINUTE": "0",
    "RATE_LIMIT_STATUS_CHECKS_PER_MINUTE": "0",
    "MAX_ACTIVE_JOBS_PER_OWNER": "0",
    "MAX_STREAMS_PER_CLIENT": "0",
}


@asynccontextmanager
async def opened(folder: Path, **settings: Any) -> AsyncIterator[Front]:
    """A bus and gateways of one test."""
    front = fronting(folder, **settings)
    try:
        yield await asyncio.to_thread(front.__enter__)
    finally:
        await asyncio.to_thread(front.__exit__, None, None, None)


class Caller:
    """A caller of both gateways, in turn."""

    def __init__(self, doors: list[Gateway], **headers: str) -> None:
        user = {"X-Platform-Token": PLATFORM_TOKEN, "X-User-Id": f"user-{uuid4().hex}"}
        self.headers = headers or user
        self._apis = [door.client(**self.headers) for door in doors]
        self._turn = 0

    async def close(self) -> None:
        for api in self._apis:
            await api.aclose()

    async def post(
        self, picture: bytes = PICTURE, *, key: str = "", path: str = "/edit-image/"
    ) -> httpx.Response:
        self._turn += 1
        api = self._apis[self._turn % len(self._apis)]
        # A session would be somebody new to the server, but not to its limits.
        api.cookies.clear()
        return await api.post(
            path,
            data={} if path in WORDLESS else {"prompt": "x"},
            files={"image": ("p.jpg", picture)},
            headers={"Idempotency-Key": key} if key else {},
        )

    async def accepted(self, count: int) -> list[str]:
        answers = await asyncio.gather(*(self.post() for _ in range(count)))
        return [a.json()["edit_id"] for a in answers if a.status_code == 200]

    async def cancel(self, edit_id: str) -> None:
        answer = await self._apis[0].post(f"/edit/{edit_id}/cancel")
        assert answer.status_code == 202


@pytest.fixture
async def caller(doors: list[Gateway], behind: Others) -> AsyncIterator[Caller]:
    caller = Caller(doors)
    yield caller
    await caller.close()


@pytest.fixture
async def storage(front: Front, storage_tables: Database) -> AsyncIterator[None]:
    async with storage_running(front.nats.url, storage_tables):
        yield


async def test_of_many_at_once_over_two_gateways_exactly_as_many_are_under_way_as_may_be(
    caller: Caller,
):
    answers = await asyncio.gather(*(caller.post() for _ in range(64)))

    refused = [answer for answer in answers if answer.status_code == 429]
    assert len(refused) == 64 - ACTIVE
    for answer in refused:
        assert "5 jobs under way" in answer.json()["detail"]
        assert 0 < int(answer.headers["Retry-After"]) <= 10
        assert answer.headers["RateLimit"].startswith('"active";r=0;t=')
        assert answer.headers["RateLimit-Policy"] == '"active";q=5;w=960'


async def test_the_limit_outlives_the_gateways_and_the_bus(tmp_path: Path):
    async with opened(tmp_path, **FRONT) as front:
        async with front.behind():
            caller = Caller(front.doors)
            assert len(await caller.accepted(3)) == 3
            await caller.close()
        for door in front.doors:
            door.process.kill()
            door.process.wait()
        front.nats.kill()
        front.nats.start()
        settings = {k: v for k, v in FRONT.items() if k != "gateways"}
        home = tmp_path / "home"
        with (
            gateway(home, front.nats.url, **settings) as one,
            gateway(home, front.nats.url, **settings) as two,
        ):
            async with front.behind():
                await until_ready(one, two)
                again = Caller([one, two], **caller.headers)
                assert len(await again.accepted(20)) == ACTIVE - 3
                await again.close()


@pytest.mark.parametrize("stage", [Stage.COMPLETED, Stage.FAILED, Stage.CANCELLED])
async def test_a_job_that_ended_makes_room_for_another(
    caller: Caller, behind: Others, storage: None, stage: Stage
):
    edits = await caller.accepted(ACTIVE)
    assert (await caller.post()).status_code == 429

    await behind.append(ended(await behind.last(edits[0]), stage))

    await eventually(lambda: is_accepted(caller))
    assert (await caller.post()).status_code == 429


def ended(entry: JournalEntry, stage: Stage) -> JournalEntry:
    if stage is Stage.FAILED:
        return entry.fail(ErrorCode.NOT_UNDERSTOOD, "No.")
    return entry.advance(stage)


async def test_jobs_of_all_kinds_share_one_quota_and_say_what_is_left(caller: Caller):
    answers = [await caller.post(path=path) for path in KINDS]

    left = [answer.headers["RateLimit"] for answer in answers]
    assert [f'"active";r={ACTIVE - used};' in told for used, told in enumerate(left, 1)]
    assert len(await caller.accepted(ACTIVE)) == ACTIVE - len(KINDS)
    for path in KINDS:
        refused = await caller.post(path=path)
        assert (refused.status_code, refused.json()["error_code"]) == (429, "RATE_LIMITED")
        assert refused.headers["Retry-After"]


async def is_accepted(caller: Caller) -> bool:
    return (await caller.post()).status_code == 200


async def test_a_refused_picture_and_a_provider_that_failed_use_nothing_up(
    caller: Caller, behind: Others, storage: None
):
    for _ in range(ACTIVE + 1):
        assert (await caller.post(b"no picture")).status_code == 400
    assert await is_untouched(caller, behind)
    (edit,) = await caller.accepted(1)
    assert not await is_untouched(caller, behind)

    entry = await behind.last(edit)
    await behind.append(entry.fail(ErrorCode.PROVIDER_FAILED, "The image service failed."))

    await eventually(lambda: is_untouched(caller, behind))


async def is_untouched(caller: Caller, behind: Others) -> bool:
    """Whether the caller has every place there is."""
    quota = Quota(behind.bus, policies(LimitSettings(max_active_jobs_per_owner=ACTIVE)))
    owner = platform_caller(PlatformOwner(user_id=caller.headers["X-User-Id"]))
    standings = await quota.standings(owner.client)
    return [standing.left for standing in standings] == [ACTIVE, DAILY]


async def test_an_accepted_edit_tells_what_is_left(caller: Caller):
    first, second = await caller.post(), await caller.post()

    assert '"active";r=4;t=10, "daily";r=49;t=864' in first.headers["RateLimit"]
    assert '"active";r=3;t=10, "daily";r=48;t=8' in second.headers["RateLimit"]
    assert first.headers["RateLimit-Policy"] == '"active";q=5;w=960, "daily";q=50;w=86400'
    exposed = first.headers["Access-Control-Expose-Headers"]
    assert {"Retry-After", "RateLimit", "RateLimit-Policy"} <= set(exposed.split(", "))


async def test_sessions_are_free_so_a_limit_rests_on_the_address(doors, behind):
    address = f"203.0.113.{uuid4().int % 254 + 1}"
    forwarded = Caller(doors, **{"X-Forwarded-For": address})

    assert len(await forwarded.accepted(8)) == ACTIVE
    await forwarded.close()


async def test_of_ipv6_one_network_is_one_client_and_another_another(doors, behind):
    network = f"2001:db8:{uuid4().int % 65_535:x}"
    one, same, other = (
        Caller(doors, **{"X-Forwarded-For": f"{network}:{rest}"})
        for rest in ("1::1", "1:ffff::9", "2::1")
    )

    assert len(await one.accepted(3)) == 3
    assert len(await same.accepted(5)) == ACTIVE - 3
    assert len(await other.accepted(5)) == ACTIVE
    for caller in (one, same, other):
        await caller.close()


async def test_a_known_key_is_answered_though_nothing_is_left(caller: Caller):
    first = await caller.post(key="k")
    await caller.accepted(ACTIVE)

    again = await caller.post(key="k")

    assert again.json()["edit_id"] == first.json()["edit_id"]
    assert (await caller.post()).status_code == 429


async def test_forty_pages_of_one_office_with_two_tabs_each_are_never_refused(doors, behind):
    edits = [(await behind.append(job())).job_id for _ in range(40)]

    async with doors[0].client() as api:
        for _ in range(60):  # what two tabs ask in a minute
            answers = await asyncio.gather(*(api.get(f"/edit/{edit}") for edit in edits))
            assert {answer.status_code for answer in answers} == {200}


async def test_more_polls_of_one_edit_than_three_tabs_make_are_refused(caller, doors, behind):
    (edit,) = await caller.accepted(1)

    async with doors[0].client() as api:
        answers = await asyncio.gather(*(api.get(f"/edit/{edit}") for _ in range(110)))

    refused = [answer for answer in answers if answer.status_code == 429]
    assert 110 - 90 - 10 <= len(refused) <= 20
    assert {r.headers["RateLimit-Policy"] for r in refused} == {'"status-checks";q=90;w=60'}
    assert all(int(r.headers["Retry-After"]) >= 1 for r in refused)


@pytest.fixture(scope="module")
def unlimited(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Front]:
    with fronting(tmp_path_factory.mktemp("unlimited"), **WITHOUT) as front:
        yield front


async def test_nought_switches_every_limit_off(unlimited: Front):
    async with unlimited.behind(), unlimited.doors[0].client() as api:
        files = {"image": ("p.jpg", PICTURE)}
        posts = [api.post("/edit-image/", data={"prompt": "x"}, files=files) for _ in range(60)]
        answers = await asyncio.gather(*posts)
        edit = answers[0].json()["edit_id"]
        polls = await asyncio.gather(*(api.get(f"/edit/{edit}") for _ in range(200)))

    assert {answer.status_code for answer in (*answers, *polls)} == {200}
    assert "RateLimit" not in answers[0].headers


async def test_work_that_would_wait_too_long_is_refused_with_a_time_to_come_back(tmp_path: Path):
    async with (
        opened(tmp_path, **UNLIMITED, JOB_DEADLINE_SECONDS="2") as front,
        front.behind() as behind,
        front.doors[0].client() as api,
    ):
        async with asyncio.timeout(30):
            while (answer := await posted(api)).status_code == 200:
                await asyncio.sleep(0.1)
        waiting = await behind.count(EVENTS)

    assert answer.status_code == 503
    assert int(answer.headers["Retry-After"]) > 0
    assert answer.json()["error_code"] == "SERVICE_UNAVAILABLE"
    assert waiting > 2


async def posted(api: httpx.AsyncClient) -> httpx.Response:
    return await api.post("/edit-image/", data={"prompt": "x"}, files={"image": ("p.jpg", PICTURE)})


async def test_the_frontend_waits_as_long_as_it_is_told_and_then_gets_through(tmp_path: Path):
    async with (
        opened(tmp_path, **UNLIMITED, RATE_LIMIT_BURST_SECONDS="1") as front,
        front.behind(),
        front.doors[0].client() as api,
    ):
        page = Frontend(api)
        first = await page.submit("blue", data_url(PICTURE))
        second = await page.submit("blue", data_url(PICTURE))

    assert first
    assert second
    assert page.waited
    assert max(page.waited) <= 2  # as Retry-After says: without it the first pause is 1.5 s
    assert all(wait == int(wait) for wait in page.waited)


async def test_a_frontend_that_is_refused_for_the_day_says_so(tmp_path: Path):
    async def at_once(_: float) -> None:
        await asyncio.sleep(0)

    async with (
        opened(tmp_path, **{**UNLIMITED, "RATE_LIMIT_DAILY_IMAGES": "1"}) as front,
        front.behind(),
        front.doors[0].client() as api,
    ):
        page = Frontend(api, sleep=at_once)
        await page.submit("blue", data_url(PICTURE))
        refused = await page.submit("blue", data_url(PICTURE))

    assert refused is None
    assert len(page.waited) == 3
    assert "limit of jobs" in page.shown[0]
