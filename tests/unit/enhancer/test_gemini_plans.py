"""Plans by Gemini, over real HTTP."""

import hashlib
import json
from functools import partial

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError, TransientError
from services.enhancer.adapters.vendor import MAX_OUTPUT_TOKENS
from services.enhancer.domain.plan import SCHEMA
from tests.pictures import plain
from tests.unit.enhancer import asking
from tests.unit.enhancer.asking import PROMPT, TOLD, planned

asked = partial(asking.asked, "gemini")


async def test_the_answer_is_a_plan_for_what_the_person_wrote(google):
    said = await asked(google)

    assert said.model == "gemini-3.5-flash-lite"
    assert planned(said).instruction.startswith('Make the sky "dramatic"')


async def test_what_the_person_wrote_is_material_beside_the_rules_and_never_in_them(google):
    await asked(google, plain(8, 8))

    body = google.requests()[0]["body"]
    (turn,) = body["contents"]
    picture, words = turn["parts"]
    assert json.loads(words["text"]) == {"words": PROMPT}
    assert picture["inlineData"]["mime_type"] == "image/jpeg"
    assert body["systemInstruction"]["parts"] == [{"text": TOLD.text}]


async def test_the_pictures_are_shown_in_their_order_before_the_words(google):
    pictures = [plain(8, 8), plain(16, 8)]

    await asked(google, *pictures)

    *shown, words = google.requests()[0]["body"]["contents"][0]["parts"]
    digests = [hashlib.sha256(each).hexdigest() for each in pictures]
    assert [each["inlineData"]["data"]["sha256"] for each in shown] == digests
    assert "text" in words


async def test_the_answer_is_bound_to_the_plan_and_to_a_length_without_any_thinking(google):
    await asked(google)

    config = google.requests()[0]["body"]["generationConfig"]
    assert config == {
        "maxOutputTokens": MAX_OUTPUT_TOKENS,
        "responseMimeType": "application/json",
        "responseJsonSchema": SCHEMA,
        "thinkingConfig": {"thinking_level": "MINIMAL"},
    }


@pytest.mark.parametrize(
    ("model", "thinking"),
    [
        ("gemini-3.1-flash-lite", {"thinking_level": "MINIMAL"}),
        ("models/gemini-3.5-flash-lite", {"thinking_level": "MINIMAL"}),
        *((f"gemini-3.{minor}-flash", None) for minor in (5, 6, 7, 8)),
        ("gemini-2.5-flash-lite", None),
        ("gemini-2.5-pro", None),
        ("gemini-flash-lite-latest", None),
    ],
)
async def test_another_model_is_asked_in_a_way_that_it_takes(google, model: str, thinking):
    assert (await asked(google, llm_model=model)).text

    config = google.requests()[0]["body"]["generationConfig"]
    assert config.get("thinkingConfig") == thinking


@pytest.mark.parametrize(
    ("preset", "ended"),
    [
        ("finish_max_tokens", "MAX_TOKENS"),
        ("finish_other", "OTHER"),
        ("finish_language", "LANGUAGE"),
        ("finish_stop", "STOP"),
        ("empty_object", "UNKNOWN"),
    ],
)
async def test_an_answer_without_text_is_no_failure_of_the_call(google, preset: str, ended: str):
    google.fault("generate", preset=preset)

    said = await asked(google)

    assert (said.text, said.ended) == ("", ended)


@pytest.mark.parametrize("preset", ["quota", "overloaded", "broken_json_200"])
async def test_what_may_pass_is_worth_another_try(google, preset: str):
    google.fault("generate", preset=preset)

    with pytest.raises(TransientError):
        await asked(google)


@pytest.mark.parametrize("preset", ["invalid_json_text", "misfit_json", "no_json"])
async def test_a_text_that_is_no_plan_is_found_out(google, preset: str):
    google.fault("generate", preset=preset)
    said = await asked(google)

    with pytest.raises(TransientError):
        planned(said)


@pytest.mark.parametrize("preset", ["blocked_safety", "finish_safety", "finish_spii"])
async def test_a_refusal_is_final(google, preset: str):
    google.fault("generate", preset=preset)

    with pytest.raises(PermanentError) as refused:
        await asked(google)

    assert refused.value.code is ErrorCode.CONTENT_MODERATED
