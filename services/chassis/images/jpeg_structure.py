"""The skeleton of a JPEG: its segments follow each other up to the end-of-image marker."""

import re
from typing import Final

from services.chassis.images.refusals import damaged

_START_OF_SCAN: Final = 0xDA
_END_OF_IMAGE: Final = 0xD9
_STANDALONE: Final = frozenset({0x01, *range(0xD0, 0xD9)})
# In scan data 0xFF is followed by a stuffed zero, a restart number or fill; else it is a marker.
_MARKER: Final = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]", re.DOTALL)
# libjpeg's own protection in libvips stops at as many.
_MAX_SCANS: Final = 100


def prove(data: bytes) -> None:
    """Walk over segments and scans. Raises PermanentError when the end is missing."""
    at, scans = 2, 0
    while True:
        marker = _MARKER.search(data, at)
        if marker is None:
            raise damaged("jpeg", "no end of image")
        code, at = data[marker.start() + 1], marker.end()
        if code == _END_OF_IMAGE:
            break
        if code in _STANDALONE:
            continue
        scans += code == _START_OF_SCAN
        at += int.from_bytes(data[at : at + 2], "big")
    if not 0 < scans <= _MAX_SCANS:
        raise damaged("jpeg", f"{scans} scans")
