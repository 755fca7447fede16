"""Results are upright, in sRGB, within their box, and carry nothing of where they came from."""

import io

import pytest
from PIL import Image as Pillow
from PIL import ImageCms

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images import pipelines
from services.chassis.images.check import inspect
from services.chassis.images.colour import is_srgb
from services.chassis.images.limits import ImageLimits
from services.chassis.images.vips import Image
from tests.unit.chassis import drawn

LIMITS = ImageLimits()
SRGB = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


def with_profile(profile: bytes) -> bytes:
    out = io.BytesIO()
    Pillow.new("RGB", (40, 30), (200, 60, 60)).save(out, "PNG", icc_profile=profile)
    return out.getvalue()


def swapped(profile: bytes) -> bytes:
    """The same profile with the red and the blue primary exchanged."""
    return profile.replace(b"rXYZ", b"????").replace(b"bXYZ", b"rXYZ").replace(b"????", b"bXYZ")


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp"])
@pytest.mark.parametrize("source", drawn.EVERY_TYPE)
def test_every_type_becomes_every_result(source, content_type):
    done = pipelines.finish(drawn.EVERY_TYPE[source](), LIMITS, content_type=content_type)

    picture = inspect(done.data, LIMITS)
    assert picture.content_type == done.content_type == content_type
    assert (picture.width_pixels, picture.height_pixels) == (64, 48)
    assert drawn.means(done.data) == pytest.approx(drawn.means(drawn.png()), abs=3)


@pytest.mark.parametrize("make", [drawn.halves, lambda: drawn.with_alpha(drawn.halves())])
@pytest.mark.parametrize("kind", ["rgb16", "cmyk", "b-w"])
def test_other_colour_spaces_become_eight_bits_of_srgb(make, kind):
    image = make().colourspace(kind)
    data = image.tiffsave_buffer()

    done = drawn.opened(pipelines.finish(data, LIMITS, content_type="image/png").data)

    assert done.format == "uchar"
    assert done.bands - done.hasalpha() in {1, 3}


@pytest.mark.parametrize(
    ("kind", "extra", "bands"), [("srgb", [255, 9], 4), ("b-w", [255, 9], 2), ("rgb16", [0, 9], 4)]
)
def test_channels_that_no_picture_has_are_left_out(kind, extra, bands):
    image = drawn.halves().colourspace(kind)
    data = image.bandjoin(extra).cast(image.format).tiffsave_buffer()

    assert pipelines.decode(data, LIMITS).bands == bands
    assert pipelines.small_copy(data, LIMITS, max_pixels=1000).bands in {bands, 4}
    whole = drawn.opened(pipelines.finish(data, LIMITS, content_type="image/png").data)
    assert whole.bands == bands
    assert whole[bands - 1].avg() == extra[0]


def test_without_a_wish_transparency_decides_the_type():
    assert pipelines.finish(drawn.png(), LIMITS).content_type == "image/jpeg"
    assert pipelines.finish(drawn.png(alpha=True), LIMITS).content_type == "image/png"


def test_a_jpeg_of_a_picture_with_transparency_lies_on_white():
    done = pipelines.finish(drawn.png(alpha=True), LIMITS, content_type="image/jpeg")

    assert drawn.opened(done.data)(60, 40) == pytest.approx([255, 255, 255], abs=6)


def test_a_final_jpeg_is_progressive():
    assert drawn.opened(pipelines.finish(drawn.png(), LIMITS).data).get("jpeg-multiscan")


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp"])
def test_nothing_of_the_metadata_is_left(content_type):
    source = drawn.with_exif(personal=True)
    assert b"Camera of Ann" in source

    for done in (
        pipelines.finish(source, LIMITS, content_type=content_type),
        pipelines.normalise(source, LIMITS, max_side_pixels=20, content_type=content_type),
    ):
        with Pillow.open(io.BytesIO(done.data)) as opened:
            assert not opened.getexif()
            assert not set(opened.info) & {"exif", "icc_profile", "xmp", "comment"}
        assert b"Ann" not in done.data


# Where the top left corner of the stored picture is seen, by orientation.
@pytest.mark.parametrize(
    ("orientation", "size", "red_at"),
    [
        (1, (64, 48), (5, 24)),
        (2, (64, 48), (58, 24)),
        (3, (64, 48), (58, 24)),
        (6, (48, 64), (24, 5)),
        (8, (48, 64), (24, 58)),
    ],
)
def test_results_stand_as_the_source_was_displayed(orientation, size, red_at):
    done = pipelines.finish(drawn.with_exif(orientation=orientation), LIMITS)

    image = drawn.opened(done.data)
    assert (image.width, image.height) == size == (done.width_pixels, done.height_pixels)
    red, _, blue = image(*red_at)
    assert red > blue + 80


