"""A model gets the very bytes where it can take them, else a copy that shows the same."""

from io import BytesIO

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image as Pillow

from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect
from services.chassis.images.encode import Encoded
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pipelines import shrink
from services.chassis.images.vips import Image
from services.renderer.adapters.fitting import Bounds, copied, unchanged
from tests.pictures import means, photo, pixels, plain
from tests.unit.chassis import drawn
from tests.unit.renderer.noisy import noise

LIMITS = ImageLimits()
MEGABYTE = 1_000_000


def bounds(max_bytes: int = 15 * MEGABYTE, max_pixels: int = 2048 * 2048) -> Bounds:
    return Bounds(max_bytes=max_bytes, max_pixels=max_pixels)


def is_sent_as_it_is(data: bytes, within: Bounds | None = None) -> bool:
    return unchanged(data, within or bounds(), LIMITS) is not None


def copy_of(data: bytes, within: Bounds | None = None) -> Encoded:
    """A copy, because the very bytes would not do."""
    assert not is_sent_as_it_is(data, within)
    return copied(data, within or bounds(), LIMITS)


@pytest.mark.parametrize(
    "data",
    [drawn.jpeg(), drawn.png(), drawn.png(alpha=True), drawn.webp(), drawn.with_exif()],
    ids=["jpeg", "png", "alpha", "webp", "exif"],
)
def test_what_fits_goes_as_it_is(data):
    header = unchanged(data, bounds(), LIMITS)

    assert header is not None
    assert (header.width_pixels, header.height_pixels) == (64, 48)


def test_a_grey_picture_goes_as_it_is():
    grey = drawn.halves().colourspace("b-w").jpegsave_buffer()

    assert is_sent_as_it_is(bytes(grey))


@pytest.mark.parametrize("pixels", [64 * 48, 64 * 48 - 1])
def test_so_many_pixels_as_the_bound_says_still_fit(pixels: int):
    assert is_sent_as_it_is(drawn.jpeg(), bounds(max_pixels=pixels)) == (pixels == 64 * 48)


@pytest.mark.parametrize("less", [0, 1])
def test_so_many_bytes_as_the_bound_says_still_fit(less: int):
    data = drawn.jpeg()

    assert is_sent_as_it_is(data, bounds(max_bytes=len(data) - less)) == (less == 0)


@pytest.mark.parametrize("make", [drawn.bmp, drawn.tiff])
def test_a_type_that_is_not_taken_is_sent_as_jpeg(make):
    copy = copy_of(make())

    assert copy.content_type == "image/jpeg"
    assert means(copy.data) == pytest.approx(means(drawn.jpeg()), abs=3)


def test_a_picture_on_its_side_is_sent_upright():
    sideways = drawn.with_exif(orientation=6)

    copy = copy_of(sideways)

    assert (copy.width_pixels, copy.height_pixels) == (48, 64)
    assert inspect(copy.data, LIMITS).orientation == 1


def test_more_than_eight_bits_are_sent_as_eight():
    deep = bytes(
        (drawn.halves().cast("ushort") * 257)
        .copy(interpretation="rgb16")
        .pngsave_buffer(bitdepth=16)
    )

    assert drawn.opened(copy_of(deep).data).format == "uchar"


def test_inks_are_sent_as_light():
    inks = bytes(drawn.halves().colourspace("cmyk").jpegsave_buffer())

    assert drawn.opened(copy_of(inks).data).bands == 3


def test_a_film_is_sent_as_its_first_picture():
    film, out = [Pillow.new("RGB", (64, 48), colour) for colour in ("red", "blue")], BytesIO()
    film[0].save(out, "WEBP", save_all=True, append_images=film[1:])

    copy = copy_of(out.getvalue())

    assert inspect(copy.data, LIMITS).frames == 1
    assert means(copy.data)[0] > 200


def test_a_copy_keeps_nothing_personal():
    copy = copy_of(drawn.with_exif(orientation=6, personal=True))

    assert b"Camera of Ann" not in copy.data
    assert not any("exif" in field for field in drawn.opened(copy.data).get_fields())


def test_transparency_survives_a_copy():
    copy = copy_of(drawn.png(alpha=True), bounds(max_pixels=1000))

    assert copy.content_type == "image/png"
    assert drawn.opened(copy.data).bands == 4


def test_a_large_picture_is_shrunk_and_looks_the_same():
    large = plain(2000, 1500)

    copy = copy_of(large, bounds(max_pixels=MEGABYTE))

    assert 0.99 * MEGABYTE <= copy.width_pixels * copy.height_pixels <= MEGABYTE
    assert means(copy.data) == pytest.approx(means(large), abs=1.5)


def test_a_copy_loses_less_than_anybody_sees():
    detail = Image.new_from_buffer(photo(), "").crop(400, 300, 200, 150).tiffsave_buffer()

    lost = pixels(copy_of(bytes(detail)).data).astype(int) - pixels(bytes(detail))

    # Of 256 levels; in the quality of finished results it would be twice as much.
    assert abs(lost).mean() < 0.8


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


@pytest.mark.parametrize(("side", "max_bytes"), [(1000, 1_200_000), (200, 100_000)])
def test_a_picture_that_no_encoder_makes_small_is_shrunk_until_it_fits(side: int, max_bytes: int):
    copy = copy_of(noise(side, side), bounds(max_bytes=max_bytes))

    assert max_bytes / 2 < len(copy.data) <= max_bytes
    assert copy.width_pixels < side


@pytest.mark.parametrize("data", [b"", b"no picture", drawn.jpeg()[:200]])
def test_what_is_no_picture_is_not_sent(data):
    with pytest.raises(PermanentError):
        is_sent_as_it_is(data)
