"""The local variation: the reference's light and colours, the source's edges."""

from contextlib import closing
from itertools import permutations

import numpy as np
import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.images.vips import Image
from services.renderer.adapters.local import LIBVIPS, NOTHING_ASKED, LocalLibvips
from services.renderer.domain.cube import cube_of, look_up
from services.renderer.domain.curves import matching
from services.renderer.domain.editing import Edited, Source, Wish
from services.renderer.domain.palette import RESTYLED
from services.renderer.domain.render import Rendered, render
from tests import sceneries
from tests.pictures import chroma, pixels
from tests.sceneries import ATMOSPHERES, difference, edges_kept, png, scene
from tests.unit.chassis import drawn

LIMITS = ImageLimits()
COLOURFUL = [name for name in ATMOSPHERES if name != "mist"]


def restyled(source: bytes, reference: bytes) -> Rendered:
    return render(source, (), limits=LIMITS, reference=reference)


def flat(colour: tuple[int, ...], width: int = 200, height: int = 150) -> bytes:
    return png((Image.black(width, height, bands=3) + list(colour)).cast("uchar"))


def noise(sigma: float, mean: float) -> Image:
    planes = [Image.gaussnoise(480, 320, sigma=sigma, mean=mean, seed=n) for n in range(3)]
    return planes[0].bandjoin(planes[1:]).copy(interpretation="srgb")


def grey(image: Image) -> bytes:
    return png(image.colourspace("b-w"))


@pytest.mark.parametrize(
    ("source", "reference"),
    [*permutations(COLOURFUL, 2), *((name, "mist") for name in COLOURFUL)],
)
def test_colours_come_at_least_half_way_and_edges_stay(source, reference):
    before, model = png(scene(source, seed=1)), png(scene(reference, 400, 300, seed=2))

    after = restyled(before, model).data

    assert difference(after, model) <= difference(before, model) / 2
    assert edges_kept(before, after) >= 0.8


@pytest.mark.parametrize("reference", COLOURFUL)
def test_a_pale_source_takes_colours_on_and_keeps_its_edges(reference):
    before, model = png(scene("mist")), png(scene(reference))

    after = restyled(before, model).data

    assert difference(after, model) <= difference(before, model) * 0.6
    assert edges_kept(before, after) >= 0.8


def test_the_measure_of_difference_is_in_units_of_lab():
    dark, light = flat((0, 0, 0)), flat((255, 255, 255))

    assert difference(dark, light) == pytest.approx(100 / 3, abs=0.1)
    assert difference(light, light) == 0


@pytest.mark.parametrize("name", ATMOSPHERES)
def test_a_reference_of_the_same_palette_changes_next_to_nothing(name):
    before = png(scene(name))

    after = restyled(before, before).data

    assert np.abs(pixels(after).astype(int) - pixels(before)).mean() < 5


def test_any_other_reference_is_seen():
    before = png(scene("noon"))

    after = restyled(before, png(scene("desert"))).data

    assert np.abs(pixels(after).astype(int) - pixels(before)).mean() > 15


@pytest.mark.parametrize("channels", [1, 3])
def test_a_grey_reference_gives_a_grey_result(channels):
    model = scene("dusk").colourspace("b-w")
    model = model if channels == 1 else model.colourspace("srgb")

    after = restyled(png(scene("noon")), bytes(model.jpegsave_buffer(Q=80))).data

    assert chroma(after) == 0
    assert edges_kept(png(scene("noon")), after) >= 0.8


def test_a_reference_whose_greys_are_not_quite_grey_gives_a_grey_result():
    model = scene("dusk").colourspace("b-w").bandjoin(noise(0.8, 128) - 128)
    nearly = (model[0].bandjoin([model[0] + model[1], model[0] + model[2]])).cast("uchar")

    after = restyled(png(scene("noon")), png(nearly)).data

    assert drawn.opened(after).bands == 1


