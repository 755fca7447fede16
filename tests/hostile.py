"""Bytes that nobody should send: small to make, expensive to believe."""

import base64
import struct
import zlib
from collections.abc import Iterator

from tests.pictures import photo


def png_header(width: int, height: int) -> bytes:
    """A PNG that declares so many pixels and holds one row of data."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return _png(header, zlib.compress(b"\0" * (width * 3 + 1), 9))


def huge_png(side: int = 30_000) -> bytes:
    """A whole black-and-white PNG of side x side pixels, about 100 kB."""
    row = b"\0" * (1 + (side + 7) // 8)
    packer = zlib.compressobj(9)
    body = b"".join(_packed(packer, row, side))
    return _png(struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0), body)


def truncated_jpeg() -> bytes:
    """The first half of a photograph."""
    return photo()[: len(photo()) // 2]


def text_as_jpeg() -> bytes:
    """Text behind the first bytes of a JPEG."""
    return b"\xff\xd8\xff\xe0" + b"I am no picture at all. " * 50


def gif() -> bytes:
    """One black pixel."""
    return base64.b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


def heic() -> bytes:
    """The head of a HEIC file."""
    return struct.pack(">I", 24) + b"ftypheic\0\0\0\0mif1heic" + b"\0" * 200


def _packed(packer: "zlib._Compress", row: bytes, rows: int) -> Iterator[bytes]:
    for _ in range(rows):
        yield packer.compress(row)
    yield packer.flush()


def _png(header: bytes, body: bytes) -> bytes:
    chunks = ((b"IHDR", header), (b"IDAT", body), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(kind, data) for kind, data in chunks)


def _chunk(kind: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(kind + data))
    return struct.pack(">I", len(data)) + kind + data + checksum
