"""A task is handed in once, and it is known what became of it, or known that nobody knows."""

import asyncio
import json
import socket
from base64 import b64encode
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from hashlib import sha256

import pytest

from contracts.errors import ErrorCode
from deploy.local import ports
from services.chassis.errors import MisconfiguredError, PermanentError, TransientError
from services.chassis.hold import NotSubmittedError
from services.renderer.adapters.flux import Deadlines
from services.renderer.adapters.flux_http import CONNECTIONS
from services.renderer.domain.models import MODELS
from tests.pictures import plain
from tests.unit.renderer.flux_opened import (
    MODEL,
    PICTURE,
    PROMPT,
    opened,
    ordered,
    source,
    wish,
)
from tests.unit.renderer.noisy import noise

BODY = json.dumps({"prompt": PROMPT, "input_image": b64encode(PICTURE).decode()}).encode()
WAITING = 4
"""More than the system lets wait for a listener that asks for none."""
HANGS_SECONDS = 10.0
SOON = Deadlines(submit=0.3, connect=0.1)


@contextmanager
def crowded() -> Iterator[str]:
    """A host that takes up no connection any more: as many wait for it as the system lets."""
    with ExitStack() as opened, socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen(0)
        for _ in range(WAITING):
            waiting = opened.enter_context(socket.socket())
            waiting.setblocking(False)
            waiting.connect_ex(listening.getsockname())
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


async def refusal(flux, kind=PermanentError, *, body=BODY):
    """What a submission raises, which says nothing of what was submitted."""
    with pytest.raises(kind) as refused:
        await flux.submit(body, model=MODEL)
    assert "secret" not in str(refused.value)
    assert type(refused.value) is kind
    return refused.value


async def test_a_submission_is_answered_with_a_handle(flux):
    task = await ordered(flux)

    assert (task.provider, task.model) == ("flux", MODEL)
    assert task.polling_url is not None
    assert task.polling_url.endswith(f"/v1/get_result?id={task.task_id}")
    assert task.cost_credits == pytest.approx(4.5)
    assert task.submitted_at is not None


async def test_a_cost_that_is_not_told_is_unknown(flux, bfl):
    bfl.set(costs_are_told=False)

    assert (await ordered(flux)).cost_credits is None


async def test_with_a_webhook_there_may_be_no_polling_url(flux):
    asked = wish(webhook_url="https://edits.example/hook")

    assert (await ordered(flux, asked)).polling_url is None


@pytest.mark.parametrize("model", MODELS, ids=lambda model: model.name)
async def test_every_model_takes_what_is_prepared_for_it(flux, bfl, model):
    asked = wish(
        model.name,
        aspect_ratio="16:9",
        output_format="webp",
        seed=7 if model.has_seed else None,
        webhook_url="https://edits.example/hook",
    )

    task = await ordered(flux, asked, source(plain(256, 256), 256, 256))

    assert task.model == model.name
    assert bfl.counters()["submissions"] == 1


async def test_the_key_goes_with_a_connection_of_its_own(flux, bfl):
    await ordered(flux)

    headers = bfl.requests("submit")[-1]["headers"]
    assert headers["x-key"] == bfl.key
    assert headers["connection"] == "close"


async def test_a_large_submission_arrives_whole_and_says_its_size(flux, bfl):
    picture = noise(1500, 1500)
    body = await flux.prepare(source(picture, 1500, 1500), wish())

    await flux.submit(body, model=MODEL)

    sent = bfl.requests("submit")[-1]
    assert len(body) > 12_000_000
    assert sent["headers"]["content-length"] == str(len(body))
    assert "transfer-encoding" not in sent["headers"]
    assert sent["body"]["input_image"]["sha256"] == sha256(picture).hexdigest()


async def test_a_door_that_is_shut_was_never_passed():
    async with opened(f"http://127.0.0.1:{ports.free()}") as flux:
        await refusal(flux, NotSubmittedError)


async def test_a_door_that_nobody_opens_in_time_was_never_passed():
    # Well before the time for a connection to be free is over, which is twice as long.
    deadlines = Deadlines(submit=1.6, connect=1.0)
    with crowded() as url:
        async with opened(url, deadlines=deadlines) as flux:
            await refusal(flux, NotSubmittedError)


