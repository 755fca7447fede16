"""Bodies of submissions stay within what the model takes, whatever is asked."""

import json
from base64 import b64decode
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorCode
from contracts.journal import Options
from services.chassis.errors import PermanentError
from services.renderer.domain.editing import Wish
from services.renderer.domain.flux_body import TIERS, Reference, body_of
from services.renderer.domain.models import (
    FOUR_MEGAPIXELS,
    MODELS,
    RATIOS,
    FluxModel,
    Sizing,
    model_named,
)

KNOWN = {
    Sizing.PIXELS: {"input_image", "width", "height", "seed", "output_format", "webhook_url"},
    Sizing.RATIO: {"input_image", "aspect_ratio", "seed", "output_format", "webhook_url"},
    Sizing.RATIO_AND_TIER: {"images", "aspect_ratio", "resolution"},
}
PRO, KONTEXT, FLUX_3 = map(model_named, ("flux-2-pro", "flux-kontext-pro", "flux-3-image"))
HOOK = "https://edits.example/hook"


def reference(width: int = 1000, height: int = 1000, *, has_alpha: bool = False) -> Reference:
    return Reference(data=b"pixels", width_pixels=width, height_pixels=height, has_alpha=has_alpha)


def wish(model: FluxModel, *, webhook_url: str | None = None, **options: object) -> Wish:
    return Wish(
        prompt="blue",
        instruction="Paint it blue.",
        model=model.name,
        options=Options(**options),
        webhook_url=webhook_url,
    )


def body(
    model: FluxModel,
    picture: Reference | None = None,
    *,
    tolerance: int = 2,
    webhook_url: str | None = None,
    **options: object,
) -> dict:
    asked = wish(model, webhook_url=webhook_url, **options)
    made = body_of(model, asked, (picture or reference(),), safety_tolerance=tolerance)
    return dict(json.loads(made))


@given(
    model=st.sampled_from(MODELS),
    ratio=st.none() | st.sampled_from(RATIOS),
    seed=st.none() | st.integers(),
    output_format=st.sampled_from([None, "jpeg", "png", "webp"]),
    tolerance=st.integers(0, 6),
    width=st.integers(64, 20_000),
    height=st.integers(64, 20_000),
    has_alpha=st.booleans(),
    webhook_url=st.none() | st.just(HOOK),
)
def test_every_body_lies_within_the_bounds_of_its_model(
    model, ratio, seed, output_format, tolerance, width, height, has_alpha, webhook_url
):
    options = {
        "seed": seed if model.has_seed else None,
        "aspect_ratio": ratio,
        "output_format": output_format,
    }
    picture = reference(width, height, has_alpha=has_alpha)

    sent = body(model, picture, tolerance=tolerance, webhook_url=webhook_url, **options)

    assert 0 <= sent["safety_tolerance"] <= min(model.max_tolerance, tolerance)
    common = {"prompt", "safety_tolerance", *dict(model.always)}
    assert set(sent) <= common | KNOWN[model.sizing]
    assert sent.get("output_format", "png") in {"jpeg", "png"}
    assert sent.get("aspect_ratio", "auto") in {"auto", *RATIOS}
    assert sent.get("resolution", "1k") in TIERS
    assert_sides_fit(sent, ratio)


def assert_sides_fit(sent: dict, ratio: str | None) -> None:
    if ratio is None or "width" not in sent:
        return
    wide, high = sent["width"], sent["height"]
    assert wide % 16 == high % 16 == 0
    assert min(wide, high) >= 64
    assert wide * high <= FOUR_MEGAPIXELS
    assert Fraction(wide, high) == Fraction(*map(int, ratio.split(":")))


def test_the_instruction_is_sent_and_not_the_persons_words():
    assert body(PRO)["prompt"] == "Paint it blue."


def test_the_picture_is_bare_base64_in_the_models_own_field():
    assert b64decode(body(PRO)["input_image"]) == b"pixels"
    assert b64decode(body(FLUX_3)["images"]) == b"pixels"


def test_without_a_ratio_flux_2_keeps_the_pictures_size():
    assert not {"width", "height"} & set(body(PRO))


@pytest.mark.parametrize(
    ("size", "ratio", "sides"),
    [
        ((1000, 1000), "1:1", (992, 992)),
        ((1280, 720), "16:9", (1280, 720)),
        ((4000, 3000), "1:1", (2048, 2048)),
        ((64, 64), "21:9", (224, 96)),
    ],
)
def test_flux_2_is_asked_for_the_ratio_at_about_the_same_area(size, ratio, sides):
    sent = body(PRO, reference(*size), aspect_ratio=ratio)

    assert (sent["width"], sent["height"]) == sides


def test_kontext_is_asked_for_a_ratio_by_name():
    assert body(KONTEXT, aspect_ratio="16:9")["aspect_ratio"] == "16:9"
    assert "aspect_ratio" not in body(KONTEXT)


def test_flux_3_keeps_the_shape_when_none_is_asked_for():
    assert body(FLUX_3)["aspect_ratio"] == "auto"


@pytest.mark.parametrize(
    ("size", "tier"),
    [((300, 256), "768sq"), ((1000, 1000), "1k"), ((4000, 3000), "4k"), ((2000, 1500), "1.5k")],
)
def test_flux_3_answers_in_the_tier_nearest_to_the_picture(size, tier):
    assert body(FLUX_3, reference(*size))["resolution"] == tier


def test_the_tolerance_is_cut_to_what_the_model_allows():
    sent = [body(model, tolerance=6)["safety_tolerance"] for model in (PRO, KONTEXT, FLUX_3)]

    assert sent == [5, 6, 4]


@pytest.mark.parametrize(
    ("asked", "has_alpha", "sent"),
    [
        (None, False, "jpeg"),
        ("jpeg", False, "jpeg"),
        ("png", False, "png"),
        ("webp", False, "png"),
        (None, True, "png"),
    ],
)
def test_a_result_that_may_be_lossless_is_made_lossless(asked, has_alpha, sent):
    made = body(PRO, reference(has_alpha=has_alpha), output_format=asked)

    assert made["output_format"] == sent


def test_a_webhook_is_named_to_models_that_know_webhooks():
    assert body(PRO, webhook_url=HOOK)["webhook_url"] == HOOK
    assert "webhook_url" not in body(FLUX_3, webhook_url=HOOK)


@pytest.mark.parametrize("seed", [0, 7])
def test_a_seed_is_sent_as_it_is(seed):
    assert body(PRO, seed=seed)["seed"] == seed


@pytest.mark.parametrize(
    ("model", "options"), [(FLUX_3, {"seed": 7}), (PRO, {"aspect_ratio": "5:1"})]
)
def test_what_the_model_cannot_honour_is_refused_and_never_ignored(model, options):
    with pytest.raises(PermanentError) as refused:
        body(model, **options)

    assert refused.value.code is ErrorCode.OPTION_UNSUPPORTED
    assert model.name in refused.value.sentence
