"""A model gets the very bytes where it can take them, else a copy that shows the same."""

import json
from base64 import b64decode
from dataclasses import replace
from functools import cache
from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import shrink
from services.chassis.images.vips import Image
from services.renderer.adapters.flux_picture import as_it_is, fitted, refuse_too_small
from services.renderer.domain.flux_body import Reference
from services.renderer.domain.models import FluxModel, model_named
from tests.pictures import means, plain
from tests.unit.chassis import drawn
from tests.unit.renderer.flux_opened import source, wish

LIMITS = ImageLimits()
PRO, FLUX_3 = model_named("flux-2-pro"), model_named("flux-3-image")


def bounded(**bounds: int) -> FluxModel:
    return replace(PRO, **bounds)  # type: ignore[arg-type]


def kept(data: bytes, model: FluxModel = PRO) -> Reference | None:
    return as_it_is(data, model, LIMITS)


def copied(data: bytes, model: FluxModel = PRO) -> Reference:
    """A copy, because the very bytes would not do."""
    assert kept(data, model) is None
    return fitted(data, model, LIMITS)


@cache
def noise(width: int, height: int) -> bytes:
    """A picture with transparency that no encoder makes small."""
    planes = [Image.gaussnoise(width, height, sigma=90, mean=128, seed=n) for n in range(4)]
    whole = planes[0].bandjoin(planes[1:]).cast("uchar").copy(interpretation="srgb")
    return bytes(whole.pngsave_buffer(compression=1))


@pytest.mark.parametrize(
    "data",
    [drawn.jpeg(), drawn.png(), drawn.png(alpha=True), drawn.webp(), drawn.with_exif()],
    ids=["jpeg", "png", "alpha", "webp", "exif"],
)
def test_what_fits_goes_byte_for_byte(data):
    reference = kept(data)

    assert reference is not None
    assert reference.data is data
    assert (reference.width_pixels, reference.height_pixels) == (64, 48)


def test_a_grey_picture_goes_as_it_is():
    grey = drawn.halves().colourspace("b-w").jpegsave_buffer()

    assert kept(bytes(grey)) is not None


@pytest.mark.parametrize("make", [drawn.bmp, drawn.tiff])
def test_a_type_that_is_not_taken_is_sent_as_jpeg(make):
    assert inspect(copied(make()).data, LIMITS).type == "jpeg"


def test_a_picture_on_its_side_is_sent_upright():
    sideways = drawn.with_exif(orientation=6)

    reference = copied(sideways)

    assert (reference.width_pixels, reference.height_pixels) == (48, 64)
    assert inspect(reference.data, LIMITS).orientation == 1


def test_more_than_eight_bits_are_sent_as_eight():
    deep = bytes(
        (drawn.halves().cast("ushort") * 257)
        .copy(interpretation="rgb16")
        .pngsave_buffer(bitdepth=16)
    )

    assert drawn.opened(copied(deep).data).format == "uchar"


def test_inks_are_sent_as_light():
    inks = bytes(drawn.halves().colourspace("cmyk").jpegsave_buffer())

    assert drawn.opened(copied(inks).data).bands == 3


def test_a_film_is_sent_as_its_first_picture():
    film, out = [Pillow.new("RGB", (64, 48), colour) for colour in ("red", "blue")], BytesIO()
    film[0].save(out, "WEBP", save_all=True, append_images=film[1:])

    reference = copied(out.getvalue())

    assert inspect(reference.data, LIMITS).frames == 1
    assert means(reference.data)[0] > 200


def test_a_copy_keeps_nothing_personal():
    reference = copied(drawn.with_exif(orientation=6, personal=True))

    assert b"Camera of Ann" not in reference.data
    assert not any("exif" in field for field in drawn.opened(reference.data).get_fields())


def test_transparency_survives_a_copy():
    reference = copied(drawn.png(alpha=True), bounded(max_pixels=1000))

    assert reference.has_alpha
    assert drawn.opened(reference.data).bands == 4


def test_a_large_picture_is_shrunk_and_looks_the_same():
    large = plain(4000, 3000)

    reference = copied(large)

    assert 0.99 * PRO.max_pixels <= reference.pixels <= PRO.max_pixels
    assert means(reference.data) == pytest.approx(means(large), abs=1.5)


@settings(max_examples=40, deadline=None)
@given(
    width=st.integers(1, 900),
    height=st.integers(1, 900),
    most=st.integers(1, 90_000),
    orientation=st.sampled_from([1, 3, 6]),
)
def test_no_copy_is_larger_than_asked_or_than_the_original(width, height, most, orientation):
    notes, out = Pillow.Exif(), BytesIO()
    notes[drawn.EXIF_ORIENTATION] = orientation
    Pillow.new("RGB", (width, height)).save(out, "JPEG", exif=notes)

    copy = shrink(out.getvalue(), LIMITS, max_pixels=most)

    sides = sorted((copy.width_pixels, copy.height_pixels))
    assert copy.width_pixels * copy.height_pixels <= max(most, *sides)
    assert sides <= sorted((width, height))
    assert inspect(copy.data, LIMITS).width_pixels == copy.width_pixels


def test_a_picture_that_no_encoder_makes_small_is_shrunk_until_it_fits():
    heavy = noise(1000, 1000)

    reference = copied(heavy, bounded(max_bytes=1_200_000))

    assert len(reference.data) <= 1_200_000
    assert 200_000 < reference.pixels < 500_000


def test_a_small_picture_with_many_bytes_is_copied():
    heavy = noise(200, 200)

    assert len(copied(heavy, bounded(max_bytes=100_000)).data) <= 100_000


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


@pytest.mark.parametrize("data", [b"", b"no picture", drawn.jpeg()[:200]])
def test_what_is_no_picture_is_not_sent(data):
    with pytest.raises(PermanentError):
        kept(data)


async def test_what_is_prepared_holds_the_very_bytes(flux):
    body = json.loads(await flux.prepare(source(), wish()))

    assert b64decode(body["input_image"]) == source().data
    assert body["safety_tolerance"] == 2


async def test_what_is_prepared_of_a_large_picture_is_a_copy(flux):
    large = plain(4000, 3000)

    body = json.loads(await flux.prepare(source(large, 4000, 3000), wish()))

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
