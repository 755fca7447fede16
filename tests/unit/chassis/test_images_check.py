"""Pictures are known by their bytes, measured by their header and proved to the last row."""

import struct
import subprocess
import sys
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect, verify
from services.chassis.images.limits import ImageLimits
from services.chassis.images.picture import Picture
from services.chassis.images.vips import Error, Image
from tests.pictures import plain
from tests.unit.chassis import drawn

LIMITS = ImageLimits()


def check(data: bytes, limits: ImageLimits = LIMITS) -> Picture:
    picture = inspect(data, limits)
    verify(data, picture)
    return picture


def refusal(data: bytes, limits: ImageLimits = LIMITS) -> PermanentError:
    with pytest.raises(PermanentError) as refused:
        check(data, limits)
    return refused.value


@pytest.mark.parametrize("content_type", drawn.EVERY_TYPE)
def test_every_accepted_type_is_told_from_its_bytes(content_type):
    picture = check(drawn.EVERY_TYPE[content_type]())

    assert picture.content_type == content_type
    assert (picture.width_pixels, picture.height_pixels) == (64, 48)
    assert not picture.has_alpha


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (drawn.gif(), "a GIF"),
        (drawn.heif(b"heic"), "a HEIC"),
        (drawn.heif(b"avif"), "an AVIF"),
        (b"<?xml version='1.0'?><svg xmlns='http://www.w3.org/2000/svg'/>", "an SVG"),
        (b"%PDF-1.7 ...", "a PDF"),
    ],
)
def test_a_type_that_is_not_accepted_is_named(data, word):
    refused = refusal(data)

    assert refused.code is ErrorCode.UNSUPPORTED_IMAGE
    assert refused.sentence == f"This picture is {word}; send a JPEG, PNG, WebP, BMP or TIFF."


def test_a_type_can_be_switched_off():
    limits = replace(LIMITS, unsupported_types=frozenset({"tiff", "bmp"}))

    refused = refusal(drawn.tiff(), limits)

    assert refused.code is ErrorCode.UNSUPPORTED_IMAGE
    assert refused.sentence.endswith("send a JPEG, PNG or WebP.")


@pytest.mark.parametrize("data", [b"", b"hello", b"<html></html>", bytes(1000), b"\xff\xd8\xff"])
def test_what_is_no_picture_is_invalid(data):
    assert refusal(data).code is ErrorCode.INVALID_IMAGE


def test_a_small_file_that_declares_a_huge_picture_is_refused_by_its_header():
    refused = refusal(drawn.png_of(200_000, 200_000, rows=bytes(600_001)))

    assert refused.code is ErrorCode.IMAGE_TOO_LARGE
    assert "200,000 x 200,000" in refused.sentence


@pytest.mark.parametrize(("width", "height"), [(30_000, 100), (100, 30_000), (8_000, 8_000)])
def test_a_side_or_an_area_over_the_limit_is_refused(width, height):
    assert refusal(drawn.png_of(width, height, rows=b"")).code is ErrorCode.IMAGE_TOO_LARGE


@pytest.mark.parametrize("width", [60_000, 0xFFFFFF00])
def test_a_bmp_is_measured_before_pillow_sees_it(width):
    data = bytearray(drawn.bmp())
    struct.pack_into("<I", data, 18, width)

    assert refusal(bytes(data)).code is ErrorCode.IMAGE_TOO_LARGE


def test_too_many_pages_are_refused():
    pages = Image.arrayjoin([drawn.halves()] * 5, across=1)
    data = pages.tiffsave_buffer(page_height=48)

    refused = refusal(data, replace(LIMITS, max_frames=4))

    assert refused.code is ErrorCode.IMAGE_TOO_LARGE
    assert check(data).frames == 5


@pytest.mark.parametrize("content_type", drawn.EVERY_TYPE)
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_a_picture_that_was_cut_short_is_refused(content_type, share):
    data = drawn.EVERY_TYPE[content_type](400, 300)

    refused = refusal(data[: int(len(data) * share)])

    assert refused.code is ErrorCode.INVALID_IMAGE
    assert "damaged or incomplete" in refused.sentence


@pytest.mark.parametrize("content_type", ["image/jpeg", "image/png", "image/webp", "image/bmp"])
def test_even_the_last_byte_is_missed(content_type):
    data = drawn.EVERY_TYPE[content_type](400, 300)

    assert refusal(data[:-1]).code is ErrorCode.INVALID_IMAGE


def test_missing_last_bytes_of_a_jpeg_are_noticed_behind_its_last_row():
    grain = Image.gaussnoise(800, 600, sigma=40, mean=128).cast("uchar")
    data = grain.copy(interpretation="b-w").jpegsave_buffer()

    assert refusal(data[:-5]).code is ErrorCode.INVALID_IMAGE


@pytest.mark.parametrize(
    "data",
    [
        Image.black(3000, 3000, bands=3).jpegsave_buffer(interlace=True),
        Image.black(3000, 3000, bands=3).webpsave_buffer(lossless=True, effort=0),
    ],
    ids=["progressive jpeg", "lossless webp"],
)
def test_what_is_too_large_to_be_held_is_still_refused_when_cut_short(data):
    assert check(data).pixels == 9_000_000
    assert refusal(data[:-3]).code is ErrorCode.INVALID_IMAGE


def test_a_png_larger_than_one_piece_of_inflation_keeps_its_rows_apart():
    row = b"\0" + b"\xff" * 3000

    assert check(drawn.png_of(1000, 800, rows=row * 800))
    assert refusal(drawn.png_of(1000, 800, rows=row * 799 + b"\5" + row[1:]))


