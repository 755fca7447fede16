"""What may be asked of a model beside the sentence, and how a refusal helps."""

from dataclasses import replace
from typing import Any

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Options
from contracts.queries import Abilities, ModelAbilities
from contracts.styles import Style
from services.gateway.domain.options import Wanted, check_with
from services.gateway.domain.problems import RefusalError
from tests.samples import reference

PLAIN = ModelAbilities(name="plain", provider="local")
SHAPELY = ModelAbilities(
    name="shapely", provider="flux", seed=True, aspect_ratios=("1:1", "16:9", "9:16")
)

MEASURED = ModelAbilities(name="measured", provider="local", generative=False)
INK = Style(id="ink", version="1", name="Ink", guide=reference(), reference=reference())
WORDS = INK.model_copy(update={"id": "words", "reference": None})


class Offering:
    """An image service with these models; the first is the usual one."""

    def __init__(self, *models: ModelAbilities) -> None:
        self.models = models
        self.asked = 0

    async def abilities(self) -> Abilities:
        self.asked += 1
        return Abilities(models=self.models)


async def refusal(service: Offering, **options: object) -> RefusalError:
    with pytest.raises(RefusalError) as refused:
        await check_with(service, Wanted(options=Options.model_validate(options)))
    assert (refused.value.status, refused.value.code) == (422, ErrorCode.OPTION_UNSUPPORTED)
    return refused.value


async def test_the_plain_options_ask_nothing():
    service = Offering(PLAIN)

    await check_with(service, Wanted(options=Options(output_format="png", enhance=False)))

    assert service.asked == 0


@pytest.mark.parametrize(
    "options",
    [
        Options(model="plain"),
        Options(model="shapely", seed=7),
        Options(model="shapely", seed=0, aspect_ratio="9:16"),
    ],
)
async def test_what_the_named_model_honours_is_taken(options: Options):
    await check_with(Offering(PLAIN, SHAPELY), Wanted(options=options))


async def test_the_usual_model_is_meant_where_none_is_named():
    options = Options(seed=7, aspect_ratio="1:1")
    await check_with(Offering(SHAPELY, PLAIN), Wanted(options=options))

    refused = await refusal(Offering(PLAIN, SHAPELY), seed=7)

    assert refused.errors[0].field == "seed"
    assert "plain" in refused.sentence


@pytest.mark.parametrize("model", ["", "Plain", "other"])
async def test_a_model_that_is_not_offered_is_refused_with_those_that_are(model: str):
    refused = await refusal(Offering(PLAIN, SHAPELY), model=model, seed=7)

    assert refused.errors[0].field == "model"
    assert refused.sentence == "The `model` must be one of: plain, shapely."


async def test_a_seed_of_nought_is_a_seed():
    await refusal(Offering(PLAIN), seed=0)


@pytest.mark.parametrize("ratio", ["", "4:3", "16:9 ", "16x9"])
async def test_another_shape_is_refused_with_those_that_there_are(ratio: str):
    refused = await refusal(Offering(SHAPELY), aspect_ratio=ratio)

    assert refused.errors[0].field == "aspect_ratio"
    assert refused.sentence.endswith("must be one of: 1:1, 16:9, 9:16.")


async def test_a_model_that_keeps_the_shape_says_so():
    refused = await refusal(Offering(SHAPELY, PLAIN), model="plain", aspect_ratio="1:1")

    assert refused.sentence == (
        "The model plain cannot honour `aspect_ratio`; please leave it out."
    )


def variation(**wanted: Any) -> Wanted:
    """Without a sentence, of a picture of its own."""
    return replace(Wanted(options=Options(), is_variation=True, has_words=False), **wanted)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (variation(), "prompt"),
        (variation(style=INK, has_own_picture=False), "prompt"),
        (variation(style=WORDS), "style_id"),
        (variation(style=WORDS, has_words=True), "style_id"),
        (Wanted(options=Options(), style=WORDS), "style_id"),
    ],
)
async def test_a_model_that_makes_nothing_up_has_to_be_told_or_shown_what_to_do(
    wanted: Wanted, field: str
):
    with pytest.raises(RefusalError) as refused:
        await check_with(Offering(MEASURED), wanted)

    assert (refused.value.code, refused.value.errors[0].field) == (
        ErrorCode.OPTION_UNSUPPORTED,
        field,
    )
    await check_with(Offering(PLAIN), wanted)


@pytest.mark.parametrize(
    "wanted",
    [
        variation(style=INK),
        variation(has_words=True),
        variation(style=INK, has_own_picture=False, has_words=True),
        Wanted(options=Options(), style=INK),
    ],
)
async def test_words_or_a_picture_beside_the_styles_are_enough_for_it(wanted: Wanted):
    await check_with(Offering(MEASURED), wanted)