def test_a_grey_source_takes_on_the_colours_of_light_and_shade():
    before, model = grey(scene("noon")), png(scene("dusk"))

    after = restyled(before, model).data

    assert chroma(after) > 40
    assert difference(after, model) <= difference(before, model) / 2
    assert edges_kept(before, after) >= 0.8


@pytest.mark.parametrize("colour", [(200, 30, 30), (0, 0, 0), (255, 255, 255), (90, 90, 90)])
def test_a_reference_of_one_colour_tints_the_picture_and_does_not_wipe_it_out(colour):
    before, model = png(scene("noon")), flat(colour)

    after = restyled(before, model).data

    assert edges_kept(before, after) >= 0.8
    assert pixels(after).std() > 8
    assert difference(after, model) <= difference(before, model) / 2


@pytest.mark.parametrize("colour", [(200, 30, 30), (0, 0, 0), (255, 255, 255)])
def test_a_source_of_one_colour_becomes_the_reference_s_mean(colour):
    model = png(scene("desert"))

    after = pixels(restyled(flat(colour), model).data).reshape(-1, 3)

    assert np.abs(after.mean(axis=0) - pixels(model).reshape(-1, 3).mean(axis=0)).max() < 40
    assert after.std(axis=0).max() < 3


def test_a_smooth_sky_does_not_fall_into_bands():
    ramp = Image.xyz(1024, 64)[0] / 4
    smooth = png((ramp.bandjoin([ramp, ramp * 0.5 + 100])).cast("uchar"))

    row = pixels(restyled(smooth, png(scene("dusk"))).data)[32].astype(int)

    # Each step of the source is one level wide, and may become as many as slopes allow.
    assert np.abs(np.diff(row, axis=0)).max() <= 8
    assert len(np.unique(row[:, 0])) > 60


def test_grain_stays_grain_and_is_not_blown_up():
    quiet = png(noise(1.5, 90).cast("uchar"))

    after = pixels(restyled(quiet, png(scene("noon"))).data)

    assert after.std(axis=(0, 1)).max() < 12


def test_a_curve_has_no_kinks_that_would_be_seen_as_bands():
    clusters = [20.0] * 50 + [21.0] * 50 + [70.0] * 100

    curve = matching(clusters, [float(at) for at in range(100)], within=(0, 100), slopes=(0.3, 3))

    slopes = np.diff(curve.values)
    assert slopes.min() > 0
    assert np.abs(np.diff(slopes)).max() < 1


def test_where_tones_would_drown_the_edges_in_grain_fewer_of_them_are_taken_over():
    place = Image.xyz(480, 320)
    tiles = ((place[0] / 40).floor() + (place[1] / 40).floor()) % 2
    before = png((noise(7, 40)[1] + tiles * 150).cast("uchar"))
    model = png(((place[0] / 480) ** 4 * 255).cast("uchar"))

    after = restyled(before, model).data

    assert edges_kept(before, after) >= 0.8
    assert difference(after, model) < difference(before, model) / 2


def test_size_and_transparency_are_those_of_the_source():
    source = drawn.png(90, 70, alpha=True)

    after = restyled(source, png(scene("dusk")))

    assert (after.width_pixels, after.height_pixels) == (90, 70)
    before, made = drawn.opened(source), drawn.opened(after.data)
    assert (before[3] - made[3]).abs().max() == 0


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1)])
def test_a_picture_of_hardly_a_pixel_takes_the_colours_on(capfd, size):
    after = restyled(flat((200, 30, 30), *size), flat((20, 20, 200)))

    red, _, blue = drawn.opened(after.data)(0, 0)
    assert blue > red
    assert capfd.readouterr().err == ""


def test_hidden_colours_teach_nothing():
    shown = scene("dusk").bandjoin(255)
    hidden = drawn.opened(flat((0, 255, 0), 480, 320)).bandjoin(0)
    model = shown.join(hidden.copy(interpretation="srgb"), "horizontal").copy(interpretation="srgb")

    plain = restyled(png(scene("noon")), png(scene("dusk"))).data
    half = restyled(png(scene("noon")), png(model)).data

    assert difference(plain, half) < 2


