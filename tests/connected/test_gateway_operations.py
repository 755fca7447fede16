"""What probes and operators ask a gateway process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from uuid import uuid4

import httpx
import pytest

from contracts.base import utcnow
from contracts.events import EditEnhanced
from contracts.subjects import EDIT_ENHANCED, RENDERER_EDIT_ENHANCED
from services.chassis.broker import make_broker
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.inspection import put_inspection
from services.chassis.settings import ServiceSettings
from tests.buses import connected
from tests.connected.gateways import ADMIN_TOKEN, Front, gateway

FRONT = {"gateways": 2}
ADMIN = {"X-Admin-Token": ADMIN_TOKEN}
DEBUG = ["/debug/db-schema", "/debug/cache-stats", "/debug/db-performance"]
SECRET = "the words of a person"


@asynccontextmanager
async def processes(url: str, *services: str) -> AsyncIterator[None]:
    """Processes of these services, as far as the bus sees them."""
    async with AsyncExitStack() as stack:
        for service in services:
            broker = make_broker(ServiceSettings(nats_url=url), service)
            stack.push_async_callback(broker.stop)
            await broker.start()
        yield


@asynccontextmanager
async def database_of(service: str, url: str, tables: Database) -> AsyncIterator[None]:
    """A service that answers for its database alone."""
    broker = make_broker(ServiceSettings(nats_url=url), service)
    put_inspection(broker, service, tables)
    await broker.start()
    try:
        yield
    finally:
        await broker.stop()


async def announced(bus: Bus, count: int) -> None:
    for _ in range(count):
        event = EditEnhanced(job_id=uuid4(), request_id="r", occurred_at=utcnow())
        await bus.publish(EDIT_ENHANCED, event, message_id=str(uuid4()))


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_liveness_answers_both_methods_and_has_no_limit(api, method: str):
    answers = [await api.request(method, "/health") for _ in range(100)]

    assert {answer.status_code for answer in answers} == {200}
    body = {"status": "ok", "message": "Service is running"}
    assert method == "HEAD" or answers[0].json() == body


async def test_readiness_says_that_nothing_is_missing(api):
    answer = await api.get("/health/ready")

    assert (answer.status_code, answer.json()) == (200, {"status": "ok", "missing": {}})


async def test_the_version_names_commit_build_environment_and_contract(api):
    told = (await api.get("/version")).json()

    assert set(told) == {"git_commit", "build_time", "environment", "contract_version"}
    assert told["environment"] == "preview"


@pytest.mark.parametrize("path", ["/health/workers", "/health/celery"])
async def test_workers_are_the_processes_that_answer(front: Front, api, path: str):
    async with processes(front.nats.url, "enhancer", "renderer", "renderer", "storage", "feedback"):
        told = (await api.get(path)).json()

    replicas = {service: load["replicas"] for service, load in told["workers"].items()}
    assert told["status"] == "ok"
    assert told["worker_count"] == 7
    assert replicas == {"gateway": 2, "enhancer": 1, "renderer": 2, "storage": 1, "feedback": 1}


async def test_workers_tell_what_waits_what_is_under_way_and_since_when(front: Front, api):
    async with connected(front.nats.url) as bus:
        await announced(bus, 3)
        pull = await bus.js.pull_subscribe_bind(RENDERER_EDIT_ENHANCED, stream="EVENTS")
        (taken,) = await pull.fetch(1)

        load = (await api.get("/health/workers")).json()["workers"]["renderer"]

        await taken.ack()
        await bus.js.purge_stream("EVENTS")
    quiet = (await api.get("/health/workers")).json()["workers"]["renderer"]
    assert (load["pending"], load["in_flight"]) == (2, 1)
    assert 0 <= load["oldest_pending_seconds"] < 60
    assert (quiet["pending"], quiet["oldest_pending_seconds"]) == (0, None)


async def test_a_service_without_a_process_degrades_the_whole(front: Front, api):
    async with processes(front.nats.url, "enhancer", "renderer", "storage"):
        told = (await api.get("/health/workers")).json()

    assert told["status"] == "degraded"
    assert told["workers"]["feedback"]["replicas"] == 0


@pytest.mark.parametrize("headers", [{}, {"X-Admin-Token": "wrong"}], ids=["none", "wrong"])
@pytest.mark.parametrize("path", [*DEBUG, "/metrics"])
async def test_without_the_admin_token_there_is_nothing(api, path: str, headers: dict):
    answer = await api.get(path, headers=headers)

    assert (answer.status_code, answer.json()["error_code"]) == (404, "NOT_FOUND")
    assert answer.json()["detail"] == (await api.get("/nothing")).json()["detail"]


async def test_metrics_are_for_operators(api):
    answer = await api.get("/metrics", headers=ADMIN)

    assert answer.status_code == 200
    assert "mizual_http_request_seconds" in answer.text


async def test_the_schema_is_told_by_each_service_that_answers(
    front: Front, api, storage_tables: Database
):
    async with database_of("storage", front.nats.url, storage_tables):
        told = (await api.get("/debug/db-schema", headers=ADMIN)).json()

    tables = {table["name"]: table for table in told["storage"]["tables"]}
    columns = {column["name"]: column for column in tables["jobs"]["columns"]}
    assert told["feedback"] is None
    assert told["storage"]["migrations"][0] == {"version": 1, "name": "jobs"}
    assert columns["job_id"] == {
        "name": "job_id", "type": "uuid", "nullable": False, "default": None,
    }  # fmt: skip
    assert any("jobs_to_watch" in index for index in tables["jobs"]["indexes"])
    assert tables["edits"]["kind"] == "view"


async def test_performance_tells_pool_statements_and_indexes_and_nobodys_words(
    front: Front, api, storage_tables: Database
):
    slow = f"SELECT pg_sleep(30) AS \"x\" /* {SECRET} */ WHERE '{SECRET}' <> ''"
    running = asyncio.create_task(storage_tables.execute(slow))
    async with database_of("storage", front.nats.url, storage_tables):
        while True:
            answer = await api.get("/debug/db-performance", headers=ADMIN)
            told = answer.json()["storage"]
            if told["slow_statements"]:
                break

    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert told["source"] == "pg_stat_activity"
    assert told["slow_statements"][0]["statement"] == "SELECT"
    assert told["pool"]["most"] == 10
    assert "jobs_pkey" in {index["index"] for index in told["indexes"]}
    assert SECRET not in answer.text


async def test_caches_are_told_beside_their_bounds(api):
    told = (await api.get("/debug/cache-stats", headers=ADMIN)).json()

    assert set(told) == {"hub", "bodies", "pictures"}
    assert told["hub"]["streams"] <= told["hub"]["most_streams"]


@pytest.mark.parametrize("path", ["/debug/db-schema", "/debug/db-performance"])
async def test_without_any_database_operators_are_asked_to_come_again(api, path: str):
    answer = await api.get(path, headers=ADMIN)

    assert (answer.status_code, answer.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0


async def test_what_costs_something_is_limited_for_operators_too(tmp_path):
    limits = {"/health/workers": 10, "/debug/db-schema": 5, "/debug/cache-stats": 5}
    settings = {
        "ENVIRONMENT": "production",
        "PUBLIC_URL": "https://example.com",
        "NATS_REQUIRE_SYNC": "false",
    }
    with gateway(tmp_path, "nats://u:p@127.0.0.1:1", **settings) as strict:
        async with strict.client(**ADMIN) as api:
            await until_alive(api)
            for path, most in {**limits, "/debug/db-performance": 3}.items():
                answers = [await api.get(path) for _ in range(most + 1)]
                assert 429 not in {answer.status_code for answer in answers[:-1]}
                assert answers[-1].status_code == 429
                assert int(answers[-1].headers["Retry-After"]) > 0
                assert answers[-1].headers["RateLimit-Policy"].endswith(f"q={most};w=60")


async def test_without_the_bus_workers_are_unknown_for_a_moment(tmp_path):
    with gateway(tmp_path, "nats://127.0.0.1:1") as lonely:
        async with lonely.client() as api:
            await until_alive(api)
            answer = await api.get("/health/workers")

    assert (answer.status_code, answer.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(answer.headers["Retry-After"]) > 0


async def until_alive(api: httpx.AsyncClient) -> None:
    async with asyncio.timeout(20):
        while True:
            try:
                await api.get("/health")
            except httpx.TransportError:
                await asyncio.sleep(0.05)
            else:
                return
