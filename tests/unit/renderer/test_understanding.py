"""What a person's own words ask for: no less, and above all no more."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.renderer.domain.understanding import ABILITIES, MAX_WISHES, understand
from services.renderer.domain.vocabulary import COLOURS, EFFECTS, FILLERS, NEGATORS, STOPS
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

SKY = " I took the bright upper part of the picture for the sky."


PLACES = {Region.WHOLE: "", Region.SKY: "sky:", Region.GROUND: "ground:"}


def brief(wish: Wish) -> str:
    """A wish in one word: +brightness, -warmth, blue, sky:+drama, 90, ..."""
    match wish:
        case Adjust(look, amount, where):
            return f"{PLACES[where]}{'+' if amount > 0 else '-'}{look}"
        case Tint():
            return f"{PLACES[wish.where]}{wish.name}"
        case Rotate(degrees):
            return str(degrees)
        case Flip(direction):
            return direction
        case CropTo(width, height):
            return f"{width}:{height}"
        case CropIn():
            return "crop"


def read(prompt: str) -> list[str]:
    return [brief(wish) for wish in understand(prompt).wishes]


def amount(prompt: str) -> float:
    (wish,) = understand(prompt).wishes
    assert isinstance(wish, Adjust)
    return wish.amount


@pytest.mark.parametrize(
    ("prompt", "wishes"),
    [
        ("make it blue", "blue"),
        ("Tint the photo with a warm orange", "orange"),
        ("give it a light blue tone", "light blue"),
        ("Turn everything purple!", "purple"),
        ("make it bluish", "blue"),
        ("blue", "blue"),
        ("more green", "green"),
        ("make it dark red", "dark red"),
        ("bathe the scene in orange light", "orange"),
        ("make it grey", "+greyscale"),
        ("black and white", "+greyscale"),
        ("Make it BLACK & WHITE", "+greyscale"),
        ("b&w please", "+greyscale"),
        ("convert to grayscale", "+greyscale"),
        ("remove all color", "+greyscale"),
        ("desaturate it completely", "+greyscale"),
        ("give it a vintage look", "+sepia"),
        ("sepia", "+sepia"),
        ("brighten it", "+brightness"),
        ("turn up the brightness", "+brightness"),
        ("make the photo darker", "-brightness"),
        ("reduce the exposure", "-brightness"),
        ("more contrast", "+contrast"),
        ("too much contrast", "-contrast"),
        ("make the colors pop", "+saturation"),
        ("tone down the saturation", "-saturation"),
        ("boost the colours", "+saturation"),
        ("warm it up", "+warmth"),
        ("cooler tones", "-warmth"),
        ("make it golden", "+warmth"),
        ("dramatic lighting", "+drama"),
        ("make it moody and cinematic", "+drama"),
        ("blur it", "+blur"),
        ("add a soft focus effect", "+blur"),
        ("make it crisper", "+sharpen"),
        ("the picture is too blurry", "+sharpen"),
        ("remove the blur", "+sharpen"),
        ("darken the edges", "+vignette"),
        ("add a vignette", "+vignette"),
        ("pixelate", "+pixelate"),
        ("posterize it", "+posterise"),
        ("fix the white balance", "+balance"),
        ("remove the blue tint", "+balance"),
        ("rotate left", "270"),
        ("rotate it 90 degrees to the right", "90"),
        ("turn it 90° counter-clockwise", "270"),
        ("rotate -90 degrees", "270"),
        ("turn it upside down", "180"),
        ("rotate 180", "180"),
        ("a quarter turn clockwise would be nice, so rotate a quarter turn", "90"),
        ("flip it", "horizontal"),
        ("mirror it vertically", "vertical"),
        ("flip it upside down", "vertical"),
        ("mirror it top to bottom", "vertical"),
        ("flip it top to bottom", "vertical"),
        ("mirror it from bottom to top", "vertical"),
        ("mirror it from left to right", "horizontal"),
        ("flipping it", "horizontal"),
        ("rotating it 90 degrees to the right", "90"),
        ("muting the colours", "-saturation"),
        ("warming it up", "+warmth"),
        ("turning it blue", "blue"),
        ("crop to 16/9", "16:9"),
        ("crop to a square", "1:1"),
        ("make it square", "1:1"),
        ("crop to 16:9", "16:9"),
        ("crop it to 4 by 5", "4:5"),
        ("crop a bit tighter", "crop"),
        ("zoom in", "crop"),
    ],
)
def test_each_thing_that_can_be_done_is_understood(prompt, wishes):
    understood = understand(prompt)

    assert [brief(wish) for wish in understood.wishes] == [wishes]
    assert not understood.is_partial


@pytest.mark.parametrize(
    ("prompt", "wishes"),
    [
        ("brighten it slightly and rotate it right", ["+brightness", "90"]),
        ("rotate it right, then brighten it slightly", ["90", "+brightness"]),
        ("Make it blue. Crop to a square; add a vignette!", ["blue", "1:1", "+vignette"]),
        ("a slightly warmer, much darker look", ["+warmth", "-brightness"]),
        ("make it brighter while rotating it 90 degrees right", ["+brightness", "90"]),
        ("try brightening it and flipping it", ["+brightness", "horizontal"]),
        ("black and white with high contrast", ["+greyscale", "+contrast"]),
        ("make it blue then red", ["blue", "red"]),
        ("sepia then blue", ["+sepia", "blue"]),
        ("blue and sepia", ["blue", "+sepia"]),
        ("grayscale then sepia then red", ["+greyscale", "+sepia", "red"]),
        ("make it blue and brighter", ["blue", "+brightness"]),
        ("increase contrast by 20% and decrease saturation", ["+contrast", "-saturation"]),
    ],
)
def test_several_wishes_keep_their_order(prompt, wishes):
    assert read(prompt) == wishes


@pytest.mark.parametrize(
    ("prompt", "wishes"),
    [
        ("brighter, but not too dark", ["+brightness"]),
        ("make it 20% brighter without blur", ["+brightness"]),
        ("don't rotate it, just make it warmer", ["+warmth"]),
        ("Don’t crop. Make it blue.", ["blue"]),
        ("make it blue, not red", ["blue"]),
        ("no blur, vignette or grain; sharpen it", ["+sharpen"]),
        ("without blur and vignette, rotate left", ["270"]),
        ("keep the colours but sharpen it", ["+sharpen"]),
        ("instead of blue make it green", ["green"]),
        ("without any blur make it brighter", ["+brightness"]),
        ("never rotate it", []),
        ("no vignette", []),
    ],
)
def test_what_is_negated_is_not_done(prompt, wishes):
    try:
        found = read(prompt)
    except PermanentError:
        found = []
    assert found == wishes


@pytest.mark.parametrize(
    "prompt",
    [
        "turn this into a blueprint",
        "redo this",
        "remove the background person",
        "add a hat",
        "add a blue hat",
        "make the car blue",
        "turn the red car blue",
        "change red to blue",
        "blur the background",
        "pixelate the face",
        "sharpen her eyes",
        "make the grass greener",
        "put a dark castle on the hill",
        "replace the sky with a dramatic sunset",
        "crop out the man",
        "flip the dog",
        "I love blue",
        "my dress is red",
        "blue is my favourite",
        "make half of the picture blue",
        "make it darker at the bottom",
        "make it brighter on the left",
        "flip it twice",
        "rotate it right twice",
        "mirror the left half to the right half",
        "flip the sky",
        "rotate the sky",
        "crop to 0:5",
        "crop to 1000:1",
        "crop to 2.35:1",
        "crop to 1920x1080",
        "crop to 100%",
        "crop 0%",
        "make it 1/2 of the sky",
        "make the mirror brighter",
        "turn the left side blue",
        "rotate 45 degrees",
        "rotate 360 degrees",
        "make it red hot",
        "a blue painting",
        'write "make it blue" on the sign',
        "make it look like van gogh",
        "hello",
        "?!",
        "",
        "日本",
    ],
)
def test_what_cannot_be_done_fails_and_says_what_can(prompt):
    with pytest.raises(PermanentError) as refused:
        understand(prompt)

    assert refused.value.code is ErrorCode.NOT_UNDERSTOOD
    assert refused.value.sentence == ABILITIES


@pytest.mark.parametrize(
    ("prompt", "wishes"),
    [
        ("remove the person and make it sepia", ["+sepia"]),
        ("can you remove the tree and brighten the sky?", ["sky:+brightness"]),
        ("turn everything black and white except the red car", ["+greyscale"]),
        ("make the photo warmer and blur the background", ["+warmth"]),
        ("make the sky blue and the grass green", ["sky:blue"]),
        ("make the sky dramatic and the ground green", ["sky:+drama"]),
        ("make the sky pink, the lake blue and the hills brown", ["sky:pink"]),
        ("make the sky blue and everything else red", ["sky:blue"]),
        ("make the sky blue and the rest red", ["sky:blue"]),
        ("smooth the skin and make it blue", ["blue"]),
        ("make it blue with a unicorn", ["blue"]),
        ("make it blue in 2/3 of the picture", ["blue"]),
        ("rotate left 90 and then right 90", ["270"]),
        ("rotate it right and 180", ["90"]),
        ("flip it horizontally and vertically", ["horizontal"]),
        ("make it blue and flip it twice", ["blue"]),
    ],
)
def test_a_part_that_cannot_be_done_is_admitted(prompt, wishes):
    understood = understand(prompt)

    assert [brief(wish) for wish in understood.wishes] == wishes
    assert understood.is_partial
    assert "left it out" in understood.sentence


@pytest.mark.parametrize(
    ("prompt", "wishes"),
    [
        ("make the sky more dramatic", ["sky:+drama"]),
        ("dramatic sky", ["sky:+drama"]),
        ("a dark and stormy sky", ["sky:-brightness", "sky:+drama"]),
        ("make the sky darker and more dramatic", ["sky:-brightness", "sky:+drama"]),
        ("make the sky pink", ["sky:pink"]),
        ("add more contrast to the clouds", ["sky:+contrast"]),
        ("make the dark sky brighter", ["sky:+brightness"]),
        ("tint it sky blue", ["sky blue"]),
        ("make the sky pink and the picture darker", ["sky:pink", "-brightness"]),
        ("make the photo warmer and the sky bluer", ["+warmth", "sky:blue"]),
    ],
)
def test_the_sky_is_told_from_the_whole(prompt, wishes):
    assert read(prompt) == wishes


@pytest.mark.parametrize(
    "prompt",
    [
        "make it blue except the sky",
        "make it blue but the sky",
        "make everything but the sky blue",
        "make everything except the sky blue",
        "make everything blue apart from the clouds",
        "make it blue, but keep the sky as it is",
        "make it blue without changing the sky",
        "make it blue, don't touch the sky",
        "leave the sky alone and make it blue",
        "make it blue, not the sky",
        "make it blue. The sky should stay as it is",
    ],
)
def test_the_sky_can_be_spared(prompt):
    understood = understand(prompt)

    assert [brief(wish) for wish in understood.wishes] == ["ground:blue"]
    assert not understood.is_partial
    assert understood.sentence == "I tinted everything but the sky blue." + SKY


@pytest.mark.parametrize(
    ("prompt", "wishes"),
    [
        ("make everything blue but the boat", ["blue"]),
        ("make it sepia without changing the boat", ["+sepia"]),
        ("make it blue and don't touch the boat", ["blue"]),
        ("make it blue except the sky and the boat", ["ground:blue"]),
        ("make the sky blue except the clouds", ["sky:blue"]),
        ("rotate it but keep the sky as it is", ["90"]),
        ("make it blue, the boat stays as it is", ["blue"]),
    ],
)
def test_what_cannot_be_spared_is_admitted(prompt, wishes):
    understood = understand(prompt)

    assert [brief(wish) for wish in understood.wishes] == wishes
    assert understood.is_partial


def test_amounts_are_honoured():
    assert amount("slightly brighter") < amount("brighter") < amount("a lot brighter")
    assert amount("make it 20% brighter") == pytest.approx(0.2)
    assert amount("contrast -10%") == pytest.approx(-0.1)
    assert amount("make it 5000% brighter") == pytest.approx(2.0)
    assert amount("make it dramatically darker") == amount("much darker")


def test_a_share_of_a_crop_is_what_stays_or_what_goes():
    assert understand("crop 10% off").wishes == (CropIn(0.9),)
    assert understand("crop to 50%").wishes == (CropIn(0.5),)


@pytest.mark.parametrize(
    ("prompt", "wishes"),
    [
        ("my favourite colour is green, make it darker", ["-brightness"]),
        ("I love blue, make it darker", ["-brightness"]),
        ("the car is red, make it darker", ["-brightness"]),
        ("blue, please", ["blue"]),
        ("I want it blue", ["blue"]),
        ("it's too blue", ["+balance"]),
    ],
)
def test_a_statement_is_no_wish(prompt, wishes):
    understood = understand(prompt)

    assert [brief(wish) for wish in understood.wishes] == wishes
    assert not understood.is_partial


def test_a_complaint_beside_its_wish_is_one_wish():
    assert read("brighten it, it's too dark") == ["+brightness"]
    assert read("it's too dark") == ["+brightness"]
    assert read("it's not bright enough") == ["+brightness"]


def test_quotation_marks_around_all_of_it_are_no_quotation():
    assert read('"make it blue"') == ["blue"]


@pytest.mark.parametrize(
    ("prompt", "sentence"),
    [
        (
            "make it blue and rotate it right",
            "I tinted the picture blue and rotated it 90° to the right.",
        ),
        ("slightly warmer", "I made the picture slightly warmer."),
        ("blur it slightly", "I slightly blurred the picture."),
        ("crop to a square", "I made sure that the picture is a square."),
        (
            "dramatic sky",
            "I made the sky more dramatic." + SKY,
        ),
    ],
)
def test_it_says_what_it_understood(prompt, sentence):
    assert understand(prompt).sentence == sentence


def test_the_work_of_one_prompt_is_bounded():
    prompt = ", ".join(f"{colour} tint" for colour in COLOURS)

    assert len(understand(prompt).wishes) == MAX_WISHES


def test_every_look_can_be_asked_for():
    asked = {effect.look for effect in EFFECTS.values()}

    assert asked == set(Look)


WORDS = sorted(
    {*EFFECTS, *COLOURS, *FILLERS, *NEGATORS, *STOPS, "sky", "car", "rotate", "crop", "90", "20%"}
    | {"16:9", ",", ".", "and", "but", '"', "-", "0:0", "upside", "down", "flip", "square"}
)


SENTENCES = st.lists(st.sampled_from(WORDS), max_size=40).map(" ".join)


@given(st.one_of(st.text(max_size=1000), SENTENCES))
def test_any_text_is_understood_or_refused(prompt):
    try:
        understood = understand(prompt)
    except PermanentError as refused:
        sentence = refused.sentence
    else:
        sentence = understood.sentence
        assert 0 < len(understood.wishes) <= MAX_WISHES
    assert sentence.startswith("I ")


@given(st.sampled_from(sorted(COLOURS)), st.sampled_from(["print", "berry", "ness", "d", "X9"]))
def test_a_word_that_only_begins_like_a_colour_is_none(colour, rest):
    with pytest.raises(PermanentError):
        understand(f"make it a {colour}{rest}")
