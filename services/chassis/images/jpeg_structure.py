"""The skeleton of a JPEG: its segments follow each other up to the end-of-image marker."""

import re
from typing import Final

from services.chassis.images.parts import most_parts
from services.chassis.images.refusals import damaged, too_many_parts

_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
# In scan data 0xFF is followed by a stuffed zero, a restart number or fill; else it is a marker.
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
# libjpeg's own protection in libvips stops at as many.
_MAX_SCANS: Final = 100
# A search holds the interpreter: 0.3 s for 20 MB of fill bytes, 3 ms for a piece of them.
_PIECE_BYTES: Final = 256 * 1024


def prove(data: bytes) -> None:
    """Walk over segments and scans. Raises PermanentError when the end is missing."""
    at, scans = 2, 0
    for _ in range(most_parts(data)):
        at = _behind_marker(data, at)
        code = data[at - 1]
        if code == _END_OF_IMAGE:
            break
        if code in _STANDALONE:
            continue
        scans += code == _START_OF_SCAN
        at += int.from_bytes(data[at : at + 2], "big")
    else:
        raise too_many_parts("jpeg")
    if not 0 < scans <= _MAX_SCANS:
        raise damaged("jpeg", f"{scans} scans")


def _behind_marker(data: bytes, at: int) -> int:
    for start in range(at, len(data), _PIECE_BYTES):
        # One byte more, for a marker that lies across the edge.
        marker = _MARKER.search(data, start, start + _PIECE_BYTES + 1)
        if marker is not None:
            return marker.end()
    raise damaged("jpeg", "no end of image")
