"""Wishes carried out on pictures whose answers are known."""

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect, verify
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import finish
from services.chassis.images.vips import Image
from services.renderer.domain.amounts import TWO_WAY
from services.renderer.domain.render import Rendered, render
from services.renderer.domain.understanding import understand
from services.renderer.domain.wishes import (
    Adjust,
    CropIn,
    CropTo,
    Flip,
    Look,
    Region,
    Rotate,
    Tint,
    Wish,
)
from tests.unit.chassis import drawn

LIMITS = ImageLimits()
SIZE = (320, 240)
EVERY_LOOK = [Adjust(look, 0.6) for look in Look] + [Adjust(look, -0.6) for look in TWO_WAY]
BLUE = Tint("blue", 45, 95, 230, 0.55)


def scene() -> bytes:
    """A pale blue sky with clouds over dark, warm, rough ground."""
    wide, high = SIZE
    x, y = Image.xyz(wide, high)[0], Image.xyz(wide, high)[1]
    clouds = ((x / 20).cos() + (y / 9).sin()) * 18
    sky = Image.black(wide, high, bands=3).linear([1], [140, 170, 215]) + clouds
    rough = Image.gaussnoise(wide, high, sigma=25, mean=0, seed=7)
    ground = Image.black(wide, high, bands=3).linear([1], [95, 75, 50]) + rough
    whole = (y < high / 2).ifthenelse(sky, ground)
    return bytes(whole.cast("uchar").copy(interpretation="srgb").pngsave_buffer())


def done(data: bytes, *wishes: Wish) -> Rendered:
    return render(data, wishes, limits=LIMITS)


def asked(prompt: str, data: bytes | None = None) -> Rendered:
    return done(data or scene(), *understand(prompt).wishes)


def light(data: bytes) -> Image:
    return drawn.opened(data).colourspace("b-w").cast("float")


def likeness(one: bytes, other: bytes) -> float:
    """How far the light of two pictures rises and falls together: 1 is the same structure."""
    a, b = light(one), light(other)
    a, b = a - a.avg(), b - b.avg()
    return float((a * b).avg() / ((a * a).avg() * (b * b).avg()) ** 0.5)


@pytest.mark.parametrize("wish", [*EVERY_LOOK, BLUE])
@pytest.mark.parametrize("where", Region)
@pytest.mark.parametrize("grey", [False, True])
@pytest.mark.parametrize("alpha", [False, True])
def test_every_look_changes_the_picture_and_leaves_its_size(wish, where, grey, alpha):
    image = drawn.halves(90, 70)
    image = image.colourspace("b-w") if grey else image
    source = (drawn.with_alpha(image) if alpha and not grey else image).pngsave_buffer()
    placed = (
        Adjust(wish.look, wish.amount, where)
        if isinstance(wish, Adjust)
        else Tint(wish.name, wish.red, wish.green, wish.blue, wish.strength, where)
    )

    result = done(source, placed)

    picture = inspect(result.data, LIMITS)
    verify(result.data, picture)
    assert (picture.width_pixels, picture.height_pixels) == (90, 70)
    assert picture.has_alpha == (alpha and not grey)


@pytest.mark.parametrize("wish", EVERY_LOOK)
def test_every_look_is_seen(wish):
    plain, changed = done(scene()), done(scene(), wish)

    difference = (drawn.opened(plain.data) - drawn.opened(changed.data)).abs().avg()
    assert difference > 1


def test_blue_raises_blue_and_keeps_the_structure():
    red, green, blue = drawn.means(scene())

    changed = asked("make it blue").data

    new_red, new_green, new_blue = drawn.means(changed)
    assert new_blue / (new_red + new_green) > 1.4 * blue / (red + green)
    assert new_blue > new_red + 40
    assert likeness(scene(), changed) > 0.95


def test_black_and_white_has_no_colour_left_even_in_its_final_form():
    final = finish(asked("black and white").data, LIMITS).data

    image = drawn.opened(final).colourspace("srgb")
    assert (image[0] - image[2]).abs().max() == 0
    assert (image[0] - image[1]).abs().max() == 0


def test_brighter_and_darker_move_the_light():
    plain = light(scene()).avg()

    assert light(asked("brighter").data).avg() > plain + 8
    assert light(asked("darker").data).avg() < plain - 8
    assert light(asked("much darker").data).avg() < light(asked("slightly darker").data).avg() - 8


def test_contrast_spreads_the_tones_and_less_of_it_gathers_them():
    plain = light(scene()).deviate()

    assert light(asked("more contrast").data).deviate() > plain * 1.1
    assert light(asked("less contrast").data).deviate() < plain * 0.9


def test_colours_get_stronger_and_weaker():
    def chroma(data: bytes) -> float:
        return float(drawn.opened(data).colourspace("lch")[1].avg())

    assert chroma(asked("more saturation").data) > chroma(scene()) * 1.2
    assert chroma(asked("less saturated").data) < chroma(scene()) * 0.8


def test_warmer_leans_to_red_and_cooler_to_blue():
    def lean(data: bytes) -> float:
        red, _, blue = drawn.means(data)
        return red - blue

    assert lean(asked("warmer").data) > lean(scene()) + 10
    assert lean(asked("cooler").data) < lean(scene()) - 10


