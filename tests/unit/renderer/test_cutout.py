"""Backgrounds removed from pictures whose subjects are known to the pixel."""

import numpy as np
import pytest
import pyvips

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect, verify
from services.chassis.images.encode import Encoded
from services.chassis.images.limits import ImageLimits
from services.renderer.domain.cutout import ALPHA_PIXELS, cut_out
from services.renderer.domain.cutting import EVERYTHING_SENTENCE, NOTHING_SENTENCE
from services.renderer.domain.subject import alpha_of
from tests.subjects import (
    BACKGROUNDS,
    Drawn,
    Pixels,
    bust,
    corner,
    encoded,
    ground,
    mug,
    overlap,
    table,
)
from tests.unit.chassis import drawn

LIMITS = ImageLimits()
LEAST_OVERLAP = {"plain": 0.98, "gradient": 0.98, "noise": 0.95}
HANDLE = (0.5, 0.7)
"""What is seen through the handle of the mug, as shares of height and width."""
SHADOW = (0.78, 0.55)
NEAR_THE_WALL = [(232, 202, 208), (157, 174, 186), (112, 91, 61), (168, 118, 130)]
"""Colours that differ from the wall's by little more than a shadow does."""


def cut(data: bytes) -> Encoded:
    return cut_out(data, LIMITS, alpha_of)


def channels(data: bytes) -> Pixels:
    return np.asarray(drawn.opened(data).numpy(), np.uint8)


def alpha(data: bytes) -> Pixels:
    return channels(cut(data).data)[..., -1]


def at(found: Pixels, place: tuple[float, float]) -> int:
    return int(found[int(place[0] * found.shape[0]), int(place[1] * found.shape[1])])


def refusal(data: bytes, find=alpha_of) -> PermanentError:
    with pytest.raises(PermanentError) as refused:
        cut_out(data, LIMITS, find)
    return refused.value


@pytest.mark.parametrize("background", BACKGROUNDS)
@pytest.mark.parametrize("draw", [mug, bust, corner])
@pytest.mark.parametrize("suffix", [".png", ".jpg"])
def test_a_subject_is_found_before_every_background(background, draw, suffix):
    scene = draw(background, 700)

    found = alpha(encoded(scene.pixels, suffix=suffix))

    assert overlap(found, scene.subject) >= LEAST_OVERLAP[background]


@pytest.mark.parametrize("background", ["plain", "gradient"])
@pytest.mark.parametrize("colour", NEAR_THE_WALL)
def test_a_subject_of_a_colour_near_the_walls_is_told_from_its_shadow(background, colour):
    scene = mug(background, 400, colour=colour)

    assert overlap(alpha(encoded(scene.pixels)), scene.subject) >= LEAST_OVERLAP[background]


@pytest.mark.parametrize("colour", NEAR_THE_WALL)
def test_a_subject_with_a_colour_is_told_from_a_hard_shadow_too(colour):
    scene = mug("plain", 400, colour=colour, edge=0.006)

    assert overlap(alpha(encoded(scene.pixels)), scene.subject) >= LEAST_OVERLAP["plain"]


@pytest.mark.parametrize("grey", [60, 95])
@pytest.mark.parametrize("background", ["plain", "gradient"])
def test_a_dark_grey_subject_is_told_from_its_soft_shadow(background, grey):
    scene = mug(background, 400, colour=(grey, grey, grey))

    assert overlap(alpha(encoded(scene.pixels)), scene.subject) >= LEAST_OVERLAP[background]


@pytest.mark.parametrize("grey", [125, 140])
def test_a_grey_subject_that_meets_a_shadow_as_dark_as_itself_is_not_lost_with_it(grey):
    scene = mug("plain", 400, colour=(grey, grey, grey))

    assert overlap(alpha(encoded(scene.pixels)), scene.subject) >= 0.75


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_what_is_seen_through_a_handle_is_background_and_so_is_the_shadow(background):
    found = alpha(encoded(mug(background).pixels))

    assert at(found, HANDLE) == 0
    assert at(found, SHADOW) == 0


def test_a_subject_before_a_crowded_background_is_found():
    scene = table()

    assert overlap(alpha(encoded(scene.pixels)), scene.subject) >= 0.95


def test_an_edge_is_soft_while_the_inside_is_solid_and_the_outside_clear():
    found = alpha(encoded(mug("plain").pixels))

    assert at(found, (0.5, 0.45)) == 255
    assert at(found, (0.1, 0.1)) == 0
    soft = np.mean((found > 0) & (found < 255))
    assert 0.0005 < soft < 0.02


def test_the_result_is_a_png_of_the_size_of_the_source():
    result = cut(encoded(mug("plain", 431).pixels[:307], suffix=".jpg"))

    picture = inspect(result.data, LIMITS)
    verify(result.data, picture)
    assert picture.content_type == result.content_type == "image/png"
    assert (picture.width_pixels, picture.height_pixels) == (431, 307)
    assert (result.width_pixels, result.height_pixels) == (431, 307)
    assert picture.has_alpha


