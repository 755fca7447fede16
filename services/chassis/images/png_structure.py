"""The whole of a PNG in constant memory: checksums, the inflated rows counted, their filters known.

libpng would hold an interlaced picture whole; here no row is kept.
"""

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from services.chassis.images.refusals import damaged

_SIGNATURE_BYTES: Final = 8
_CHANNELS: Final = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
# Offset and step of the seven passes of Adam7: x, y, dx, dy.
_ADAM7: Final = (
    (0, 0, 8, 8),
    (4, 0, 8, 8),
    (0, 4, 4, 8),
    (2, 0, 4, 4),
    (0, 2, 2, 4),
    (1, 0, 2, 2),
    (0, 1, 1, 2),
)
_MAX_FILTER: Final = 4
# Fed and taken in pieces: what inflate could not swallow is copied each time.
_FEED_BYTES: Final = 64 * 1024
_TAKE_BYTES: Final = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Rows:
    """Some rows of equal length, each opened by its filter byte."""

    count: int
    bytes_each: int


def prove(data: bytes) -> None:
    """Raises PermanentError when a checksum is wrong or a row is missing."""
    try:
        chunks = _chunks(data)
        _, header = next(chunks)
        expected = _expected_rows(*struct.unpack(">IIBBBBB", header))
        _count_rows(expected, chunks)
    except (struct.error, zlib.error, KeyError) as error:
        raise damaged("png", repr(error)) from error


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview]]:
    """Each critical chunk up to IEND, its checksum tested."""
    view, at, kind = memoryview(data), _SIGNATURE_BYTES, b""
    while kind != b"IEND":
        size, kind = struct.unpack_from(">I4s", data, at)
        body, after = view[at + 8 : at + 8 + size], at + 8 + size
        checksum = struct.unpack_from(">I", data, after)[0]
        at = after + 4
        # The lower case of an ancillary chunk's first letter is one bit.
        if kind[0] & 0x20:
            continue
        if zlib.crc32(body, zlib.crc32(kind)) != checksum:
            raise damaged("png", f"checksum of {kind!r}")
        yield kind, body


def _expected_rows(
    width: int, height: int, depth: int, colour: int, _method: int, _filters: int, interlace: int
) -> list[Rows]:
    bits = depth * _CHANNELS[colour]
    passes = _ADAM7 if interlace else ((0, 0, 1, 1),)
    found = []
    for x, y, dx, dy in passes:
        columns, rows = -(-(width - x) // dx), -(-(height - y) // dy)
        if columns > 0 and rows > 0:
            found.append(Rows(rows, 1 + (columns * bits + 7) // 8))
    return found


def _count_rows(expected: list[Rows], chunks: Iterator[tuple[bytes, memoryview]]) -> None:
    counter = _RowCounter(expected)
    inflater = zlib.decompressobj()
    for kind, body in chunks:
        if kind != b"IDAT":
            continue
        for start in range(0, len(body), _FEED_BYTES):
            tail: bytes | memoryview = body[start : start + _FEED_BYTES]
            while tail and not counter.is_complete:
                counter.take(inflater.decompress(tail, _TAKE_BYTES))
                tail = inflater.unconsumed_tail
    while not counter.is_complete and (rest := inflater.decompress(b"", _TAKE_BYTES)):
        counter.take(rest)
    if not counter.is_complete:
        raise damaged("png", "rows are missing")


class _RowCounter:
    """Follows the inflated stream from row to row."""

    def __init__(self, expected: list[Rows]) -> None:
        self._expected = expected
        self._group = 0
        self._at = 0

    @property
    def is_complete(self) -> bool:
        return self._group == len(self._expected)

    def take(self, block: bytes) -> None:
        """Count a block in. Raises PermanentError when a row has an unknown filter."""
        start = 0
        while start < len(block) and not self.is_complete:
            rows = self._expected[self._group]
            part = block[start : start + rows.count * rows.bytes_each - self._at]
            filters = part[-self._at % rows.bytes_each :: rows.bytes_each]
            if filters and max(filters) > _MAX_FILTER:
                raise damaged("png", "unknown row filter")
            start += len(part)
            self._at += len(part)
            if self._at == rows.count * rows.bytes_each:
                self._group, self._at = self._group + 1, 0