@pytest.mark.parametrize("source", drawn.EVERY_TYPE)
def test_a_copy_lies_within_its_box_in_proportion(source):
    done = pipelines.normalise(drawn.EVERY_TYPE[source](640, 480), LIMITS, max_side_pixels=100)

    assert (done.width_pixels, done.height_pixels) == (100, 75)
    assert drawn.means(done.data) == pytest.approx(drawn.means(drawn.png()), abs=3)


def test_a_sideways_copy_lies_within_its_box_upright():
    done = pipelines.normalise(drawn.with_exif(orientation=6), LIMITS, max_side_pixels=32)

    assert (done.width_pixels, done.height_pixels) == (24, 32)


def test_a_small_picture_is_not_enlarged():
    done = pipelines.normalise(drawn.jpeg(), LIMITS, max_side_pixels=1024)

    assert (done.width_pixels, done.height_pixels) == (64, 48)


def test_a_thumbnail_is_a_small_webp():
    done = pipelines.thumbnail(drawn.jpeg(640, 480), LIMITS)

    assert done.content_type == "image/webp"
    assert (done.width_pixels, done.height_pixels) == (256, 192)


# libvips' thumbnail_buffer takes half a picture for a whole one unless its loader is told.
@pytest.mark.parametrize("source", ["image/jpeg", "image/png"])
@pytest.mark.parametrize(
    "pipeline",
    [
        lambda data: pipelines.normalise(data, LIMITS, max_side_pixels=100),
        lambda data: pipelines.thumbnail(data, LIMITS),
        lambda data: pipelines.finish(data, LIMITS),
        lambda data: pipelines.decode(data, LIMITS),
        lambda data: pipelines.small_copy(data, LIMITS, max_pixels=4800),
    ],
)
def test_no_pipeline_takes_half_a_picture(source, pipeline):
    data = drawn.EVERY_TYPE[source](640, 480)

    with pytest.raises(PermanentError) as refused:
        pipeline(data[: len(data) // 2])

    assert refused.value.code is ErrorCode.INVALID_IMAGE


def test_a_pipeline_tests_the_limits_itself():
    with pytest.raises(PermanentError) as refused:
        pipelines.thumbnail(drawn.jpeg(), ImageLimits(max_image_pixels=1000))

    assert refused.value.code is ErrorCode.IMAGE_TOO_LARGE


def test_a_profile_that_is_srgb_is_known_and_another_is_not():
    assert is_srgb(SRGB)
    assert not is_srgb(swapped(SRGB))
    assert not is_srgb(SRGB.replace(b"para\0\0\0\0\0\3", b"para\0\0\0\0\0\0"))
    assert not is_srgb(SRGB[:200])
    assert not is_srgb(b"nonsense")


def test_pixels_pass_through_a_foreign_profile_and_not_through_srgb():
    same = pipelines.decode(with_profile(SRGB), LIMITS)
    other = pipelines.decode(with_profile(swapped(SRGB)), LIMITS)

    assert same(5, 5) == [200, 60, 60]
    assert other(5, 5)[2] > other(5, 5)[0]


def test_a_broken_profile_is_ignored():
    assert pipelines.decode(with_profile(b"broken" * 40), LIMITS)(5, 5) == [200, 60, 60]


def test_a_decoded_picture_can_be_read_in_any_order():
    image = pipelines.decode(drawn.png(400, 300), LIMITS)

    assert isinstance(image, Image)
    assert image(399, 299) != image(0, 0)


@pytest.mark.parametrize("source", drawn.EVERY_TYPE)
def test_a_small_copy_is_in_proportion_and_has_the_same_colours(source):
    copy = pipelines.small_copy(drawn.EVERY_TYPE[source](640, 480), LIMITS, max_pixels=4800)

    assert (copy.width, copy.height) == (80, 60)
    assert [copy[band].avg() for band in range(3)] == pytest.approx(drawn.means(drawn.png()), abs=3)


def test_a_small_copy_stands_as_the_picture_is_displayed():
    copy = pipelines.small_copy(drawn.with_exif(orientation=6), LIMITS, max_pixels=768)

    assert (copy.width, copy.height) == (24, 32)
