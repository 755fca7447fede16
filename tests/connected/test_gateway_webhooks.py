"""A gateway process that is called by an image service, on a real bus."""

from typing import Any
from uuid import uuid4

import pytest

from contracts.events import EditSubmitted
from contracts.journal import Handle, JournalEntry, Raw, Stage
from contracts.subjects import EDIT_SUBMITTED, EVENTS, RENDERER_EDIT_SUBMITTED
from services.chassis.keyring import Keyring
from tests.connected.gateways import (
    ADMIN_TOKEN,
    SECRET_KEY,
    Others,
    gateway,
    others,
    until_ready,
)
from tests.samples import job, reference
from tests.servers import nats_server

FRONT = {"gateways": 2, "LOG_LEVEL": "DEBUG"}
KEYRING = Keyring((SECRET_KEY.encode(),))
TASK = "0b7c1c1e-a-task"


@pytest.fixture
async def behind(behind: Others) -> Others:
    """Nothing waits for the renderer."""
    await behind.bus.js.purge_stream(EVENTS)
    return behind


def address(entry: JournalEntry) -> str:
    return f"/webhooks/flux/{entry.job_id}/{KEYRING.webhook_token(entry.job_id)}"


async def submitted(behind: Others, **work: Any) -> JournalEntry:
    """A job whose task the provider has taken."""
    handle = Handle(provider="flux", task_id=TASK)
    return await behind.append(job(**{"handle": handle, **work}))


async def woken(behind: Others) -> list[EditSubmitted]:
    """What the renderer would be delivered now."""
    count = await behind.count(EVENTS)
    if not count:
        return []
    pulled = await behind.bus.js.pull_subscribe_bind(RENDERER_EDIT_SUBMITTED, stream=EVENTS)
    messages = await pulled.fetch(count, timeout=5)
    for message in messages:
        await message.ack_sync()
    assert {message.subject for message in messages} == {EDIT_SUBMITTED}
    return [EditSubmitted.model_validate_json(message.data) for message in messages]


async def test_webhooks_of_one_task_at_two_gateways_are_one_look(doors, behind):
    entry = await submitted(behind)

    for door in (*doors, *doors):
        async with door.client() as api:
            answer = await api.post(address(entry), json={"id": TASK, "status": "Ready"})
            assert (answer.status_code, answer.json()) == (200, {"status": "ok"})

    (event,) = await woken(behind)
    assert (event.job_id, event.request_id) == (entry.job_id, entry.facts.request_id)
    assert event.wake_up


async def test_a_webhook_is_heard_before_the_handle_is_recorded(api, behind):
    entry = await submitted(behind, handle=None)

    assert (await api.post(address(entry), json={"task_id": TASK})).status_code == 200

    assert [event.job_id for event in await woken(behind)] == [entry.job_id]


async def test_a_job_with_its_result_and_one_that_ended_are_left_alone(api, behind):
    raw = Raw(image=reference(role="raw"), provider="flux", model="flux-2-pro")
    done, pending = await submitted(behind, raw=raw), await submitted(behind)
    cancelled = await behind.append(pending.advance(Stage.CANCELLED))

    for entry in (done, cancelled):
        assert (await api.post(address(entry), json={"id": TASK})).status_code == 200

    assert not await woken(behind)


async def test_only_the_jobs_own_address_and_task_are_known(api, behind):
    entry, unknown = await submitted(behind), job()
    asked = [
        (f"{address(entry)}x", TASK),
        (address(unknown), TASK),
        (address(entry), "another task"),
        (f"/webhooks/flux/{uuid4()}/{KEYRING.webhook_token(entry.job_id)}", TASK),
    ]

    for path, task in asked:
        answer = await api.post(path, json={"id": task})
        assert (answer.status_code, answer.json()["error_code"]) == (404, "NOT_FOUND")
    assert not await woken(behind)


async def test_what_was_sent_is_in_no_log_and_in_no_figure(api, behind, doors):
    entry = await submitted(behind)
    await api.post(address(entry), json={"id": TASK, "result": {"sample": "https://a-secret"}})
    await api.post(address(entry), json={"id": "another", "prompt": "a-secret"})
    await api.post(address(entry), content=b"a-secret")

    figures = (await api.get("/metrics", headers={"X-Admin-Token": ADMIN_TOKEN})).text
    logged = doors[0].log.read_text()

    assert "task_woken" in logged
    assert 'route="/webhooks/flux/{job_id}/{token}"' in figures
    for secret in (KEYRING.webhook_token(entry.job_id), TASK, "a-secret", "webhooks/flux"):
        assert secret not in logged
    for secret in (KEYRING.webhook_token(entry.job_id), TASK, str(entry.job_id)):
        assert secret not in figures


async def test_a_webhook_that_comes_while_the_bus_is_away_may_come_again(tmp_path):
    with nats_server(tmp_path) as server, gateway(tmp_path, server.url) as door:
        async with others(server.url) as behind:
            await until_ready(door)
            entry = await submitted(behind)
        async with door.client() as api:
            server.kill()
            away = await api.post(address(entry), json={"id": TASK})
            server.start()
            await until_ready(door)
            again = await api.post(address(entry), json={"id": TASK})

    assert (away.status_code, away.json()["error_code"]) == (503, "SERVICE_UNAVAILABLE")
    assert int(away.headers["Retry-After"]) > 0
    assert again.status_code == 200
