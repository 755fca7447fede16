"""Gemini through its SDK over real HTTP: each of the SDK's surprises is held off."""

import asyncio
import hashlib
import json
import socket
import warnings
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx2
import pytest
from google.genai import types

from contracts.errors import ErrorCode
from services.chassis.breaker import Breaker
from services.chassis.errors import MisconfiguredError, PermanentError, TransientError
from services.chassis.gemini import Gemini, open_gemini
from services.chassis.gemini_answers import Answer
from services.chassis.gemini_refusals import NotAcceptedError
from services.chassis.providers import Provider
from services.chassis.vendor_http import MAX_CONNECTIONS
from tests.emulators.running import Emulator

WHO = "The language service"
MODEL = "gemini-3.5-flash-lite"
GENERATE = "generate"
BYTES = b"\xff\xd8\xff\xfb\xef\xbe picture"


@asynccontextmanager
async def opened(
    google: Emulator, *, key: str = Emulator.key, max_answer_bytes: int = 1_000_000
) -> AsyncIterator[Gemini]:
    async with open_gemini(google.url, key, who=WHO, max_answer_bytes=max_answer_bytes) as gemini:
        yield gemini


async def asked(
    google: Emulator, *, model: str = MODEL, seconds: float = 10.0, **changed: Any
) -> Answer:
    """One question with a client of its own."""
    config = types.GenerateContentConfig(max_output_tokens=1000)
    async with opened(google, **changed) as gemini:
        return await gemini.ask([words()], model=model, config=config, seconds=seconds)


def words(text: str = "make the mug blue") -> types.Part:
    return types.Part.from_text(text=text)


async def test_a_question_is_one_post_of_the_beta_version_with_the_key_in_a_header(google):
    answer = await asked(google)

    (request,) = google.requests()
    assert request["path"] == f"/v1beta/models/{MODEL}:generateContent"
    assert request["query"] == ""
    assert request["headers"]["x-goog-api-key"] == google.key
    assert answer.text.startswith("Make the mug blue.")
    assert (answer.model, answer.finish) == (MODEL, "STOP")


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("GOOGLE_GENAI_API_VERSION", "v1"),
        ("GOOGLE_GENAI_USE_VERTEXAI", "true"),
        ("GOOGLE_GENAI_USE_ENTERPRISE", "true"),
        ("GOOGLE_GEMINI_BASE_URL", "http://127.0.0.1:9"),
        ("GOOGLE_API_KEY", "another"),
        ("GEMINI_API_KEY", "another"),
        ("GOOGLE_CLOUD_PROJECT", "another"),
    ],
)
async def test_no_variable_of_the_sdk_sends_it_elsewhere(google, monkeypatch, variable, value):
    monkeypatch.setenv(variable, value)

    await asked(google)

    assert google.counters()["answers"] == {"generate:200": 1}


async def test_names_that_move_with_the_newest_model_are_known(google):
    answer = await asked(google, model="gemini-flash-latest")

    assert answer.model == "gemini-3.8-flash"


async def test_a_path_before_the_api_is_kept(google):
    async with open_gemini(
        f"{google.url}/proxy", google.key, who=WHO, max_answer_bytes=1000
    ) as gemini:
        config = types.GenerateContentConfig()
        with pytest.raises(PermanentError):
            await gemini.ask([words()], model=MODEL, config=config, seconds=10)

    assert google.requests()[0]["path"].startswith("/proxy/v1beta/models/")


async def test_bytes_arrive_as_they_were_whatever_the_alphabet_between(google):
    part = types.Part.from_bytes(data=BYTES, mime_type="image/jpeg")
    async with opened(google) as gemini:
        with pytest.raises(PermanentError):
            await gemini.ask(
                [part, words()], model=MODEL, config=types.GenerateContentConfig(), seconds=10
            )

    sent = google.requests()[0]["body"]["contents"][0]["parts"][0]["inlineData"]
    assert sent["data"] == {"bytes": len(BYTES), "sha256": hashlib.sha256(BYTES).hexdigest()}


async def test_the_provider_is_told_how_long_we_wait_in_seconds(google):
    await asked(google, seconds=20)

    assert google.requests()[0]["headers"]["x-server-timeout"] == "20"


