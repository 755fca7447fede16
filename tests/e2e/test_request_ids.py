"""One request id from the caller to the last message and log line of its job."""

import json
from uuid import uuid4

from nats.aio.msg import Msg

from tests import api
from tests.buses import connected
from tests.connected.places import eventually
from tests.stack import RealStack


async def lived(system: RealStack, gateway, prompt: str, last: str) -> tuple[str, str, dict]:
    """A job under a name of our own: its id, the name, and its messages by subject."""
    name = f"request-{uuid4().hex}"
    heard: dict[str, list[dict]] = {}

    async def keep(message: Msg) -> None:
        heard.setdefault(message.subject, []).append(json.loads(message.data))

    async with connected(system.nats_url) as bus:
        await bus.client.subscribe("mizual.>", cb=keep)
        await bus.client.flush()
        edit = await api.submit(gateway, prompt, headers={"X-Request-Id": name})
        await api.ended(gateway, edit["edit_id"])

        async def all_told() -> bool:
            return any(m.get("job_id") == edit["edit_id"] for m in heard.get(last, ()))

        await eventually(all_told)
    mine = {
        subject: [m for m in messages if m.get("job_id") == edit["edit_id"]]
        for subject, messages in heard.items()
    }
    return edit["edit_id"], name, {subject: found for subject, found in mine.items() if found}


def lines_about(system: RealStack, job_id: str) -> list[dict]:
    """What the services have logged of a job."""
    texts = [part.log for name, part in system.parts.items() if name not in {"nats", "postgres"}]
    return [json.loads(line) for text in texts for line in text.splitlines() if job_id in line]


async def test_every_message_of_a_job_names_its_request(system: RealStack, gateway):
    _, name, messages = await lived(system, gateway, "make it blue", last="mizual.v1.job.completed")

    assert {
        "mizual.v1.edit.requested",
        "mizual.v1.edit.enhanced",
        "mizual.v1.edit.rendered",
        "mizual.v1.job.accepted",
        "mizual.v1.job.completed",
    } <= set(messages)
    assert {m.get("request_id") for found in messages.values() for m in found} == {name}


async def test_a_failure_is_logged_and_kept_for_operators_under_the_request(
    system: RealStack, gateway
):
    job_id, name, messages = await lived(
        system, gateway, "put a hat on the dog", last="mizual.v1.job.failed"
    )

    letters = [s for s in messages if s.startswith("mizual.dead.")]
    assert letters
    assert {m["request_id"] for found in messages.values() for m in found} == {name}
    lines = lines_about(system, job_id)
    assert {line["service"] for line in lines} >= {"gateway", "renderer"}
    assert {line.get("request_id") for line in lines} == {name}


async def test_a_refusal_names_its_request_in_header_and_body(system: RealStack, gateway):
    answer = await gateway.post("/edit-image/", json={}, headers={"X-Request-Id": "mine"})

    assert answer.status_code == 422
    assert answer.headers["X-Request-Id"] == answer.json()["request_id"] == "mine"