async def test_a_submission_that_finds_no_connection_free_in_time_was_never_sent(bfl):
    bfl.set(active_limit=CONNECTIONS)
    bfl.fault("submit", hold=True, times=CONNECTIONS)
    patient = Deadlines(submit=HANGS_SECONDS, connect=1.0)

    async with opened(bfl.url, deadlines=patient) as flux:
        held = [asyncio.create_task(flux.submit(BODY, model=MODEL)) for _ in range(CONNECTIONS)]
        await asyncio.to_thread(
            bfl.wait_for, lambda seen: seen["received"].get("submit") == CONNECTIONS
        )
        await refusal(flux, NotSubmittedError)
        bfl.release()
        await asyncio.gather(*held)

    assert bfl.counters()["received"]["submit"] == CONNECTIONS


async def test_a_name_that_nobody_has_was_never_reached():
    async with opened("https://nobody.invalid", hosts=()) as flux:
        await refusal(flux, NotSubmittedError)


async def test_a_door_without_tls_was_never_passed(bfl):
    async with opened(bfl.url.replace("http:", "https:")) as flux:
        await refusal(flux, NotSubmittedError)

    assert bfl.counters()["submissions"] == 0


@pytest.mark.parametrize("fault", [{"status": 429}, {"status": 503}, {"preset": "too_many_tasks"}])
async def test_a_door_that_is_full_may_be_tried_again(flux, bfl, fault):
    bfl.fault("submit", **fault)

    await refusal(flux, NotSubmittedError)


@pytest.mark.parametrize(
    ("said", "waits"),
    [
        ("7", 7.0),
        ("0", 0.0),
        ("86400", 60.0),
        ("soon", None),
        ("-5", None),
        ("9" * 99, 60.0),
        ("Mon, 20 Nov 2026 10:00:00 +99999999999999", None),
        ("Mon, 20 Nov 99999999999999 10:00:00 +0000", None),
    ],
)
async def test_the_wait_that_is_asked_for_is_kept_within_a_minute(flux, bfl, said, waits):
    bfl.fault("submit", status=429, headers={"retry-after": said})

    assert (await refusal(flux, NotSubmittedError)).retry_after == waits


async def test_the_wait_may_be_a_date(flux, bfl):
    until = format_datetime(datetime.now(UTC) + timedelta(seconds=30), usegmt=True)
    bfl.fault("submit", status=503, headers={"retry-after": until})

    assert 20 <= ((await refusal(flux, NotSubmittedError)).retry_after or 0) <= 30


@pytest.mark.parametrize(
    ("status", "code"),
    [
        (402, ErrorCode.PROVIDER_CREDITS),
        (401, ErrorCode.PROVIDER_AUTH),
        (403, ErrorCode.PROVIDER_AUTH),
        (400, ErrorCode.PROVIDER_FAILED),
        (413, ErrorCode.PROVIDER_FAILED),
        (422, ErrorCode.PROVIDER_FAILED),
    ],
)
async def test_a_refusal_is_one_and_is_never_repeated(flux, bfl, status, code):
    bfl.fault("submit", status=status, body={"detail": f"No: {PROMPT}"})

    error = await refusal(flux)

    assert error.code is code
    assert str(status) in str(error)


async def test_a_wrong_key_calls_for_an_operator(bfl, caplog):
    async with opened(bfl.url, key="not the key") as flux:
        assert (await refusal(flux)).code is ErrorCode.PROVIDER_AUTH

    assert "provider_needs_operator" in caplog.text
    assert "not the key" not in caplog.text


@pytest.mark.parametrize("status", [404, 405])
async def test_a_model_that_is_gone_calls_for_an_operator(flux, bfl, caplog, status):
    bfl.fault("submit", status=status, body={"detail": f"No: {PROMPT}"})

    error = await refusal(flux, MisconfiguredError)

    assert error.code is ErrorCode.PROVIDER_FAILED
    assert "provider_needs_operator" in caplog.text