async def test_an_answer_that_does_not_come_is_given_up_and_asked_for_once(google):
    google.fault(GENERATE, hold=True)

    with pytest.raises(TransientError, match="ReadTimeout"):
        await asked(google, seconds=0.3)

    google.release()
    assert google.counters()["posts"] == 1


async def test_an_answer_that_drips_is_given_up_as_a_whole(google):
    google.fault(GENERATE, bytes_per_second=100)
    provider = Provider("gemini", Breaker("gemini-drip"))

    with pytest.raises(TransientError, match="no end within"):
        async with provider.call("ask", seconds=0.5):
            await asked(google, seconds=5)


@pytest.mark.parametrize("cut", ["before", "after", "midway"])
@pytest.mark.parametrize("reset", [False, True])
async def test_a_lost_connection_is_not_silently_asked_again(google, cut: str, reset: bool):
    google.fault(GENERATE, cut=cut, reset=reset)

    with pytest.raises(TransientError) as lost:
        await asked(google)

    assert not isinstance(lost.value, NotAcceptedError)
    assert google.counters()["posts"] == 1


@pytest.mark.parametrize("preset", ["quota", "internal", "overloaded", "deadline", "html_502"])
async def test_no_status_is_silently_asked_again(google, preset: str):
    google.fault(GENERATE, preset=preset)

    with pytest.raises(TransientError):
        await asked(google)

    assert google.counters()["posts"] == 1


async def test_where_nobody_listens_the_request_was_certainly_not_carried_out():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]

    with pytest.raises(NotAcceptedError, match="ConnectError"):
        await asked(Emulator(f"http://127.0.0.1:{port}"))


@pytest.mark.parametrize("preset", ["quota", "overloaded"])
async def test_who_is_turned_away_was_not_served(google, preset: str):
    google.fault(GENERATE, preset=preset)

    with pytest.raises(NotAcceptedError) as turned_away:
        await asked(google)

    assert turned_away.value.retry_after == (11.0 if preset == "quota" else None)


@pytest.mark.parametrize(
    "preset", ["broken_json_200", "broken_json_500", "empty_body", "created_201", "html_500"]
)
async def test_a_broken_answer_may_be_a_whole_one_next_time(google, preset: str):
    google.fault(GENERATE, preset=preset)

    with pytest.raises(TransientError) as broken:
        await asked(google)

    assert not isinstance(broken.value, NotAcceptedError)


@pytest.mark.parametrize("status", [200, 201, 400, 500])
@pytest.mark.parametrize("body", ["[" * 50_000, '{"candidates": 1}', "[1, 2]", "null", '"x"'])
async def test_a_strange_body_gets_past_nobody(google, status: int, body: str):
    google.fault(GENERATE, status=status, body=body, headers={"content-type": "application/json"})

    with pytest.raises((TransientError, PermanentError)):
        await asked(google)


async def test_an_answer_that_never_ends_is_not_kept_in_memory(google):
    google.fault(GENERATE, body="x" * 200_000)

    with pytest.raises(TransientError, match="TooLongAnswerError"):
        await asked(google, max_answer_bytes=100_000)


async def test_a_packed_answer_is_not_unpacked(google):
    google.fault(GENERATE, body="{}", headers={"content-encoding": "gzip"})

    with pytest.raises(TransientError, match="TooLongAnswerError"):
        await asked(google)

    assert google.requests()[0]["headers"]["accept-encoding"] == "identity"


async def test_a_redirect_is_not_followed_with_our_key(google):
    google.fault(GENERATE, status=307, body="x", headers={"location": f"{google.url}/elsewhere"})

    with pytest.raises(PermanentError):
        await asked(google)

    assert google.counters()["received"] == {"generate": 1}