def test_balance_takes_a_cast_away():
    tinted = done(scene(), BLUE).data

    red, green, blue = drawn.means(done(tinted, Adjust(Look.BALANCE, 1.0)).data)

    assert max(red, green, blue) - min(red, green, blue) < 25


def test_blur_smooths_and_sharpen_roughens():
    def roughness(data: bytes) -> float:
        image = light(data)
        return float((image - image.gaussblur(1)).abs().avg())

    assert roughness(asked("blur it").data) < roughness(scene()) * 0.5
    assert roughness(asked("sharpen it").data) > roughness(scene()) * 1.3


def test_a_vignette_darkens_the_corners_alone():
    before, after = light(scene()), light(asked("add a strong vignette").data)

    assert after(2, 2)[0] < before(2, 2)[0] * 0.7
    assert after(160, 60)[0] == pytest.approx(before(160, 60)[0], abs=12)


def test_pixelated_squares_are_of_one_colour():
    image = drawn.opened(asked("pixelate").data)

    # 0.5 of 4 % of 240 pixels.
    block = image.crop(0, 0, 5, 5)
    assert block.max() - min(block[band].min() for band in range(3)) < 255
    assert max(block[band].deviate() for band in range(3)) < 3


def test_posterised_channels_have_few_tones():
    image = drawn.opened(asked("posterise", drawn.png(200, 150, alpha=True)).data)

    assert sum(1 for count in image[0].hist_find().tolist()[0] if count) <= 7


def test_a_dramatic_sky_changes_the_sky_more_than_the_ground():
    before, after = light(scene()), light(asked("make the sky more dramatic").data)
    change = (before - after).abs()

    sky, ground = change.crop(0, 0, 320, 90), change.crop(0, 170, 320, 70)
    assert sky.avg() > 4 * ground.avg()
    assert after.crop(40, 10, 240, 80).deviate() > before.crop(40, 10, 240, 80).deviate()


def test_a_pink_sky_leaves_the_ground_as_it_was():
    before, after = drawn.opened(scene()), drawn.opened(asked("make the sky pink").data)

    red, green, _ = (after.crop(0, 0, 320, 80)[band].avg() for band in range(3))
    assert red > green + 30
    changed = (before - after).crop(0, 190, 320, 50).abs().avg()
    assert changed < 6


def test_a_spared_sky_stays_as_it_was_while_the_ground_turns():
    before, after = drawn.opened(scene()), drawn.opened(asked("blue except the sky").data)

    change = (before - after).abs()
    assert change.crop(0, 0, 320, 60).avg() < change.crop(0, 190, 320, 50).avg() / 3


@pytest.mark.parametrize(
    ("wish", "size", "red_at"),
    [
        (Rotate(90), (48, 64), (24, 5)),
        (Rotate(180), (64, 48), (60, 24)),
        (Rotate(270), (48, 64), (24, 60)),
        (Flip("horizontal"), (64, 48), (60, 24)),
        (Flip("vertical"), (64, 48), (4, 24)),
        (CropTo(1, 1), (48, 48), (4, 24)),
        (CropTo(2, 1), (64, 32), (4, 16)),
        (CropIn(0.5), (32, 24), (4, 12)),
    ],
)
def test_turning_mirroring_and_cutting_go_the_right_way(wish, size, red_at):
    result = done(drawn.png(), wish)

    image = drawn.opened(result.data)
    assert (image.width, image.height) == size == (result.width_pixels, result.height_pixels)
    red, _, blue = image(*red_at)
    assert red > blue + 80


def test_a_flip_upside_down_puts_the_light_below():
    before, after = light(drawn.png()), light(done(drawn.png(), Flip("vertical")).data)

    assert before(5, 2)[0] > before(5, 45)[0] + 10
    assert after(5, 45)[0] > after(5, 2)[0] + 10


def test_the_result_stands_as_the_source_was_displayed():
    result = done(drawn.with_exif(orientation=6, personal=True), BLUE)

    assert (result.width_pixels, result.height_pixels) == (48, 64)
    assert b"Ann" not in result.data
    assert inspect(result.data, LIMITS).orientation == 1


def test_order_matters_and_is_kept():
    cut_first = done(drawn.png(), CropTo(2, 1), Rotate(90))
    turned_first = done(drawn.png(), Rotate(90), CropTo(2, 1))

    assert (cut_first.width_pixels, cut_first.height_pixels) == (32, 64)
    assert (turned_first.width_pixels, turned_first.height_pixels) == (48, 24)


def test_transparency_stays_as_it_was():
    result = done(drawn.png(alpha=True), BLUE, Adjust(Look.DRAMA, 0.6))

    image = drawn.opened(result.data)
    assert result.content_type == "image/png"
    assert image(5, 5)[3] == 255
    assert image(60, 5)[3] == 0


@pytest.mark.parametrize("wish", [*EVERY_LOOK, BLUE, Rotate(90), CropIn(0.1), CropTo(99, 1)])
@pytest.mark.parametrize(("width", "height"), [(2, 1), (1 + 1, 400), (7, 3)])
def test_tiny_and_narrow_pictures_survive(wish, width, height):
    result = done(drawn.png(width, height), wish)

    assert result.width_pixels >= 1
    assert result.height_pixels >= 1


def test_a_damaged_picture_is_refused():
    data = drawn.jpeg(*SIZE)

    with pytest.raises(PermanentError) as refused:
        done(data[: len(data) // 2], BLUE)

    assert refused.value.code is ErrorCode.INVALID_IMAGE
