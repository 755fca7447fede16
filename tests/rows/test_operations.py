"""What operators and probes ask, through the whole system."""

import httpx
import pytest

from tests.rows.doors import ADMIN, HttpDoor, completed

SERVICES = {"gateway", "enhancer", "renderer", "storage", "feedback"}


@pytest.mark.parametrize("method", ["GET", "HEAD"])
async def test_health_is_alive_for_both_methods(client, method: str):
    answer = await client.request(method, "/health")

    assert answer.status_code == 200
    if method == "GET":
        assert answer.json() == {"status": "ok", "message": "Service is running"}
    else:
        assert answer.content == b""


async def test_health_ready_says_that_nothing_is_missing(client):
    assert (await client.get("/health/ready")).status_code == 200


@pytest.mark.parametrize("path", ["/health/workers", "/health/celery"])
async def test_health_workers_counts_the_processes_of_each_service(client, path: str):
    answer = await client.get(path)

    told = answer.json()
    assert (answer.status_code, told["status"]) == (200, "ok")
    assert set(told["workers"]) >= SERVICES - {"gateway"}
    assert told["worker_count"] >= len(SERVICES) - 1
    for load in told["workers"].values():
        assert load["replicas"] >= 1


async def test_health_workers_misses_a_service_that_is_away(house, client):
    house.parts["feedback"].kill()
    try:
        told = (await client.get("/health/workers")).json()
    finally:
        house.parts["feedback"].start()

    assert told["status"] == "degraded"
    assert told["workers"]["feedback"]["replicas"] == 0


async def test_version_names_commit_build_environment_and_contract(client):
    told = (await client.get("/version")).json()

    assert set(told) >= {"git_commit", "build_time", "environment", "contract_version"}
    assert told["environment"] == "preview"


@pytest.mark.parametrize(
    "path", ["/debug/db-schema", "/debug/cache-stats", "/debug/db-performance", "/metrics"]
)
async def test_what_is_for_operators_is_404_without_their_token(client, path: str):
    answers = [
        await client.get(path),
        await client.get(path, headers={"X-Admin-Token": "guessed"}),
        await client.get(path, headers=ADMIN),
    ]

    assert [answer.status_code for answer in answers] == [404, 404, 200]


async def test_debug_db_schema_tells_the_tables_of_both_services(client):
    told = (await client.get("/debug/db-schema", headers=ADMIN)).text

    assert all(table in told for table in ("jobs", "erasures", "feedback"))


async def test_debug_db_performance_tells_no_prompt(client):
    await completed(client, HttpDoor(client), prompt="make it blue like canarydebug")

    told = (await client.get("/debug/db-performance", headers=ADMIN)).text

    assert "canarydebug" not in told


@pytest.mark.parametrize("path", ["/docs", "/openapi.json", "/asyncapi", "/asyncapi.json"])
async def test_the_documents_are_served_and_need_no_other_host(client, path: str):
    answer = await client.get(path)

    assert answer.status_code == 200
    if "html" in answer.headers["content-type"]:
        assert 'src="http' not in answer.text
        assert "<script" not in answer.text


async def test_metrics_of_a_worker_are_on_a_port_of_its_own(house):
    port = house.parts["renderer"].environment["OPS_PORT"]
    async with httpx.AsyncClient(trust_env=False) as operator:
        answer = await operator.get(f"http://127.0.0.1:{port}/metrics")

    assert "mizual_" in answer.text
