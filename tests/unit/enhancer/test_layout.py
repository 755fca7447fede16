"""The layout of drawn pictures whose answers are known."""

import json

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.vips import Image
from services.enhancer.domain.lab import distance, labs
from services.enhancer.domain.layout import Layout, layout_of, place_of
from services.enhancer.domain.palette import DISTINCT
from services.enhancer.domain.subject import Box
from tests.unit.chassis import drawn
from tests.unit.enhancer import scenes

BOXES = [
    (0.1, 0.2, 0.45, 0.9),
    (0.3, 0.3, 0.7, 0.7),
    (0.6, 0.1, 0.75, 0.4),
    (0.05, 0.05, 0.95, 0.9),
]
BLUE, GREEN, YELLOW, GREY = (30, 60, 190), (40, 140, 60), (240, 210, 60), (128, 128, 128)


def seen(image: Image) -> Layout:
    return layout_of(scenes.png(image), ImageLimits())


def sides(box: Box | None) -> tuple[float, ...]:
    assert box is not None
    return box.left, box.top, box.right, box.bottom


@pytest.mark.parametrize("box", BOXES)
@pytest.mark.parametrize("draw", [scenes.with_block, scenes.with_disc])
@pytest.mark.parametrize("under", [scenes.surface, scenes.gradient])
def test_the_subject_is_found_where_it_was_drawn(box, draw, under):
    layout = seen(draw(under(), box))

    assert sides(layout.subject) == pytest.approx(box, abs=0.03)


@pytest.mark.parametrize("box", BOXES)
def test_the_subject_is_found_in_a_grainy_photograph_too(box):
    picture = scenes.grainy(scenes.with_disc(scenes.gradient(), box))

    layout = layout_of(scenes.jpeg(picture), ImageLimits())

    assert sides(layout.subject) == pytest.approx(box, abs=0.03)


@pytest.mark.parametrize("colour", [(60, 60, 60), (250, 240, 120), (150, 215, 190)])
def test_a_subject_of_any_colour_is_found(colour):
    layout = seen(scenes.with_block(scenes.surface(colour=(180, 180, 180)), BOXES[0], colour))

    assert sides(layout.subject) == pytest.approx(BOXES[0], abs=0.03)


def test_a_subject_that_stands_on_the_lower_edge_is_found_whole():
    box = (0.55, 0.3, 0.8, 1.0)

    assert sides(seen(scenes.with_block(scenes.gradient(), box)).subject) == pytest.approx(
        box, abs=0.03
    )


def test_a_subject_of_two_parts_is_one():
    layout = seen(
        scenes.with_block(
            scenes.with_disc(scenes.surface(), (0.4, 0.1, 0.6, 0.4)), (0.35, 0.4, 0.65, 0.95), BLUE
        )
    )

    assert sides(layout.subject) == pytest.approx((0.35, 0.1, 0.65, 0.95), abs=0.03)


def test_a_speck_beside_the_subject_is_not_part_of_it():
    specked = scenes.with_block(scenes.surface(), (0.9, 0.9, 0.91, 0.915), BLUE)

    assert sides(seen(scenes.with_block(specked, BOXES[1])).subject) == pytest.approx(
        BOXES[1], abs=0.03
    )


@pytest.mark.parametrize(
    "picture",
    [
        scenes.surface(),
        scenes.gradient(),
        scenes.noise(),
        scenes.stripes((BLUE, 0.6), (GREEN, 0.4)),
    ],
    ids=["flat", "gradient", "noise", "horizon"],
)
def test_where_nothing_stands_out_there_is_no_subject(picture):
    layout = seen(picture)

    assert layout.subject is None
    assert "Nothing stands out" in layout.hints()


def test_many_small_things_are_no_subject():
    picture = scenes.surface(colour=(10, 10, 15))
    for at in range(40):
        x, y = (at * 0.37) % 0.9 + 0.03, (at * 0.23) % 0.9 + 0.03
        picture = scenes.with_block(picture, (x, y, x + 0.02, y + 0.03), (230, 230, 210))

    assert seen(picture).subject is None


@pytest.mark.parametrize("box", BOXES)
def test_margins_are_what_is_empty_around_it(box):
    margins = seen(scenes.with_block(scenes.gradient(), box)).margins

    found = margins.left, margins.top, margins.right, margins.bottom
    assert found == pytest.approx((box[0], box[1], 1 - box[2], 1 - box[3]), abs=0.03)


def test_a_plain_picture_is_empty_from_every_side():
    layout = seen(scenes.surface())

    assert set(layout.facts()["margins"].values()) == {1.0}
    assert "The whole picture is plain." in layout.hints()


def test_a_grainy_picture_is_empty_nowhere():
    layout = seen(scenes.noise(120, 100))

    assert set(layout.facts()["margins"].values()) == {0.0}
    assert "There are no empty margins." in layout.hints()


def test_colours_and_their_shares_are_those_that_were_drawn():
    palette = seen(scenes.stripes((BLUE, 0.5), (YELLOW, 0.3), (GREEN, 0.2))).palette

    assert [each.share for each in palette] == pytest.approx([0.5, 0.3, 0.2], abs=0.02)
    wanted = labs(f"#{bytes(colour).hex()}" for colour in (BLUE, YELLOW, GREEN))
    found = labs(each.hex for each in palette)
    assert all(distance(a, b) < 4 for a, b in zip(wanted, found, strict=True))


