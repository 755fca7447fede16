"""How many parts a picture's bytes are made of, counted before any decoder sees them.

A decoder looks at every chunk, segment and tag, and complains about most: a file of a million empty
ones would keep it busy for minutes.
"""

import struct
from collections.abc import Callable, Iterator, Mapping
from typing import Final

from services.chassis.images import refusals

MAX_PARTS: Final = 4096
BYTES_A_PART: Final = 4096
"""Beside `MAX_PARTS`, one part for so many bytes: encoders cut pixels into 8 kB and more."""

PACKED_TEXT_BYTES_A_PART: Final = 16
"""Compressed text unfolds up to a thousandfold: with this all of it stays below 80 MB."""

_PNG_SIGNATURE_BYTES: Final = 8
_PNG_KEYWORD_BYTES: Final = 80
_PNG_CHUNK_BYTES: Final = 12
_RIFF_HEADER_BYTES: Final = 12
_RIFF_CHUNK_BYTES: Final = 8
_JPEG_STANDALONE: Final = frozenset({0x00, 0x01, *range(0xD0, 0xD9)})
_JPEG_FILL: Final = 0xFF
# Start of scan and end of image.
_JPEG_LAST: Final = frozenset({0xDA, 0xD9})
_BIG_TIFF: Final = 43


def refuse_too_many(data: bytes, name: str) -> None:
    """Raises PermanentError for more parts than any ordinary picture has.

    Looks at as many parts as are allowed and no further; scans of a JPEG are not looked at.
    """
    left = most_parts(data)
    for parts in _WALKS[name](data):
        left -= parts
        if left < 0:
            raise refusals.too_many_parts(name)


def most_parts(data: bytes) -> int:
    """How many parts these bytes may be made of."""
    return MAX_PARTS + len(data) // BYTES_A_PART


def _png(data: bytes) -> Iterator[int]:
    at = _PNG_SIGNATURE_BYTES
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        yield 1 + (size // PACKED_TEXT_BYTES_A_PART if _is_packed_text(data, at) else 0)
        at += _PNG_CHUNK_BYTES + size


def _is_packed_text(data: bytes, at: int) -> bool:
    """Whether the PNG chunk at `at` is text that a decoder would inflate and keep."""
    kind, body = data[at + 4 : at + 8], at + 8
    if kind != b"iTXt":
        return kind == b"zTXt"
    flag = data.find(b"\0", body, body + _PNG_KEYWORD_BYTES) + 1
    return flag > 0 and data[flag : flag + 1] == b"\1"


def _webp(data: bytes) -> Iterator[int]:
    at = _RIFF_HEADER_BYTES
    while at < len(data):
        yield 1
        size = int.from_bytes(data[at + 4 : at + 8], "little")
        at += _RIFF_CHUNK_BYTES + size + (size & 1)


def _jpeg(data: bytes) -> Iterator[int]:
    """Each marker up to the first scan, fill bytes and bytes out of place included."""
    at = 2
    while 0 < (at := data.find(b"\xff", at) + 1) < len(data):
        yield 1
        code = data[at]
        if code in _JPEG_LAST:
            return
        if code in _JPEG_STANDALONE:
            at += 1
        elif code != _JPEG_FILL:
            at += 1 + int.from_bytes(data[at + 1 : at + 3], "big")


def _tiff(data: bytes) -> Iterator[int]:
    """Each directory and its entries. One that lies outside the bytes is left to the decoder."""
    order = "<" if data.startswith(b"II") else ">"
    is_big = _BIG_TIFF in data[2:4]
    count, pointer, entry_bytes, first = ("Q", "Q", 20, 8) if is_big else ("H", "I", 12, 4)
    try:
        (at,) = struct.unpack_from(order + pointer, data, first)
        while 0 < at < len(data):
            (entries,) = struct.unpack_from(order + count, data, at)
            yield 1 + entries
            end = at + struct.calcsize(order + count) + entries * entry_bytes
            (at,) = struct.unpack_from(order + pointer, data, end)
    except struct.error:
        return


def _bmp(_: bytes) -> Iterator[int]:
    yield 1


_WALKS: Final[Mapping[str, Callable[[bytes], Iterator[int]]]] = {
    "jpeg": _jpeg,
    "png": _png,
    "webp": _webp,
    "tiff": _tiff,
    "bmp": _bmp,
}