async def test_a_refused_field_is_named_and_what_was_in_it_is_not(flux):
    wrong = {**json.loads(BODY), "safety_tolerance": 9, "webhook_url": "secret place"}

    error = await refusal(flux, body=json.dumps(wrong).encode())

    assert "body.safety_tolerance" in str(error)
    assert "body.webhook_url" in str(error)


async def test_a_field_with_a_strange_name_is_not_repeated(flux, bfl):
    detail = [{"loc": ["body", PROMPT, 3]}, {"loc": None}, "no error"]
    bfl.fault("submit", status=422, body={"detail": detail})

    assert "(body.?.3)" in str(await refusal(flux))


@pytest.mark.parametrize("status", [200, 503])
async def test_what_is_moderated_at_once_says_so_to_the_person(flux, bfl, status):
    details = {"Moderation Reasons": ["Derivative Works Filter"]}
    moderated = {"id": "0b7c", "status": "Request Moderated", "details": details}
    bfl.fault("submit", status=status, body=moderated)

    error = await refusal(flux)

    assert error.code is ErrorCode.CONTENT_MODERATED
    assert "Derivative Works Filter" in error.sentence


async def test_an_outage_that_names_an_ended_task_has_taken_it(flux, bfl):
    bfl.fault("submit", status=503, body={"id": "0b7c", "status": "Error"})

    assert (await flux.submit(BODY, model=MODEL)).task_id == "0b7c"


@pytest.mark.parametrize(
    "fault",
    [
        {"cut": "after"},
        {"cut": "after", "reset": True},
        {"cut": "before"},
        {"cut": "before", "reset": True},
        {"cut": "midway"},
        {"preset": "broken_json"},
        {"preset": "empty"},
        {"preset": "html_500"},
        {"preset": "html_502"},
        {"body": {"id": ""}},
        {"body": {"id": 7}},
        {"body": {"id": "x" * 300}},
        {"body": {"detail": "taken"}},
        {"body": "[" * 100_000},
        {"body": '"' + "x" * 5_000_000 + '"'},
        {"status": 408},
        {"status": 302, "headers": {"location": "/v1/flux-2-max"}},
        {"status": 500, "body": {"id": "0b7c"}},
    ],
    ids=lambda fault: str(fault)[:60],
)
async def test_nobody_knows_what_became_of_a_submission_without_an_answer(flux, bfl, fault):
    bfl.fault("submit", **fault)

    await refusal(flux, TransientError)


async def test_a_task_whose_answer_was_lost_is_not_ordered_twice(flux, bfl):
    bfl.fault("submit", cut="after")

    await refusal(flux, TransientError)

    assert bfl.counters()["submissions"] == 1


async def test_a_refusal_that_is_cut_short_is_still_one(flux, bfl):
    bfl.fault("submit", status=422, body={"detail": "x" * 1000}, cut="midway")

    assert (await refusal(flux)).code is ErrorCode.PROVIDER_FAILED


async def test_an_answer_that_does_not_come_in_time_leaves_it_open(bfl):
    bfl.fault("submit", hold=True)

    async with opened(bfl.url, deadlines=SOON) as flux:
        assert flux.submit_seconds == SOON.submit
        await refusal(flux, TransientError)
    bfl.release()


@pytest.mark.parametrize("url", [7, None, "", "https://api.bfl.ai/" + "x" * 3000])
async def test_a_polling_url_that_is_none_is_left_out(flux, bfl, url):
    bfl.fault("submit", body={"id": "0b7c", "polling_url": url, "cost": "much"})

    task = await flux.submit(BODY, model=MODEL)

    assert (task.polling_url, task.cost_credits) == (None, None)


@pytest.mark.parametrize("cost", [True, -1, float("inf"), 10**400])
async def test_a_cost_that_makes_no_sense_is_unknown(flux, bfl, cost):
    text = json.dumps({"id": "0b7c", "cost": 0}).replace("0}", f"{json.dumps(cost)}}}")
    bfl.fault("submit", body=text)

    assert (await flux.submit(BODY, model=MODEL)).cost_credits is None