@pytest.mark.parametrize("picture", [scenes.noise(), scenes.noise(90, 70), scenes.gradient()])
def test_colours_are_few_and_distinct_to_the_eye(picture):
    palette = seen(picture).palette

    assert 1 <= len(palette) <= 5
    assert sum(each.share for each in palette) <= 1.001
    pairs = [(a, b) for at, a in enumerate(palette) for b in palette[:at]]
    assert all(distance(a.lab, b.lab) >= DISTINCT for a, b in pairs)


def test_a_grey_picture_has_grey_colours_and_a_subject():
    light, dark = scenes.surface(colour=(220,)), scenes.surface(40, 40, (30,))
    picture = light.insert(dark, 280, 100).copy(interpretation="b-w")

    layout = seen(picture)

    assert [each.hex for each in layout.palette] == ["#dcdcdc"]
    assert sides(layout.subject) == pytest.approx((0.467, 0.25, 0.533, 0.35), abs=0.03)


def test_what_is_transparent_has_no_colour_and_is_background():
    clear = scenes.surface().bandjoin(0)
    opaque = scenes.surface(200, 100, BLUE).bandjoin(255)

    layout = seen(clear.insert(opaque, 60, 80))

    assert sides(layout.subject) == pytest.approx((0.1, 0.2, 0.433, 0.45), abs=0.03)
    assert [each.share for each in layout.palette] == [1.0]
    assert layout.margins.right == pytest.approx(0.567, abs=0.03)


def test_a_white_thing_on_nothing_stands_out():
    clear = scenes.surface(colour=(0, 0, 0)).bandjoin(0)
    white = scenes.surface(200, 100, (255, 255, 255)).bandjoin(255)

    assert seen(clear.insert(white, 60, 80)).subject is not None


def test_a_fully_transparent_picture_has_nothing_to_tell():
    layout = seen(scenes.surface().bandjoin(0))

    assert (layout.subject, layout.palette) == (None, ())
    assert "fully transparent" in layout.hints()


@pytest.mark.parametrize(
    ("size", "orientation", "aspect"),
    [
        ((600, 400), "landscape", "3:2"),
        ((1000, 872), "landscape", "8:7"),
        ((1023, 576), "landscape", "16:9"),
        ((768, 1024), "portrait", "3:4"),
        ((500, 503), "square", "1:1"),
        ((1, 1), "square", "1:1"),
        ((20, 1000), "portrait", "1:50"),
        ((3000, 1), "landscape", "3000:1"),
        ((997, 613), "landscape", "13:8"),
    ],
)
def test_the_shape_is_named_in_small_whole_numbers(size, orientation, aspect):
    layout = seen(scenes.surface(*size))

    assert (layout.orientation, layout.aspect) == (orientation, aspect)
    assert layout.hints().startswith(f"{orientation.capitalize()}, {aspect}.")


def test_a_picture_is_measured_as_it_is_displayed():
    layout = layout_of(drawn.with_exif(orientation=6), ImageLimits())

    assert (layout.orientation, layout.aspect) == ("portrait", "3:4")


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 3), (20, 1000), (1000, 20), (4, 4)])
@pytest.mark.parametrize("under", [scenes.surface, scenes.noise, scenes.gradient])
def test_tiny_and_narrow_pictures_are_measured(size, under):
    layout = seen(under(*size))

    assert layout.hints().endswith(".")


def test_a_subject_in_a_narrow_picture_is_found_along_it():
    found = sides(seen(scenes.with_block(scenes.surface(1500, 30), (0.2, 0.2, 0.3, 0.8))).subject)

    assert (found[0], found[2]) == pytest.approx((0.2, 0.3), abs=0.03)


def test_the_hints_say_it_in_words():
    layout = seen(scenes.with_block(scenes.surface(), (0.1, 0.2, 0.45, 0.9)))

    hints = layout.hints()

    assert hints.startswith("Landscape, 3:2. The subject stands left of the centre, from ")
    assert "Empty margins: left " in hints
    assert "#ebe8e1" in hints


def test_the_facts_are_plain_json():
    facts = seen(scenes.with_block(scenes.surface(), BOXES[1])).facts()

    assert json.loads(json.dumps(facts)) == facts


@pytest.mark.parametrize(
    ("box", "place"),
    [
        (Box(0.4, 0.4, 0.6, 0.6), "in the centre"),
        (Box(0.0, 0.4, 0.6, 0.6), "left of the centre"),
        (Box(0.4, 0.4, 1.0, 0.6), "right of the centre"),
        (Box(0.4, 0.0, 0.6, 0.6), "above the centre"),
        (Box(0.4, 0.5, 0.6, 1.0), "below the centre"),
        (Box(0.0, 0.0, 0.3, 0.3), "towards the upper left"),
        (Box(0.7, 0.7, 1.0, 1.0), "towards the lower right"),
    ],
)
def test_a_place_is_named_as_people_name_it(box, place):
    assert place_of(box) == place


def test_the_same_bytes_have_the_same_layout():
    picture = scenes.grainy(scenes.with_disc(scenes.gradient(), BOXES[0]))

    assert seen(picture) == seen(picture)


def test_half_a_picture_is_refused():
    data = scenes.png(scenes.noise())

    with pytest.raises(PermanentError) as refused:
        layout_of(data[: len(data) // 2], ImageLimits())

    assert refused.value.code is ErrorCode.INVALID_IMAGE


def test_a_picture_over_the_limits_is_refused_unseen():
    with pytest.raises(PermanentError) as refused:
        layout_of(scenes.png(scenes.surface()), ImageLimits(max_image_pixels=1000))

    assert refused.value.code is ErrorCode.IMAGE_TOO_LARGE
