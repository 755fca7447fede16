"""A model of Flux gets a picture within its own limits, or the job ends with a sentence."""

import json
from base64 import b64decode
from dataclasses import replace

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.renderer.adapters.flux_picture import as_it_is, fitted, refuse_too_small
from services.renderer.domain.flux_body import Reference
from services.renderer.domain.models import FluxModel, model_named
from tests.pictures import plain
from tests.unit.chassis import drawn
from tests.unit.renderer.flux_opened import source, wish
from tests.unit.renderer.noisy import noise

LIMITS = ImageLimits()
PRO, FLUX_3 = model_named("flux-2-pro"), model_named("flux-3-image")


@pytest.mark.parametrize("has_alpha", [False, True])
def test_what_fits_goes_byte_for_byte(has_alpha: bool):
    data = drawn.png(alpha=has_alpha)

    assert as_it_is(data, PRO, LIMITS) == Reference(
        data=data, width_pixels=64, height_pixels=48, has_alpha=has_alpha
    )


@pytest.mark.parametrize("strict", [replace(PRO, max_pixels=1000), replace(PRO, max_bytes=8000)])
@pytest.mark.parametrize(
    ("data", "has_alpha"), [(plain(300, 200, suffix=".png"), False), (noise(200, 150), True)]
)
def test_what_does_not_fit_the_model_goes_as_a_copy_that_does(
    strict: FluxModel, data: bytes, has_alpha: bool
):
    assert as_it_is(data, strict, LIMITS) is None
    copy = fitted(data, strict, LIMITS)

    seen = inspect(copy.data, LIMITS)
    assert (copy.width_pixels, copy.height_pixels) == (seen.width_pixels, seen.height_pixels)
    assert copy.pixels <= strict.max_pixels
    assert len(copy.data) <= strict.max_bytes
    assert copy.has_alpha == has_alpha


@pytest.mark.parametrize(
    ("model", "width", "height"), [(PRO, 63, 500), (PRO, 500, 63), (FLUX_3, 255, 4000)]
)
def test_a_picture_below_the_models_least_side_is_refused_with_the_figures(model, width, height):
    with pytest.raises(PermanentError) as refused:
        refuse_too_small(source(width=width, height=height), model)

    assert refused.value.code is ErrorCode.IMAGE_TOO_SMALL
    assert str(model.min_side_pixels) in refused.value.sentence
    assert f"{width:,} x {height:,}" in refused.value.sentence


def test_a_picture_of_the_least_side_is_taken():
    refuse_too_small(source(width=64, height=64), PRO)


async def test_what_is_prepared_holds_the_very_bytes(flux):
    body = json.loads(await flux.prepare(source(), wish()))

    assert b64decode(body["input_image"]) == source().data
    assert body["safety_tolerance"] == 2


async def test_what_is_prepared_of_a_large_picture_is_a_copy(flux):
    large = plain(2600, 1900)

    body = json.loads(await flux.prepare(source(large, 2600, 1900), wish()))

    assert 0.99 * PRO.max_pixels <= inspect(b64decode(body["input_image"]), LIMITS).pixels
    assert inspect(b64decode(body["input_image"]), LIMITS).pixels <= PRO.max_pixels


@pytest.mark.parametrize(
    ("model", "options", "code"),
    [
        ("flux-0", {}, ErrorCode.OPTION_UNSUPPORTED),
        ("flux-2-pro", {"aspect_ratio": "7:1"}, ErrorCode.OPTION_UNSUPPORTED),
        ("flux-3-image", {}, ErrorCode.IMAGE_TOO_SMALL),
    ],
)
async def test_what_cannot_be_asked_is_refused_before_a_pixel_is_touched(
    flux, model, options, code
):
    with pytest.raises(PermanentError) as refused:
        await flux.prepare(source(b"not looked at"), wish(model, **options))

    assert refused.value.code is code
