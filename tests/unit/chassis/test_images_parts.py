"""A picture of too many parts is refused before a decoder looks at them, and none fills the log."""

import logging
import struct
import zlib

import pytest

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.chassis.images.check import inspect, verify
from services.chassis.images.limits import ImageLimits
from services.chassis.images.parts import MAX_PARTS, most_parts
from services.chassis.images.vips import harden
from tests.unit.chassis import drawn

MANY = 50_000
PACKED = zlib.compress(bytes(90_000_000))
START_OF_SCAN = b"\xff\xda"


def check(data: bytes) -> None:
    verify(data, inspect(data, ImageLimits()))


def jpeg_with(parts: bytes, *, in_scan: bool = False) -> bytes:
    data = drawn.jpeg()
    at = len(data) - 2 if in_scan else data.index(START_OF_SCAN)
    return data[:at] + parts + data[at:]


def png_with(parts: bytes) -> bytes:
    data = drawn.png()
    at = data.index(b"IDAT") - 4
    return data[:at] + parts + data[at:]


def webp_with(parts: bytes) -> bytes:
    body = drawn.webp()[8:] + parts
    return b"RIFF" + struct.pack("<I", len(body)) + body


def tiff_of(entries: int, *, next_at: int = 0) -> bytes:
    directory = struct.pack("<H", entries) + bytes(12 * entries) + struct.pack("<I", next_at)
    return b"II*\0" + struct.pack("<I", 8) + directory


def big_tiff_of(entries: int) -> bytes:
    head = b"MM\0+" + struct.pack(">HHQ", 8, 0, 16)
    return head + struct.pack(">Q", entries) + bytes(20 * entries + 8)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(png_with(drawn.chunk(b"tEXt", b"") * MANY), id="empty texts"),
        pytest.param(png_with(drawn.chunk(b"IDAT", b"") * MANY), id="empty pixels"),
        pytest.param(png_with(drawn.chunk(b"zTXt", b"k\0\0" + PACKED)), id="packed text"),
        pytest.param(
            png_with(drawn.chunk(b"iTXt", b"k\0\1\0\0\0" + PACKED[:18_000]) * 5),
            id="packed texts of some language",
        ),
        pytest.param(jpeg_with(b"\xff\xfe\0\2" * MANY), id="comments"),
        pytest.param(jpeg_with(b"\xff\x01" * MANY), id="markers that stand alone"),
        pytest.param(jpeg_with(b"\xff" * MANY), id="fill"),
        pytest.param(jpeg_with(b"\xff\x01" * MANY, in_scan=True), id="markers in a scan"),
        pytest.param(jpeg_with(b"\xff\xfe\0\2" * MANY, in_scan=True), id="comments in a scan"),
        pytest.param(webp_with(b"abcd\0\0\0\0" * MANY), id="chunks of a webp"),
        pytest.param(tiff_of(MANY), id="tags"),
        pytest.param(big_tiff_of(MANY), id="tags of a big tiff"),
        pytest.param(tiff_of(0, next_at=8), id="a directory that follows itself"),
    ],
)
def test_a_picture_of_too_many_parts_is_refused_in_human_words(data: bytes) -> None:
    with pytest.raises(PermanentError) as refused:
        check(data)

    assert refused.value.code is ErrorCode.INVALID_IMAGE
    assert "put together in an unusual way" in refused.value.sentence
    assert str(refused.value) == "too many parts"


@pytest.mark.parametrize(
    "data",
    [
        png_with(drawn.chunk(b"tEXt", b"a\0b") * (MAX_PARTS - 10)),
        png_with(drawn.chunk(b"zTXt", b"k\0\0" + zlib.compress(b"plain words " * 500))),
        png_with(drawn.chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0" + b"<x/>" * 20_000)),
        jpeg_with(b"\xff\xfe\0\2" * (MAX_PARTS - 20)),
        jpeg_with(b"\xff" * 100),
        webp_with(b"abcd\0\0\0\0" * (MAX_PARTS - 10)),
    ],
    ids=["png", "packed text", "plain text of a language", "jpeg", "jpeg with fill", "webp"],
)
def test_fewer_parts_pass(data: bytes) -> None:
    check(data)


def test_a_large_picture_may_be_cut_into_as_many_parts_as_encoders_make() -> None:
    parts = 20 * 1024 * 1024 // 8192

    assert parts < most_parts(bytes(parts * 8192)) < 3 * parts + MAX_PARTS


def test_what_libvips_warns_of_is_not_logged(caplog: pytest.LogCaptureFixture) -> None:
    logging.getLogger("pyvips").setLevel(logging.NOTSET)
    harden()

    with caplog.at_level(logging.DEBUG):
        check(png_with(drawn.chunk(b"tEXt", b"") * 3))

    assert not caplog.records