def test_a_png_with_a_wrong_checksum_is_refused():
    data = bytearray(drawn.png(400, 300))
    data[len(data) // 2] ^= 0xFF

    assert refusal(bytes(data)).code is ErrorCode.INVALID_IMAGE


def test_a_png_with_too_few_rows_is_refused():
    assert refusal(drawn.png_of(100, 100, rows=bytes(301 * 99))).code is ErrorCode.INVALID_IMAGE
    assert check(drawn.png_of(100, 100, rows=bytes(301 * 100)))


def test_a_png_with_an_unknown_row_filter_is_refused():
    rows = bytearray(301 * 100)
    rows[301 * 57] = 5

    assert refusal(drawn.png_of(100, 100, rows=bytes(rows))).code is ErrorCode.INVALID_IMAGE


@pytest.mark.parametrize("depth", [1, 2, 4, 8, 16])
@pytest.mark.parametrize("interlaced", [False, True])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (3, 5), (61, 47)])
def test_pngs_of_every_depth_pass(depth, interlaced, width, height):
    grey = drawn.halves(max(width, 2), height)[0].crop(0, 0, width, height)
    grey = grey.cast("ushort") * 256 if depth == 16 else grey
    kind = "grey16" if depth == 16 else "b-w"
    data = grey.cast("ushort" if depth == 16 else "uchar").copy(interpretation=kind)

    assert check(data.pngsave_buffer(bitdepth=depth, interlace=interlaced))


@pytest.mark.parametrize(
    "data",
    [
        drawn.jpeg(400, 300, progressive=True),
        drawn.png(400, 300, interlaced=True),
        drawn.webp(400, 300, lossless=True),
        drawn.halves().colourspace("cmyk").jpegsave_buffer(),
        drawn.bmp(mode="1"),
        drawn.bmp(mode="P"),
    ],
)
def test_less_usual_variants_pass(data):
    assert check(data)


@pytest.mark.parametrize("suffix", [".jpg", ".jpg[interlace]", ".webp", ".webp[lossless]"])
@pytest.mark.parametrize(("width", "height"), [(1, 1), (7, 300), (300, 3)])
def test_a_picture_of_a_few_pixels_passes(suffix, width, height):
    picture = check(plain(width, height, suffix=suffix))

    assert (picture.width_pixels, picture.height_pixels) == (width, height)


def test_a_compressed_bmp_is_refused_as_such():
    data = bytearray(drawn.bmp(mode="P"))
    struct.pack_into("<I", data, 30, 1)

    refused = refusal(bytes(data))

    assert refused.code is ErrorCode.UNSUPPORTED_IMAGE
    assert "is compressed" in refused.sentence


def test_transparency_is_noticed():
    assert check(drawn.png(alpha=True)).has_alpha


@pytest.mark.parametrize(
    ("orientation", "sideways"), [(1, False), (3, False), (6, True), (8, True)]
)
def test_the_displayed_size_follows_the_orientation(orientation, sideways):
    picture = check(drawn.with_exif(orientation=orientation))

    assert picture.orientation == orientation
    assert (picture.stored_width_pixels, picture.stored_height_pixels) == (64, 48)
    displayed = (48, 64) if sideways else (64, 48)
    assert (picture.width_pixels, picture.height_pixels) == displayed


def test_the_loaders_that_we_do_not_want_are_off():
    with pytest.raises(Error):
        Image.new_from_buffer(b"<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'/>", "")
    with pytest.raises(Error):
        Image.new_from_buffer(drawn.gif(), "")


PEAK = """
import sys
from services.chassis.images.check import inspect, verify
from services.chassis.images.limits import ImageLimits
data = open(sys.argv[1], "rb").read()
def peak():
    status = open("/proc/self/status").read()
    return int(status.partition("VmHWM:")[2].split()[0])
before = peak()
verify(data, inspect(data, ImageLimits()))
print(peak() - before)
"""


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="peak memory is read there")
@pytest.mark.parametrize("kind", ["plain.png", "interlaced.png", "progressive.jpg", "plain.tif"])
def test_a_large_picture_is_proved_without_being_held(kind, tmp_path):
    pixels = Image.black(7_000, 7_000, bands=3).copy(interpretation="srgb")
    path = tmp_path / kind
    options = {"interlace": "plain" not in kind} if "tif" not in kind else {"compression": "lzw"}
    pixels.write_to_file(str(path), **options)

    done = subprocess.run(
        [sys.executable, "-c", PEAK, str(path)], capture_output=True, text=True, check=True
    )

    assert int(done.stdout) < 60_000, "kB; decoded it would be 147,000"


@given(st.binary(max_size=300))
def test_arbitrary_bytes_are_refused_and_nothing_else(data):
    assert refusal(data).sentence


PICTURES = [
    drawn.jpeg(37, 29),
    drawn.png(37, 29),
    drawn.webp(37, 29),
    drawn.tiff(37, 29),
    drawn.bmp(37, 29),
    drawn.jpeg(37, 29, progressive=True),
    drawn.png(37, 29, interlaced=True),
    drawn.webp(37, 29, lossless=True),
    drawn.bmp(37, 29, "P"),
    drawn.heif(b"avif"),
]


@settings(max_examples=400, deadline=None)
@given(
    picture=st.sampled_from(PICTURES),
    changes=st.lists(st.tuples(st.integers(0, 4000), st.integers(0, 255)), max_size=6),
    end=st.integers(0, 6000),
)
def test_a_picture_with_changed_bytes_passes_or_is_refused(picture, changes, end):
    data = bytearray(picture)
    for at, value in changes:
        data[at % len(data)] = value

    # Any other error would fail the test.
    with suppress(PermanentError):
        assert check(bytes(data[:end])).pixels > 0
