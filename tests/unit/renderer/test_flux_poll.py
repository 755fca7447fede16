"""Every answer to a poll is understood, whatever the status code beside it."""

import logging
from urllib.parse import parse_qsl

import pytest

from contracts.errors import ErrorCode
from services.chassis.breaker import OPENS_AFTER
from services.chassis.collect import ForgottenError
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.renderer.adapters.flux import Deadlines
from services.renderer.domain.editing import Ready, Running
from tests.unit.renderer.flux_opened import handle, loopback, opened, ordered, ready, until, wish

ID = "0b7c1c1e"
SAMPLE = "https://delivery.eu2.bfl.ai/results/sample.png?se=2026&sig=abc"


def result(status: str, **fields: object) -> dict[str, object]:
    return {"id": ID, "status": status, "result": None, "progress": None, **fields}


async def said(flux, bfl, body, *, status=200, age=60.0, **headers):
    """What a poll makes of this answer."""
    bfl.fault("poll", body=body, status=status, headers=headers)
    return await flux.poll(handle(ID, age=age))


async def test_a_task_runs_until_its_result_is_ready(flux, bfl):
    bfl.set(latency_seconds=3600)
    task = await ordered(flux)

    running = await flux.poll(task)
    bfl.act("finish")
    state = await flux.poll(task)

    assert running == Running()
    assert isinstance(state, Ready)
    assert "/results/" in state.url


async def test_the_time_that_the_provider_took_is_told(flux, bfl):
    bfl.set(latency_seconds=0.2)

    state = await ready(flux, await ordered(flux))

    assert state.seconds is not None
    assert 0.15 <= state.seconds <= 5


async def test_progress_is_passed_on(flux, bfl):
    bfl.set(latency_seconds=0.5, progress="linear")
    task = await ordered(flux)

    state = await until(flux, task, lambda state: bool(getattr(state, "progress", 1)))

    assert isinstance(state, Running)
    assert 0 < (state.progress or 0) < 1


@pytest.mark.parametrize(
    "word", ["Pending", "Reasoning", "Generating", "Processing", "Queued", "Daydreaming", ""]
)
async def test_whatever_is_not_an_end_is_under_way(flux, bfl, word):
    assert await said(flux, bfl, result(word)) == Running()


@pytest.mark.parametrize(
    ("told", "share"),
    [
        (0, 0.0),
        (0.25, 0.25),
        (1, 1.0),
        (40, 0.4),
        (100, 1.0),
        (-1, None),
        (101, None),
        ("half", None),
        (True, None),
        ([1], None),
    ],
)
async def test_progress_is_a_share_however_it_is_counted(flux, bfl, told, share):
    assert await said(flux, bfl, result("Pending", progress=told)) == Running(share)


@pytest.mark.parametrize(
    ("times", "seconds"),
    [
        ({"duration": 4.8}, 4.8),
        ({"start_time": 1763625600.1, "end_time": 1763625604.1}, 4.0),
        ({"duration": "4.8"}, None),
        ({"duration": -1}, None),
        ({"duration": 1e9}, None),
        ({"start_time": 2.0, "end_time": 1.0}, None),
        ({}, None),
    ],
)
async def test_a_duration_is_believed_when_it_makes_sense(flux, bfl, times, seconds):
    state = await said(flux, bfl, result("Ready", result={"sample": SAMPLE, **times}))

    assert state == Ready(SAMPLE, pytest.approx(seconds) if seconds else None)


@pytest.mark.parametrize(
    "held",
    [None, {}, {"sample": None}, "https://x", [SAMPLE], {"sample": f"{SAMPLE}{'a' * 2100}"}],
    ids=lambda held: str(held)[:40],
)
async def test_ready_without_a_result_is_asked_again(flux, bfl, held):
    with pytest.raises(TransientError):
        await said(flux, bfl, result("Ready", result=held))


@pytest.mark.parametrize("word", ["Request Moderated", "Content Moderated"])
async def test_a_moderated_task_names_its_reasons_to_the_person(flux, bfl, word):
    bfl.fault("submit", outcome=word, reasons=["Derivative Works Filter", "Sexual & Minors"])
    task = await ordered(flux)

    with pytest.raises(PermanentError) as moderated:
        await until(flux, task, lambda _: False)

    assert moderated.value.code is ErrorCode.CONTENT_MODERATED
    assert "(Derivative Works Filter, Sexual & Minors)" in moderated.value.sentence
    assert str(moderated.value) == f"flux task: {word.lower()}"


