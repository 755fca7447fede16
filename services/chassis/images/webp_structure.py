"""The skeleton of a WebP: RIFF chunks that lie within the file."""

import struct
from typing import Final

from services.chassis.images.refusals import damaged

_HEADER_BYTES: Final = 12
_LOSSLESS: Final = b"VP8L"


def prove(data: bytes) -> bool:
    """Walk the chunks; true when one is lossless. Raises PermanentError when cut short."""
    try:
        end = struct.unpack_from("<I", data, 4)[0] + 8
        if end > len(data):
            raise damaged("webp", "fewer bytes than declared")
        return _walk(data, end)
    except struct.error as error:
        raise damaged("webp", "chunk header cut off") from error


def _walk(data: bytes, end: int) -> bool:
    at, is_lossless = _HEADER_BYTES, False
    while at + 8 <= end:
        kind, size = struct.unpack_from("<4sI", data, at)
        # An animation's frame is a chunk around chunks: 16 bytes of place and time come first.
        inner = data[at + 24 : at + 28] if kind == b"ANMF" else kind
        is_lossless = is_lossless or inner == _LOSSLESS
        at += 8 + size + (size & 1)
    if at > end + 1:
        raise damaged("webp", "last chunk cut off")
    return is_lossless
