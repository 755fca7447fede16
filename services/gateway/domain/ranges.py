"""Single byte ranges (RFC 9110, section 14)."""

import re
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")


class UnsatisfiableError(ValueError):
    """The range begins past the end."""


@dataclass(frozen=True, slots=True)
class ByteRange:
    """The bytes [start, end) of an object."""

    start: int
    end: int


def byte_range(header: str | None, size: int) -> ByteRange | None:
    """The one range asked for; None means the whole, as for a header we need not understand.

    Raises UnsatisfiableError.
    """
    match = _RANGE.fullmatch(header.strip()) if header else None
    if match is None or match[1] == match[2] == "":
        return None
    if match[1] == "":
        return _last(int(match[2]), size)
    start = int(match[1])
    end = min(int(match[2]) + 1, size) if match[2] else size
    if match[2] and int(match[2]) < start:
        return None
    if start >= size:
        raise UnsatisfiableError
    return ByteRange(start, end)


def _last(count: int, size: int) -> ByteRange:
    if count == 0 or size == 0:
        raise UnsatisfiableError
    return ByteRange(max(0, size - count), size)