@pytest.mark.parametrize(
    ("told", "named"),
    [
        (["<b>Minors</b>\n\x00"], "(b Minors b)"),
        (["one", 2, None, "", "\n", "two"], "(one, two)"),
        ([f"filter {n}" for n in range(9)], "(filter 0, filter 1, filter 2, filter 3, filter 4)"),
        (["x" * 500], f"({'x' * 60})"),
        ("Minors", "(Minors)"),
    ],
)
async def test_reasons_are_few_short_and_plain_words(flux, bfl, told, named):
    with pytest.raises(PermanentError) as moderated:
        await said(flux, bfl, result("Content Moderated", details={"Moderation Reasons": told}))

    assert named in moderated.value.sentence


@pytest.mark.parametrize("details", [None, {}, [], "filter", {"Moderation Reasons": {"a": 1}}])
async def test_a_moderation_without_reasons_is_one_all_the_same(flux, bfl, details):
    with pytest.raises(PermanentError) as moderated:
        await said(flux, bfl, result("Content Moderated", details=details))

    assert "(" not in moderated.value.sentence


@pytest.mark.parametrize("status", [200, 503])
@pytest.mark.parametrize("word", ["Error", "Failed"])
async def test_a_failed_task_has_failed_whatever_http_says(flux, bfl, word, status):
    bfl.set(failed_status=status)
    bfl.fault("submit", outcome=word)
    task = await ordered(flux)

    with pytest.raises(PermanentError) as failed:
        await until(flux, task, lambda _: False)

    assert failed.value.code is ErrorCode.PROVIDER_FAILED


@pytest.mark.parametrize("status", [200, 404])
async def test_a_fresh_task_may_be_unknown_for_a_moment(flux, bfl, status):
    bfl.set(not_found_status=status)

    assert await flux.poll(handle(age=2)) == Running()


@pytest.mark.parametrize("status", [200, 404])
async def test_an_older_task_that_is_unknown_is_forgotten(flux, bfl, status):
    bfl.set(not_found_status=status)

    with pytest.raises(ForgottenError):
        await flux.poll(handle(age=11))


async def test_a_404_without_a_word_is_an_unknown_task(flux, bfl):
    with pytest.raises(ForgottenError):
        await said(flux, bfl, {"detail": "Not Found"}, status=404)


async def test_a_task_without_a_moment_is_old(flux):
    with pytest.raises(ForgottenError):
        await flux.poll(handle().model_copy(update={"submitted_at": None}))


@pytest.mark.parametrize("status", [401, 402, 403])
async def test_a_key_refused_while_polling_waits_for_an_operator(flux, bfl, status, caplog):
    with pytest.raises(UnavailableError):
        await said(flux, bfl, {"detail": "Not authenticated"}, status=status)

    alerts = [record for record in caplog.records if record.msg == "provider_needs_operator"]
    assert [record.levelno for record in alerts] == [logging.ERROR]


@pytest.mark.parametrize(
    "fault",
    [
        {"status": 500},
        {"status": 503, "body": {"status": "Error"}},
        {"status": 503, "body": {"id": ID, "status": "Pending"}},
        {"preset": "html_502"},
        {"preset": "broken_json"},
        {"preset": "empty"},
        {"body": []},
        {"body": {"status": None}},
        {"body": "[" * 100_000},
        {"body": '"' + "x" * 5_000_000 + '"'},
        {"cut": "before", "times": 2},
        {"cut": "midway", "times": 2},
        {"status": 302, "headers": {"location": "/v1/credits"}},
    ],
    ids=lambda fault: str(fault)[:60],
)
async def test_what_is_no_answer_is_asked_again(flux, bfl, fault):
    bfl.fault("poll", **fault)

    with pytest.raises(TransientError) as passing:
        await flux.poll(handle(ID, age=60))

    assert type(passing.value) is TransientError


async def test_a_poll_says_for_how_long_to_leave_it_alone(flux, bfl):
    with pytest.raises(TransientError) as busy:
        await said(flux, bfl, None, status=429, **{"retry-after": "3"})

    assert busy.value.retry_after == 3.0