def test_a_fully_transparent_reference_and_source_are_survived():
    clear = png(scene("noon").bandjoin(0).copy(interpretation="srgb"))

    assert restyled(png(scene("dusk")), clear).width_pixels == 480
    assert drawn.opened(restyled(clear, png(scene("dusk"))).data)[3].max() == 0


@pytest.mark.parametrize("size", [(1, 1), (2, 1), (1, 400), (400, 1), (7, 3)])
def test_tiny_and_narrow_pictures_are_survived_on_either_side(size):
    small, large = drawn.png(max(size[0], 2), size[1]), png(scene("dusk"))

    assert restyled(small, large).height_pixels == size[1]
    assert restyled(large, small).width_pixels == 480


def test_what_no_screen_shows_becomes_paler_and_not_darker_or_lighter():
    before = scene("desert")
    cube = cube_of(lambda lab: lab.linear([1, 4, 4], [0, 0, 0]).copy(interpretation="lab"))

    after = look_up(before, cube)

    change = (after.colourspace("lab")[0] - before.colourspace("lab")[0]).abs()
    assert change.avg() < 1
    assert change.max() < 6


def test_the_same_bytes_give_the_same_result():
    before, model = png(scene("noon")), png(scene("dusk"))

    assert restyled(before, model) == restyled(before, model)


def test_a_damaged_reference_is_refused():
    model = png(scene("dusk"))

    with pytest.raises(PermanentError) as refused:
        restyled(png(scene("noon")), model[: len(model) // 2])

    assert refused.value.code is ErrorCode.INVALID_IMAGE


@pytest.fixture
def local():
    with closing(PixelPool(threads=1)) as pool:
        yield LocalLibvips(LIMITS, pool)


def picture(data: bytes) -> Source:
    image = drawn.opened(data)
    return Source(
        data=data, content_type="image/png", width_pixels=image.width, height_pixels=image.height
    )


async def edited(local: LocalLibvips, prompt: str, *references: str) -> Edited:
    wish = Wish(
        prompt=prompt,
        instruction=prompt,
        model=LIBVIPS,
        references=tuple(picture(png(scene(name))) for name in references),
    )
    return await local.edit(picture(png(scene("noon"))), wish)


async def test_a_reference_alone_is_followed(local):
    after = await edited(local, "", "dusk")

    assert after.note == RESTYLED
    assert difference(after.data, png(scene("dusk"))) < difference(
        png(scene("noon")), png(scene("dusk"))
    )


async def test_a_person_s_words_come_first_and_then_the_reference(local):
    after = await edited(local, "rotate it to the right", "dusk")

    assert (after.width_pixels, after.height_pixels) == (320, 480)
    assert after.note is not None
    assert after.note.startswith("I rotated the picture")
    assert after.note.endswith(RESTYLED)


async def test_words_that_are_not_understood_are_refused_with_a_reference_too(local):
    with pytest.raises(PermanentError) as refused:
        await edited(local, "add a unicorn", "dusk")

    assert refused.value.code is ErrorCode.NOT_UNDERSTOOD


@pytest.mark.parametrize("prompt", ["", "  \n"])
async def test_without_words_and_reference_there_is_nothing_to_do(local, prompt):
    with pytest.raises(PermanentError) as refused:
        await edited(local, prompt)

    assert (refused.value.code, refused.value.sentence) == (
        ErrorCode.NOT_UNDERSTOOD,
        NOTHING_ASKED,
    )


async def test_of_several_references_the_first_is_followed(local):
    one, both = await edited(local, "", "dusk"), await edited(local, "", "dusk", "mist")

    assert one.data == both.data


async def test_words_alone_do_what_they_did(local):
    after = await edited(local, "make it blue")

    assert after.note == "I tinted the picture blue."
    assert sceneries.edges_kept(png(scene("noon")), after.data) > 0.8
