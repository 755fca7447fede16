"""Whether an ICC profile is sRGB, told from its tags instead of by converting every pixel."""

import struct
from typing import Final

_TAG_COUNT_AT: Final = 128
_TAG_BYTES: Final = 12
_MAX_TAGS: Final = 64
# The sRGB primaries in the profile's own space (D50), as every sRGB profile since 1998 rounds them.
_PRIMARIES: Final = {
    b"rXYZ": (0.4361, 0.2225, 0.0139),
    b"gXYZ": (0.3851, 0.7169, 0.0971),
    b"bXYZ": (0.1431, 0.0606, 0.7141),
}
_TOLERANCE: Final = 0.003
# ICC's third formula is a power with a straight foot, which sRGB's curve is.
_SRGB_FORMULA: Final = 3
_FEWEST_POINTS: Final = 256
# sRGB's curve at half its input.
_AT_HALF: Final = 0.2140
_NAMES: Final = (b"sRGB", "sRGB".encode("utf-16-be"))


def is_srgb(profile: object) -> bool:
    """Whether a profile calls itself sRGB and has its primaries and curve; no broken one is."""
    if not isinstance(profile, bytes) or not any(name in profile for name in _NAMES):
        return False
    try:
        tags = _tags(profile)
        has_primaries = all(
            _is_close(_xyz(profile, tags[tag]), at) for tag, at in _PRIMARIES.items()
        )
        return has_primaries and _is_srgb_curve(profile, tags[b"gTRC"])
    except (KeyError, struct.error):
        return False


def _tags(profile: bytes) -> dict[bytes, int]:
    count = min(struct.unpack_from(">I", profile, _TAG_COUNT_AT)[0], _MAX_TAGS)
    rows = range(_TAG_COUNT_AT + 4, _TAG_COUNT_AT + 4 + count * _TAG_BYTES, _TAG_BYTES)
    return dict(struct.unpack_from(">4sI", profile, at) for at in rows)


def _xyz(profile: bytes, at: int) -> tuple[float, ...]:
    # 8 bytes of type, then three numbers in 1/65536.
    return tuple(value / 65536 for value in struct.unpack_from(">iii", profile, at + 8))


def _is_srgb_curve(profile: bytes, at: int) -> bool:
    """A linear sRGB exists too, and one with a plain power."""
    kind, _, head = struct.unpack_from(">4sII", profile, at)
    if kind == b"para":
        return bool(head >> 16 == _SRGB_FORMULA)
    if kind != b"curv" or head < _FEWEST_POINTS:
        return False
    middle = struct.unpack_from(">H", profile, at + 12 + head // 2 * 2)[0] / 65535
    return bool(abs(middle - _AT_HALF) <= _TOLERANCE)


def _is_close(found: tuple[float, ...], wanted: tuple[float, ...]) -> bool:
    return all(abs(a - b) <= _TOLERANCE for a, b in zip(found, wanted, strict=True))