async def test_a_wait_that_no_clock_shows_is_none(flux, bfl):
    endless = "Mon, 20 Nov 2026 10:00:00 +99999999999999"

    with pytest.raises(TransientError) as busy:
        await said(flux, bfl, None, status=503, **{"retry-after": endless})

    assert busy.value.retry_after is None


async def test_a_poll_that_is_not_answered_in_time_is_repeated(bfl):
    bfl.fault("poll", hold=True)

    async with opened(bfl.url, deadlines=Deadlines(poll=0.2)) as flux:
        with pytest.raises(TransientError):
            await flux.poll(handle(age=60))
    bfl.release()


async def test_polls_go_where_the_provider_said_with_the_key(flux, bfl):
    task = await ordered(flux)

    await flux.poll(task)

    headers = bfl.requests("poll")[-1]["headers"]
    assert headers["host"].startswith("localhost:")
    assert headers["x-key"] == bfl.key


async def test_a_task_without_polling_url_is_asked_for_at_home(flux, bfl):
    task = await ordered(flux, wish(webhook_url="https://edits.example/hook"))

    assert isinstance(await until(flux, task, lambda state: isinstance(state, Ready)), Ready)
    assert bfl.requests("poll")[-1]["headers"]["host"].startswith("127.0.0.1:")


@pytest.mark.parametrize(
    ("url", "trouble"),
    [
        ("https://evil.example/v1/get_result?id=1", "host"),
        ("http://169.254.169.254/latest/meta-data", "host"),
        ("https://api.bfl.ai@evil.example/", "form"),
        (f"https://{'a' * 70}.bfl.ai/v1", "form"),
        ("file:///etc/passwd", "form"),
        ("", "form"),
    ],
)
async def test_a_polling_url_elsewhere_is_not_called_and_calls_for_an_operator(
    flux, bfl, url, trouble, caplog
):
    task = (await ordered(flux)).model_copy(update={"polling_url": url})

    with pytest.raises(UnavailableError):
        await flux.poll(task)

    alerts = [record for record in caplog.records if record.msg == "provider_needs_operator"]
    assert [vars(alert)["code"] for alert in alerts] == [f"BFL_ALLOWED_HOSTS:{trouble}"]
    assert bfl.counters()["polls"] == 0
    assert "evil" not in caplog.text


@pytest.mark.parametrize("host", ["delivery.eu2.bfl.ai", "bucket.s3.example"])
async def test_the_key_is_not_sent_to_where_results_lie_whatever_an_answer_says(bfl, host, caplog):
    hosts = (*loopback(bfl.url), "*.bfl.ai", "bucket.s3.example")
    bfl.fault("submit", body={"id": ID, "polling_url": f"https://{host}/v1/get_result?id={ID}"})

    async with opened(bfl.url, hosts=hosts) as flux:
        task = await ordered(flux)
        with pytest.raises(UnavailableError):
            await flux.poll(task)

    alerts = [record for record in caplog.records if record.msg == "provider_needs_operator"]
    assert [vars(alert)["code"] for alert in alerts] == ["BFL_ALLOWED_HOSTS:key"]
    assert bfl.counters()["polls"] == bfl.counters()["key_leaks"] == 0


async def test_a_host_that_is_not_listed_yet_does_not_open_the_breaker(flux):
    url = "https://evil.example/v1/get_result?id=1"
    elsewhere = handle(polling_url=url)

    for _ in range(OPENS_AFTER):
        with pytest.raises(UnavailableError):
            await flux.poll(elsewhere)

    assert not flux._doors.to(url).breaker.is_open


async def test_a_task_is_found_once_an_operator_has_listed_its_host(bfl):
    async with opened(bfl.url, hosts=()) as flux:
        task = await ordered(flux)
        with pytest.raises(UnavailableError):
            await flux.poll(task)

    async with opened(bfl.url) as flux:
        assert isinstance(await ready(flux, task), Ready)


async def test_a_task_id_cannot_change_the_question(flux, bfl):
    task_id = "../x?id=2&a=#b"

    await flux.poll(handle(task_id))

    asked = bfl.requests("poll")[-1]
    assert (asked["path"], parse_qsl(asked["query"])) == ("/v1/get_result", [("id", task_id)])


async def test_unknown_tasks_do_not_open_the_breaker(flux, bfl):
    for _ in range(10):
        with pytest.raises(ForgottenError):
            await flux.poll(handle(age=60))

    assert not flux._doors.to(bfl.url).breaker.is_open
