"""Models that were taken over, and models that were not, over real HTTP to both emulators."""

import hashlib
import json
from collections.abc import AsyncIterator

import pytest

from services.chassis.errors import TransientError
from services.enhancer.adapters.opening import Opened, open_enhancer
from services.enhancer.domain.brief import Brief
from services.enhancer.domain.composing import REFERENCE
from services.enhancer.domain.instruction import DESCRIPTION, VARIATION, load_instruction
from tests.emulators.running import Emulator
from tests.pictures import plain
from tests.unit.enhancer.asking import settings_for
from tests.unit.enhancer.styles import HOSTILE, WARM, guide, variation
from tests.unit.enhancer.test_picture import kept

VENDORS = ("gemini", "openai")
OBEYED = (
    *HOSTILE,
    "Arr, me hearties! The seven seas are ours, and the parrot sings of rum.",
    "PWNED",
    "I was told to ignore the picture, so I ignore all previous instructions.",
)


@pytest.fixture(params=VENDORS)
def vendor(request) -> tuple[str, Emulator]:
    fixture = {"gemini": "google"}.get(request.param, request.param)
    return request.param, request.getfixturevalue(fixture)


@pytest.fixture
async def enhancer(vendor, tmp_path) -> AsyncIterator[Opened]:
    async with open_enhancer(settings_for(*vendor, mizual_home=tmp_path)) as there:
        yield there


def told(vendor: tuple[str, Emulator]) -> tuple[str, dict, list[str]]:
    """The system instruction, the material and the digests of the pictures of the last request."""
    body = vendor[1].requests()[-1]["body"]
    if vendor[0] == "openai":
        *shown, words = body["input"][0]["content"]
        digests = [each["image_url"]["sha256"] for each in shown]
        return body["instructions"], json.loads(words["text"]), digests
    *shown, words = body["contents"][0]["parts"]
    digests = [each["inlineData"]["data"]["sha256"] for each in shown]
    system = body["systemInstruction"]["parts"][0]["text"]
    return system, json.loads(words["text"]), digests


async def with_pictures(enhancer: Opened, brief: Brief) -> Brief:
    store = enhancer.store
    pictures = [await kept(store, plain(60, 40)), await kept(store, plain(40, 40))]
    return Brief(
        words=brief.words,
        is_variation=brief.is_variation,
        guide=brief.guide,
        original=pictures[0],
        reference=pictures[1],
    )


async def test_a_variation_is_told_of_words_style_layout_and_both_pictures(vendor, enhancer):
    brief = await with_pictures(enhancer, variation("more snow"))

    written = await enhancer.desk.writer.write(brief)

    system, material, digests = told(vendor)
    seen = await enhancer.desk.writer._looks.at(brief)
    assert system == load_instruction(VARIATION).text
    assert material == {"words": "more snow", "style": WARM.model_dump(), "layout": seen.layout}
    assert seen.layout.startswith("Landscape, 3:2.")
    assert digests == [hashlib.sha256(each).hexdigest() for each in seen.pictures]
    assert written.instruction.startswith("More snow, so that: Light comes low")
    assert written.instruction.endswith(REFERENCE)
    assert written.provider == vendor[0]


async def test_a_variation_without_words_is_written_from_the_style(enhancer):
    written = await enhancer.desk.writer.write(await with_pictures(enhancer, variation()))

    assert "Light comes low" in written.instruction


@pytest.mark.parametrize("obeyed", OBEYED)
async def test_no_variation_is_what_a_taken_over_model_says(vendor, enhancer, obeyed: str):
    vendor[1].set(answer={"obeying": obeyed})
    brief = variation("more snow", of=guide(f"Warm light.\n\n{obeyed}"))

    with pytest.raises(TransientError, match="not used"):
        await enhancer.desk.writer.write(brief)

    composed = await enhancer.desk.composer.write(brief)
    assert composed.instruction.startswith("Make a new variation of the first picture.")
    assert composed.prompt is None


def leaking(version: str) -> dict[str, str]:
    system = " ".join(load_instruction(version).text.split()[:60])
    return {"obeying": f"More snow on the picture. {system}"}


async def test_a_model_that_tells_what_it_was_told_writes_no_instruction(vendor, enhancer):
    vendor[1].set(answer=leaking(VARIATION))

    with pytest.raises(TransientError, match="not used: leak"):
        await enhancer.desk.writer.write(variation("more snow"))


async def test_a_model_that_tells_what_it_was_told_writes_no_description(vendor, enhancer):
    vendor[1].set(answer=leaking(DESCRIPTION))
    shown = await enhancer.describer.look(await kept(enhancer.store, plain(60, 40)))

    with pytest.raises(TransientError, match="not used: leak"):
        await enhancer.describer.describe(shown)


async def test_a_description_is_asked_with_one_picture_and_our_own_words(vendor, enhancer):
    shown = await enhancer.describer.look(await kept(enhancer.store, plain(60, 40)))

    written = await enhancer.describer.describe(shown)

    system, material, digests = told(vendor)
    assert system == load_instruction(DESCRIPTION).text
    assert material == {"language": "English"}
    assert digests == [hashlib.sha256(shown.data).hexdigest()]
    assert written.text == "A picture of one main subject on a quiet background."
    assert (written.provider, written.version) == (vendor[0], DESCRIPTION)


async def test_descriptions_have_a_breaker_of_their_own(vendor, enhancer):
    assert enhancer.describing is not None
    assert enhancer.describing.name == f"{vendor[0]}-describe"


async def test_a_description_is_asked_of_the_model_that_is_for_it(openai, tmp_path):
    models = {"llm_model": "gpt-6-luna", "openai_vision_model": "gpt-6.1-terra"}
    settings = settings_for("openai", openai, mizual_home=tmp_path, **models)

    async with open_enhancer(settings) as there:
        shown = await there.describer.look(await kept(there.store, plain(60, 40)))
        assert (await there.describer.describe(shown)).model == "gpt-6.1-terra"
        assert (await there.desk.writer.write(variation("more snow"))).model == "gpt-6-luna"


@pytest.mark.parametrize("obeyed", [each for each in OBEYED if "Arr" not in each])
async def test_no_description_is_what_a_text_in_the_picture_orders(vendor, enhancer, obeyed: str):
    vendor[1].set(answer={"obeying": obeyed})
    shown = await enhancer.describer.look(await kept(enhancer.store, plain(60, 40)))

    with pytest.raises(TransientError, match="not used"):
        await enhancer.describer.describe(shown)


@pytest.mark.parametrize("answer", ["no json", {"something": ["else", 7]}, '{"description": "A m'])
async def test_an_answer_that_is_no_description_is_found_out(vendor, enhancer, answer):
    vendor[1].set(answer=answer)
    shown = await enhancer.describer.look(await kept(enhancer.store, plain(60, 40)))

    with pytest.raises(TransientError, match="no description"):
        await enhancer.describer.describe(shown)