def test_a_picture_larger_than_the_copy_keeps_its_size_and_its_pixels():
    scene = mug("gradient", 2101)
    assert scene.subject.size > ALPHA_PIXELS

    whole = channels(cut(encoded(scene.pixels)).data)

    assert whole.shape == (2101, 2101, 4)
    assert overlap(whole[..., 3], scene.subject) >= 0.98
    inside = whole[..., 3] == 255
    assert (whole[..., :3][inside] == scene.pixels[inside]).all()


def test_a_picture_is_cut_out_as_it_is_displayed():
    scene = bust("plain", 400)
    upright = encoded(scene.pixels[:300])
    sideways = drawn.opened(upright).rot("d270").copy()
    sideways.set_type(pyvips.GValue.gint_type, "orientation", 6)

    found = channels(cut(bytes(sideways.jpegsave_buffer(Q=95))).data)

    assert found.shape == (300, 400, 4)
    assert overlap(found[..., 3], scene.subject[:300]) >= 0.97


def test_nothing_of_the_background_is_hidden_in_the_result():
    result = channels(cut(encoded(mug("noise").pixels)).data)

    assert not result[result[..., 3] == 0].any()


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_a_background_alone_has_no_subject(background):
    empty = np.clip(ground(background, 500), 0, 255).astype(np.uint8)

    refused = refusal(encoded(empty, suffix=".jpg"))

    assert refused.code is ErrorCode.NO_OBJECT_FOUND
    assert refused.sentence == NOTHING_SENTENCE


@pytest.mark.parametrize("level", [0, 100, 160])
def test_an_alpha_channel_that_decides_nothing_is_no_result(level):
    refused = refusal(drawn.png(), lambda picture, _: np.full(picture.shape[:2], level, np.uint8))

    assert (refused.code, refused.sentence) == (ErrorCode.NO_OBJECT_FOUND, NOTHING_SENTENCE)


def test_a_picture_that_is_all_subject_is_not_passed_off_as_its_cutout():
    refused = refusal(drawn.jpeg(), lambda picture, _: np.full(picture.shape[:2], 255, np.uint8))

    assert (refused.code, refused.sentence) == (ErrorCode.NO_OBJECT_FOUND, EVERYTHING_SENTENCE)


@pytest.mark.parametrize("background", BACKGROUNDS)
def test_what_was_transparent_stays_so_and_nothing_else_is_lost(background):
    scene = mug(background, 600)
    own = np.full(scene.subject.shape, 255, np.uint8)
    own[250:350, 260:300] = 0
    own[:60, :90] = 120

    found = alpha(encoded(scene.pixels, own))

    assert (found <= own).all()
    assert overlap(found, np.minimum(scene.subject, own)) >= LEAST_OVERLAP[background]


def test_a_picture_whose_background_is_gone_already_stays_as_it_is():
    scene = mug("noise", 500)

    result = channels(cut(encoded(scene.pixels, scene.subject)).data)

    assert (result[..., 3] == scene.subject).all()
    shown = scene.subject > 0
    assert (result[shown][:, :3] == scene.pixels[shown]).all()


def test_a_picture_that_is_transparent_all_over_has_no_subject():
    scene = mug("plain", 200)

    refused = refusal(encoded(scene.pixels, np.zeros_like(scene.subject)))

    assert refused.code is ErrorCode.NO_OBJECT_FOUND


def test_a_grey_picture_is_cut_out_too():
    scene = bust("plain", 500)
    grey = drawn.opened(encoded(scene.pixels)).colourspace("b-w")

    result = channels(cut(bytes(grey.pngsave_buffer())).data)

    assert result.shape == (500, 500, 2)
    assert overlap(result[..., 1], scene.subject) >= 0.95


@pytest.mark.parametrize("source", drawn.EVERY_TYPE)
def test_every_type_that_is_accepted_can_be_cut_out(source):
    whole = drawn.EVERY_TYPE[source](90, 70)

    result = cut_out(
        whole, LIMITS, lambda picture, _: np.pad(picture[20:50, :, 0] | 255, [(20, 20), (0, 0)])
    )

    assert (result.width_pixels, result.height_pixels) == (90, 70)


@pytest.mark.parametrize("size", [(1, 1), (1, 400), (5, 3), (700, 2)])
def test_a_picture_too_small_for_a_subject_is_refused_and_not_stumbled_over(size):
    width, height = size
    strip = np.tile(np.arange(width, dtype=np.uint8)[None, :, None], (height, 1, 3))

    opaque = np.full((height, width), 255, np.uint8)

    assert refusal(encoded(strip)).code is ErrorCode.NO_OBJECT_FOUND
    assert refusal(encoded(strip, opaque)).code is ErrorCode.NO_OBJECT_FOUND


def test_half_a_picture_is_refused():
    whole = encoded(mug("plain", 300).pixels, suffix=".jpg")

    assert refusal(whole[: len(whole) // 2]).code is ErrorCode.INVALID_IMAGE


@pytest.mark.parametrize("scene", [bust("gradient", 300), table(300)], ids=["calm", "crowded"])
def test_the_same_picture_is_cut_out_in_the_same_way_every_time(scene: Drawn):
    data = encoded(scene.pixels)

    assert cut(data).data == cut(data).data
