"""The layer around every request, in production's clothes and without any server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, cast
from uuid import uuid4

import httpx
import pytest
from fastapi import FastAPI
from pydantic import SecretStr
from starlette.requests import Request

from contracts.journal import JournalEntry
from contracts.styles import Style
from services.chassis.errors import UnavailableError
from services.chassis.images.picture import Picture
from services.chassis.journal import Recorded
from services.chassis.keyring import Keyring
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.links import Links
from services.gateway.domain.parts import Parts
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.status import StatusRenderer
from services.gateway.routes import bodies, pace, room
from services.gateway.routes.app import make_app
from services.gateway.routes.bodies import Bodies
from services.gateway.routes.stored import etag
from services.gateway.routes.visit import SCOPE_KEY
from services.gateway.settings import GatewaySettings
from tests.samples import job

SECRET = b"k" * 40
HOME = "https://mizual.example"
FRIEND = "https://app.friend.example"
LINKS = Links(Keyring((SECRET,)))


@dataclass
class OneJob:
    """The only job there is; anything else is a bug of the server."""

    entry: JournalEntry

    async def status(self, job_id: object, **_: object) -> Recorded:
        if job_id != self.entry.job_id:
            raise KeyError("SELECT secret FROM jobs")
        return Recorded(self.entry, 1)

    async def cancel(self, _: object) -> tuple[Recorded, bool]:
        return Recorded(self.entry, 1), True


class Shelf:
    """Takes any upload; its pictures are read somewhere else."""

    async def upload(self, data: bytes, _: object) -> Picture:
        return Picture(
            content_type="image/png",
            width_pixels=1,
            height_pixels=1,
            stored_width_pixels=1,
            stored_height_pixels=1,
            size_bytes=len(data),
            sha256="0" * 64,
            has_alpha=False,
        )

    async def presigned(self, key: str, seconds: int) -> str | None:
        return f"https://bucket.example/{key}?for={seconds}"


class Wardrobe:
    """Without any style."""

    async def all(self) -> tuple[Style, ...]:
        return ()


ENTRY = job()
PARTS = cast(
    "Parts",
    type(
        "SomeParts",
        (),
        {
            "jobs": OneJob(ENTRY),
            "sources": Shelf(),
            "store": Shelf(),
            "styles": Wardrobe(),
            "links": LINKS,
            "keyring": Keyring((SECRET,)),
            "renderer": StatusRenderer(LINKS),
        },
    ),
)


def application() -> FastAPI:
    settings = GatewaySettings(
        environment="production",
        nats_url="nats://user:word@bus:4222",
        public_url=HOME,
        app_secret_key=SecretStr(SECRET.decode()),
        cors_allowed_origins=("https://*.friend.example",),
    )

    @asynccontextmanager
    async def opened() -> AsyncIterator[Parts]:
        yield PARTS

    app = make_app(settings, opened)
    app.state.parts = PARTS
    return app


@pytest.fixture
async def api() -> AsyncIterator[httpx.AsyncClient]:
    transport = httpx.ASGITransport(application(), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url=HOME) as client:
        yield client


async def test_the_session_cookie_is_bound_to_this_host_in_production(api: httpx.AsyncClient):
    answer = await api.post("/api/images", content=b"x")

    cookie = answer.headers["Set-Cookie"]
    assert cookie.startswith("__Host-mizual_session=")
    for attribute in ("Secure", "HttpOnly", "SameSite=Lax", "Path=/"):
        assert attribute in cookie
    assert "Set-Cookie" not in (await api.post("/api/images", content=b"x")).headers


async def test_a_friends_page_reads_answers_with_the_cookie_and_others_do_not(
    api: httpx.AsyncClient,
):
    friend = await api.get("/health", headers={"Origin": FRIEND})
    other = await api.get("/health", headers={"Origin": "https://evil.example"})

    assert friend.headers["Access-Control-Allow-Origin"] == FRIEND
    assert friend.headers["Access-Control-Allow-Credentials"] == "true"
    assert friend.headers["Vary"] == other.headers["Vary"] == "Origin"
    assert "Access-Control-Allow-Origin" not in other.headers


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 201),
        ({"Origin": HOME}, 201),
        ({"Origin": FRIEND}, 201),
        ({"Origin": "https://evil.example"}, 403),
        ({"Sec-Fetch-Site": "same-site"}, 403),
    ],
)
async def test_only_our_pages_and_friends_act_with_the_cookie(
    api: httpx.AsyncClient, headers: dict[str, str], status: int
):
    await api.post("/api/images", content=b"x")

    answer = await api.post("/api/images", content=b"x", headers=headers)

    assert answer.status_code == status


@pytest.mark.parametrize("name", ["Origin", "Sec-Fetch-Site"])
async def test_a_foreign_page_without_the_cookie_is_anybody_and_is_given_none(
    api: httpx.AsyncClient, name: str
):
    headers = {name: {"Origin": "https://evil.example"}.get(name, "cross-site")}

    answer = await api.post("/api/images", content=b"x", headers=headers)

    assert answer.status_code == 201
    assert "Set-Cookie" not in answer.headers


async def test_a_bug_is_a_problem_that_tells_nothing(
    api: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
):
    answer = await api.get(f"/edit/{uuid4()}")

    assert (answer.status_code, answer.json()["error_code"]) == (500, "INTERNAL_ERROR")
    assert "SELECT" not in answer.text
    assert "request_failed" in caplog.text


async def test_a_client_may_cancel_ten_times_a_minute(api: httpx.AsyncClient):
    token = {"X-Edit-Token": Keyring((SECRET,)).edit_token(ENTRY.job_id)}

    answers = [await api.post(f"/edit/{ENTRY.job_id}/cancel", headers=token) for _ in range(11)]

    assert [answer.status_code for answer in answers] == [202] * 10 + [429]
    refused = answers[-1]
    assert refused.headers["RateLimit-Policy"] == '"cancellations";q=10;w=60'
    assert refused.headers["RateLimit"] == f'"cancellations";r=0;t={refused.headers["Retry-After"]}'


async def test_attempts_are_counted_together_whatever_is_asked_for(api: httpx.AsyncClient):
    paths = ["/edit-image/", "/api/variations", "/api/remove-background", "/submit", "/api/images"]
    text = {"Content-Type": "text/plain"}

    answers = [await api.post(path, content=b"x", headers=text) for path in paths * 6]
    refused = [await api.post(path, content=b"x", headers=text) for path in paths]

    assert {answer.status_code for answer in answers} == {415, 201}
    assert [answer.status_code for answer in refused] == [429] * len(paths)
    assert refused[0].headers["RateLimit-Policy"] == '"attempts";q=30;w=60'


READS = {
    "status-checks": (90, [f"{root}/{ENTRY.job_id}" for root in ("/edit", "/api/jobs")]),
    "status-checks of descriptions": (
        90,
        [f"{root}/{ENTRY.job_id}" for root in ("/status", "/result", "/edit")],
    ),
    "image-reads": (300, [f"/api/images/{ENTRY.job_id}?role=original"]),
    "styles": (60, ["/api/styles", "/api/styles/ink/reference"]),
}


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """No limit sees time pass, in applications that are made from here on."""
    monkeypatch.setattr(Buckets.__init__, "__kwdefaults__", {"now": lambda: 0.0})


@pytest.mark.parametrize(("most", "paths"), READS.values(), ids=READS)
async def test_reads_of_one_thing_are_counted_together_and_have_an_end(
    still: None, api: httpx.AsyncClient, most: int, paths: list[str]
):
    assert ENTRY.facts.original is not None
    headers = {
        "X-Edit-Token": Keyring((SECRET,)).edit_token(ENTRY.job_id),
        "If-None-Match": etag(ENTRY.facts.original.key),
    }
    rounds = most // len(paths)

    answers = [await api.get(path, headers=headers) for path in paths * rounds]
    refused = [await api.get(path, headers=headers) for path in paths]

    assert {answer.status_code for answer in answers} <= {200, 304, 404}
    assert [answer.status_code for answer in refused] == [429] * len(paths)
    assert f";q={most};w=60" in refused[0].headers["RateLimit-Policy"]


async def test_urls_are_built_from_the_public_url_whatever_host_was_asked(api: httpx.AsyncClient):
    answer = await api.get(f"/edit/{ENTRY.job_id}", headers={"Host": "evil.example"})

    assert answer.json()["original_image_url"].startswith(f"{HOME}/images/")


async def test_a_public_bucket_is_redirected_to(api: httpx.AsyncClient):
    assert ENTRY.facts.original is not None
    key = ENTRY.facts.original.key

    answer = await api.get(LINKS.picture(HOME, key))

    assert answer.status_code == 302
    assert answer.headers["Location"].startswith(f"https://bucket.example/{key}?for=")
    assert answer.headers["Access-Control-Allow-Origin"] == "*"


def request_of(
    *chunks: bytes, length: int | None = None, stalls: bool = False, client: str = "c"
) -> Request:
    """A request whose body comes in chunks, and may never end."""
    messages = [{"type": "http.request", "body": c, "more_body": True} for c in chunks]

    async def receive() -> dict[str, Any]:
        if messages:
            return dict(messages.pop(0))
        if stalls:
            await asyncio.Event().wait()
        return {"type": "http.request", "body": b"", "more_body": False}

    headers = [(b"content-length", str(length).encode())] if length is not None else []
    visit = SimpleNamespace(client=client)
    return Request(
        {"type": "http", "method": "POST", "headers": headers, SCOPE_KEY: visit}, receive
    )


async def read(held: Bodies, request: Request) -> bytes:
    async with held.raw(request, most=1000) as body:
        return bytes(body)


async def test_a_body_that_stops_arriving_is_given_up(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(pace, "IDLE_SECONDS", 0.01)

    with pytest.raises(RefusalError) as refused:
        await read(Bodies(1000), request_of(b"x", stalls=True))

    assert refused.value.status == 408


@pytest.mark.parametrize("bound", ["GRACE_SECONDS", "TOTAL_SECONDS"])
async def test_a_body_that_comes_too_slowly_is_given_up(
    monkeypatch: pytest.MonkeyPatch, bound: str
):
    monkeypatch.setattr(pace, bound, 0.01)

    with pytest.raises(RefusalError) as refused:
        await read(Bodies(1000), request_of(b"x", stalls=True))

    assert refused.value.status == 408


async def test_a_body_that_does_not_say_its_length_is_cut_at_the_limit():
    with pytest.raises(RefusalError) as refused:
        await read(Bodies(1000), request_of(b"x" * 600, b"x" * 600))

    assert refused.value.status == 413


async def test_only_so_many_bytes_are_held_at_once(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "MAX_HELD_BYTES", 1500)
    held = Bodies(1000)

    async with held.raw(request_of(b"x" * 1000, client="a"), most=1000):
        with pytest.raises(UnavailableError):
            await read(held, request_of(b"x" * 1000, client="b"))
    assert await read(held, request_of(b"x" * 1000, client="b")) == b"x" * 1000


async def test_bytes_that_were_only_announced_hold_no_room(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "MAX_HELD_BYTES", 1500)
    held = Bodies(1000)
    idle = [
        asyncio.create_task(read(held, request_of(b"{", length=1000, stalls=True)))
        for _ in range(10)
    ]
    await asyncio.sleep(0)

    assert await read(held, request_of(b"x" * 1000, client="b")) == b"x" * 1000

    for task in idle:
        task.cancel()
    await asyncio.gather(*idle, return_exceptions=True)


async def test_one_client_does_not_take_the_room_of_the_others(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "MAX_CLIENT_BYTES", 1500)
    held = Bodies(1000)

    async with held.raw(request_of(b"x" * 1000), most=1000):
        with pytest.raises(RefusalError) as refused:
            await read(held, request_of(b"x" * 1000))
        assert await read(held, request_of(b"x" * 1000, client="b")) == b"x" * 1000
    assert await read(held, request_of(b"x" * 1000)) == b"x" * 1000

    assert refused.value.status == 429


async def test_one_client_has_only_so_many_bodies_under_way(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(room, "MAX_CLIENT_BODIES", 1)
    held = Bodies(1000)

    async with held.raw(request_of(b"x"), most=1000):
        with pytest.raises(RefusalError) as refused:
            await read(held, request_of(b"x"))
        assert await read(held, request_of(b"x", client="b")) == b"x"
    assert await read(held, request_of(b"x")) == b"x"

    assert refused.value.status == 429


@pytest.mark.parametrize("value", [b'{"":0},', b"[],", b"0,", b'"",'])
async def test_a_body_of_nothing_but_values_is_refused_before_it_is_parsed(
    monkeypatch: pytest.MonkeyPatch, value: bytes
):
    monkeypatch.setattr(bodies, "_object", lambda _: pytest.fail("it was parsed"))
    dense = (value * 4000, value * 4000, value * 4000)

    with pytest.raises(RefusalError) as refused:
        async with Bodies(1000).json(request_of(b'{"junk":[', *dense, b"0]}"), most=10**6):
            pass

    assert refused.value.status == 422