@pytest.mark.parametrize(
    ("preset", "code"),
    [
        ("no_permission", ErrorCode.PROVIDER_AUTH),
        ("no_billing", ErrorCode.PROVIDER_AUTH),
        ("wrong_key", ErrorCode.PROVIDER_AUTH),
        ("gone", ErrorCode.PROVIDER_FAILED),
        ("daily_quota", ErrorCode.PROVIDER_CREDITS),
        ("blocked_safety", ErrorCode.CONTENT_MODERATED),
        ("blocked_other", ErrorCode.CONTENT_MODERATED),
        ("finish_prohibited_content", ErrorCode.CONTENT_MODERATED),
    ],
)
async def test_what_will_never_work_has_a_code(google, preset: str, code: ErrorCode):
    google.fault(GENERATE, preset=preset)

    with pytest.raises(PermanentError) as refused:
        await asked(google)

    assert refused.value.code is code
    assert refused.value.sentence.startswith(WHO)


async def test_a_wrong_key_is_told_from_a_wrong_question(google):
    with pytest.raises(PermanentError) as refused:
        await asked(google, key="hush-wrong-key")

    assert refused.value.code is ErrorCode.PROVIDER_AUTH
    assert "hush" not in repr(refused.value) + refused.value.sentence


async def test_a_model_that_was_switched_off_is_our_setups_fault_and_no_outage(google):
    with pytest.raises(MisconfiguredError) as refused:
        await asked(google, model="gemini-1.5-flash")

    assert refused.value.code is ErrorCode.PROVIDER_FAILED


async def test_a_finish_reason_of_next_year_is_no_warning_and_no_error(google):
    google.fault(GENERATE, preset="finish_a_reason_nobody_knows")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        answer = await asked(google)

    assert (answer.text, answer.finish) == ("", "A_REASON_NOBODY_KNOWS")


async def test_a_long_answer_is_not_continued_behind_our_back(google):
    candidate = {"finishReason": "CONTINUATION", "continuationToken": "bW9yZQ=="}
    google.fault(GENERATE, body={"candidates": [candidate]}, times=None)

    assert (await asked(google)).finish == "CONTINUATION"
    assert google.counters()["posts"] == 1


async def test_thinking_that_used_up_the_answer_leaves_no_text(google):
    google.fault(GENERATE, preset="finish_max_tokens")

    answer = await asked(google)

    assert (answer.text, answer.finish) == ("", "MAX_TOKENS")


async def test_nothing_that_the_provider_wrote_is_in_an_error(google):
    google.fault(GENERATE, status=500, body={"error": {"message": "hush", "status": "hush"}})

    with pytest.raises(TransientError) as failed:
        await asked(google)

    assert "hush" not in str(failed.value)
    assert failed.value.__cause__ is None


async def test_connections_are_shared_and_limited(google):
    google.set(latency_seconds=0.05)
    config = types.GenerateContentConfig()
    async with opened(google) as gemini:
        asks = [
            gemini.ask([words()], model=MODEL, config=config, seconds=30)
            for _ in range(2 * MAX_CONNECTIONS)
        ]
        answers = await asyncio.gather(*asks)
        # The SDK takes an httpx2 client only; with aiohttp installed it would prefer that.
        inner = gemini._client.aio._api_client
        assert not inner._use_aiohttp()
        assert isinstance(inner._async_httpx_client, httpx2.AsyncClient)

    assert len(answers) == 2 * MAX_CONNECTIONS
    assert google.counters()["connections"] <= MAX_CONNECTIONS
    assert inner._async_httpx_client.is_closed


async def test_the_wire_carries_what_was_asked(google):
    schema = {"type": "object", "properties": {"change": {"type": "string"}}}
    config = types.GenerateContentConfig(
        system_instruction="Be brief.",
        response_mime_type="application/json",
        response_json_schema=schema,
        thinking_config=types.ThinkingConfig(thinking_level=types.ThinkingLevel.MINIMAL),
    )
    async with opened(google) as gemini:
        answer = await gemini.ask([words()], model=MODEL, config=config, seconds=10)

    body = google.requests()[0]["body"]
    assert body["systemInstruction"]["parts"] == [{"text": "Be brief."}]
    assert body["generationConfig"]["responseJsonSchema"] == schema
    assert body["generationConfig"]["thinkingConfig"] == {"thinking_level": "MINIMAL"}
    assert json.loads(answer.text)["change"].startswith("Make the mug blue")
