"""The description without a model: it says what was measured, and claims nothing else."""

import pytest
from pyvips import GValue

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.vips import Image
from services.enhancer.domain.colour_names import SAMPLES, name_of
from services.enhancer.domain.describing import GENERATED_BY, HONESTY, describe_locally
from services.enhancer.domain.lab import distance, labs
from tests.unit.chassis import drawn
from tests.unit.enhancer import scenes


def said(picture: Image | bytes) -> str:
    data = picture if isinstance(picture, bytes) else scenes.png(picture)
    return describe_locally(data, ImageLimits())


def test_it_says_the_format_the_shape_and_the_size_in_pixels():
    assert said(scenes.png(scenes.noise(1500, 1000))).startswith(
        "A landscape 3:2 PNG of 1,500 x 1,000 pixels. "
    )
    assert said(drawn.jpeg(90, 160)).startswith("A portrait 9:16 JPEG of 90 x 160 pixels. ")
    assert said(drawn.webp(70, 70)).startswith("A square WebP of 70 x 70 pixels. ")


def test_the_size_is_that_of_the_picture_as_displayed():
    assert "48 x 64 pixels" in said(drawn.with_exif(orientation=6))


def test_it_never_claims_to_know_what_is_shown():
    assert said(scenes.surface()).endswith(HONESTY)
    assert GENERATED_BY == "local-fallback"


@pytest.mark.parametrize(
    ("colour", "name"),
    [
        ((255, 0, 0), "red"),
        ((20, 30, 110), "dark blue"),
        ((250, 250, 250), "white"),
        ((10, 10, 10), "black"),
        ((60, 160, 70), "green"),
        ((255, 165, 0), "orange"),
        ((120, 75, 40), "brown"),
        ((235, 150, 175), "pink"),
        ((128, 128, 128), "grey"),
    ],
)
def test_a_plain_picture_is_named_by_its_colour(colour, name):
    assert f"It is almost entirely {name}." in said(scenes.surface(colour=colour))


def test_colours_are_listed_by_how_much_there_is_of_them():
    three = scenes.stripes(((30, 90, 200), 0.45), ((250, 220, 60), 0.35), ((45, 155, 70), 0.2))
    mostly = scenes.stripes(((30, 90, 200), 0.7), ((250, 220, 60), 0.3))

    assert "Its main colours are blue, yellow and green." in said(three)
    assert "It is mostly blue, with yellow." in said(mostly)


def test_two_shades_of_one_name_count_as_one():
    shades = scenes.stripes(((255, 0, 0), 0.3), ((208, 32, 32), 0.3), ((250, 220, 60), 0.4))

    assert "It is mostly red, with yellow." in said(shades)


@pytest.mark.parametrize(("name", "samples"), SAMPLES.items())
def test_every_sample_has_its_own_name(name, samples):
    assert {name_of(lab) for lab in labs(samples)} == {name}


def test_no_two_names_stand_for_one_colour():
    named = [(name, lab) for name, samples in SAMPLES.items() for lab in labs(samples)]

    for at, (name, lab) in enumerate(named):
        assert all(name == other or distance(lab, seen) > 6 for other, seen in named[:at])


@pytest.mark.parametrize(
    ("grey", "words"),
    [(15, "very dark"), (60, "rather dark"), (128, "of medium brightness"), (250, "very bright")],
)
def test_brightness_is_said_as_it_looks(grey, words):
    assert f"It is {words}, with no contrast." in said(scenes.surface(colour=(grey,) * 3))


def test_contrast_is_the_spread_of_the_light():
    strong = scenes.stripes(((5, 5, 5), 0.5), ((250, 250, 250), 0.5))
    weak = scenes.stripes(((110, 110, 110), 0.5), ((140, 140, 140), 0.5))

    assert "with strong contrast" in said(strong)
    assert "with little contrast" in said(weak)


@pytest.mark.parametrize("channels", [1, 3])
def test_a_picture_without_colour_is_called_so(channels):
    picture = scenes.stripes(((40,) * channels, 0.5), ((190,) * channels, 0.5))
    grey = picture.copy(interpretation="b-w") if channels == 1 else picture

    assert "It has no colours, only black, white or greys." in said(scenes.jpeg(grey))


def test_strong_warm_and_pale_cool_colours_are_told_apart():
    assert "Its colours are vivid and mostly warm." in said(scenes.surface(colour=(240, 120, 20)))
    assert "Its colours are muted and mostly cool." in said(scenes.surface(colour=(150, 160, 172)))


@pytest.mark.parametrize("colour", [scenes.RED, (195, 190, 180)])
@pytest.mark.parametrize(
    ("sigma", "word"), [(0, "sharp"), (1, "slightly soft"), (3, "blurred"), (8, "blurred")]
)
def test_sharpness_is_told_whatever_the_contrast(colour, sigma, word):
    picture = scenes.with_block(scenes.surface(500, 380), (0.2, 0.2, 0.6, 0.8), colour)
    seen = picture.gaussblur(sigma) if sigma else picture

    assert f"it is {word}." in said(seen)


def test_a_sharp_thing_before_a_blurred_background_is_sharp():
    soft = scenes.with_disc(scenes.surface(), (0.0, 0.0, 0.9, 0.9), (190, 200, 190)).gaussblur(12)

    assert "it is sharp." in said(scenes.with_block(soft, (0.3, 0.3, 0.5, 0.7)))


def test_grain_is_not_taken_for_sharpness():
    assert "it is grainy." in said(scenes.noise())


def test_a_plain_picture_is_too_plain_to_be_sharp():
    assert "too plain to tell whether it is sharp" in said(scenes.surface())


def test_transparency_is_told_with_its_share():
    clear, opaque = scenes.surface().bandjoin(0), scenes.surface().bandjoin(255)

    assert "About 50 % of it is transparent." in said(clear.insert(opaque, 300, 0))
    assert "transparent" not in said(opaque)
    assert "transparent" not in said(scenes.surface())


def test_of_what_is_fully_transparent_nothing_else_is_claimed():
    words = said(scenes.surface().bandjoin(0))

    assert "It is fully transparent." in words
    assert "colour" not in words
    assert "sharp" not in words


def test_it_says_where_the_subject_stands_and_how_large_it_is():
    words = said(scenes.with_disc(scenes.gradient(), (0.6, 0.5, 0.9, 1.0)))

    assert "Something stands out towards the lower right, about 3" in words
    assert "What stands out fills most of it." in said(
        scenes.with_block(scenes.surface(), (0.03, 0.03, 0.97, 0.97))
    )


def test_a_picture_of_many_frames_is_described_by_its_first():
    frames = scenes.surface(60, 40).join(scenes.surface(60, 40, scenes.RED), "vertical").copy()
    frames.set_type(GValue.gint_type, "page-height", 40)

    words = said(bytes(frames.webpsave_buffer(lossless=True)))

    assert "It has 2 frames; this is about the first." in words
    assert "almost entirely white" in words


@pytest.mark.parametrize("size", [(1, 1), (1, 3), (20, 1000), (4, 4)])
def test_tiny_and_narrow_pictures_are_described(size):
    assert said(scenes.noise(*size)).endswith(HONESTY)


def test_the_same_bytes_have_the_same_description():
    picture = scenes.grainy(scenes.with_disc(scenes.gradient(), (0.2, 0.3, 0.5, 0.8)))

    assert said(picture) == said(picture)


def test_what_is_no_picture_is_refused():
    with pytest.raises(PermanentError) as refused:
        said(b"\xff\xd8\xff no picture")

    assert refused.value.code is ErrorCode.INVALID_IMAGE
