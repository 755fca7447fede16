"""Plans by OpenAI, over real HTTP: the SDK's surprises are held off."""

import asyncio
import hashlib
import json
import logging
import socket
from functools import partial

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError, TransientError
from services.chassis.vendor_http import MAX_CONNECTIONS
from services.enhancer.adapters.vendor import MAX_ANSWER_BYTES, MAX_OUTPUT_TOKENS
from services.enhancer.domain.plan import SCHEMA
from tests.emulators.running import Emulator
from tests.pictures import plain
from tests.unit.enhancer import asking
from tests.unit.enhancer.asking import PROMPT, TOLD, planned

asked = partial(asking.asked, "openai")


async def test_the_answer_is_a_plan_for_what_the_person_wrote(openai):
    said = await asked(openai)

    assert said.model == "gpt-6-luna"
    assert planned(said).instruction.startswith('Make the sky "dramatic"')


async def test_what_the_person_wrote_is_material_beside_the_rules_and_never_in_them(openai):
    await asked(openai)

    body = openai.requests()[0]["body"]
    (turn,) = body["input"]
    (words,) = turn["content"]
    assert json.loads(words["text"]) == {"words": PROMPT}
    assert body["instructions"] == TOLD.text


async def test_the_pictures_are_shown_in_their_order_before_the_words(openai):
    pictures = [plain(8, 8), plain(16, 8)]

    await asked(openai, *pictures)

    *shown, words = openai.requests()[0]["body"]["input"][0]["content"]
    digests = [hashlib.sha256(each).hexdigest() for each in pictures]
    assert [each["image_url"]["sha256"] for each in shown] == digests
    assert words["type"] == "input_text"


async def test_nothing_is_stored_and_nothing_is_paid_for_reasoning(openai):
    await asked(openai)

    body = openai.requests()[0]["body"]
    form = body["text"]["format"]
    assert (body["store"], body["reasoning"]) == (False, {"effort": "none"})
    assert body["max_output_tokens"] == MAX_OUTPUT_TOKENS
    assert (form["schema"], form["strict"]) == (SCHEMA, True)
    assert "temperature" not in body


@pytest.mark.parametrize(
    ("model", "reasoning"),
    [
        *((name, {"effort": "none"}) for name in ("gpt-6.1-terra", "gpt-5.6-luna", "gpt-5.4-mini")),
        *((name, None) for name in ("gpt-5", "gpt-5-mini", "gpt-4o", "gpt-4o-mini", "gpt-4.1")),
    ],
)
async def test_another_model_is_asked_in_a_way_that_it_takes(openai, model: str, reasoning):
    assert (await asked(openai, llm_model=model)).model == model

    assert openai.requests()[0]["body"].get("reasoning") == reasoning


@pytest.mark.parametrize(
    "preset",
    [
        *("rate_limited", "conflict", "internal", "overloaded", "html_502", "broken_json_500"),
        *("failed", "empty_body", "broken_json_200"),
    ],
)
async def test_what_may_pass_is_worth_another_try_which_is_not_the_sdks(openai, preset: str):
    openai.fault("respond", preset=preset)

    with pytest.raises(TransientError):
        await asked(openai)

    assert openai.counters()["posts"] == 1


@pytest.mark.parametrize("preset", ["no_output", "incomplete_max_output_tokens"])
async def test_an_answer_without_text_is_no_failure_of_the_call(openai, preset: str):
    openai.fault("respond", preset=preset)

    assert (await asked(openai)).text == ""


async def test_the_pause_that_is_asked_for_is_kept(openai):
    openai.fault("respond", preset="rate_limited")

    with pytest.raises(TransientError) as busy:
        await asked(openai)

    assert busy.value.retry_after == 7.0


@pytest.mark.parametrize("cut", ["before", "after", "midway"])
async def test_a_lost_connection_is_not_silently_asked_again(openai, cut: str):
    openai.fault("respond", cut=cut)

    with pytest.raises(TransientError):
        await asked(openai)

    assert openai.counters()["posts"] == 1


async def test_where_nobody_listens_is_worth_another_try():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(TransientError, match="ConnectError"):
        await asked(Emulator(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("preset", ["invalid_json_text", "misfit_json", "no_json"])
async def test_a_text_that_is_no_plan_is_found_out(openai, preset: str):
    openai.fault("respond", preset=preset)
    said = await asked(openai)

    with pytest.raises(TransientError):
        planned(said)


@pytest.mark.parametrize(
    ("preset", "code"),
    [
        ("refusal", ErrorCode.CONTENT_MODERATED),
        ("incomplete_content_filter", ErrorCode.CONTENT_MODERATED),
        ("no_quota", ErrorCode.PROVIDER_CREDITS),
        ("wrong_key", ErrorCode.PROVIDER_AUTH),
        ("no_permission", ErrorCode.PROVIDER_AUTH),
        ("gone", ErrorCode.PROVIDER_FAILED),
        ("bad_request", ErrorCode.PROVIDER_FAILED),
        ("unprocessable", ErrorCode.PROVIDER_FAILED),
    ],
)
async def test_what_will_never_work_has_a_code(openai, preset: str, code: ErrorCode):
    openai.fault("respond", preset=preset)

    with pytest.raises(PermanentError) as refused:
        await asked(openai)

    assert refused.value.code is code
    assert openai.counters()["posts"] == 1


async def test_a_wrong_key_is_told_and_shown_to_nobody(openai):
    with pytest.raises(PermanentError) as refused:
        await asked(openai, openai_api_key="hush-wrong-key")

    assert refused.value.code is ErrorCode.PROVIDER_AUTH
    assert "hush" not in repr(refused.value) + refused.value.sentence


async def test_an_error_that_repeats_what_the_person_wrote_goes_no_further(openai):
    openai.fault("respond", preset="echo")

    with pytest.raises(PermanentError) as refused:
        await asked(openai)

    assert "dramatic" not in str(refused.value) + refused.value.sentence
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("status", [200, 400, 500])
@pytest.mark.parametrize(
    "body", ["[" * 50_000, '{"error": {"code": [], "type": {}}}', '{"error": 1}', "[1]", '"x"']
)
async def test_a_strange_body_gets_past_nobody(openai, status: int, body: str):
    openai.fault("respond", status=status, body=body, headers={"content-type": "application/json"})

    with pytest.raises((TransientError, PermanentError)):
        await asked(openai)


async def test_an_answer_that_is_too_long_is_not_kept_in_memory(openai):
    openai.fault("respond", body="x" * (MAX_ANSWER_BYTES + 1))

    with pytest.raises(TransientError, match="TooLongAnswerError"):
        await asked(openai)


async def test_a_redirect_is_not_followed_with_our_key(openai):
    openai.fault("respond", status=307, headers={"location": f"{openai.url}/elsewhere"})

    with pytest.raises(PermanentError):
        await asked(openai)

    assert openai.counters()["received"] == {"respond": 1}


async def test_the_sdk_writes_no_request_into_a_log(openai, caplog):
    with caplog.at_level(logging.DEBUG):
        await asked(openai, plain(8, 8))

    assert "dramatic" not in caplog.text


async def test_connections_are_shared_and_limited(openai):
    openai.set(latency_seconds=0.05)
    async with asking.opened("openai", openai) as vendor:
        asks = [vendor.ask(asking.question()) for _ in range(2 * MAX_CONNECTIONS)]
        answers = await asyncio.gather(*asks)

    assert len(answers) == 2 * MAX_CONNECTIONS
    assert openai.counters()["connections"] <= MAX_CONNECTIONS
