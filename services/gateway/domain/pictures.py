"""Pictures inside JSON: a data URL or bare base64, decoded strictly."""

import binascii
import re
from typing import Final

from contracts.errors import ErrorCode
from services.gateway.domain.problems import RefusalError

_HEADER: Final = re.compile(r"data:[^,]{0,200};base64", re.IGNORECASE)
_HEADER_CHARACTERS: Final = 256


def decoded(text: str, *, most_bytes: int) -> bytes:
    """The bytes, whatever the header calls them. Raises RefusalError (400, 413)."""
    payload = _payload(text)
    if len(payload) // 4 * 3 - 2 > most_bytes:
        raise too_large(most_bytes)
    try:
        data = binascii.a2b_base64(payload, strict_mode=True)
    except ValueError:
        raise RefusalError(
            400, ErrorCode.INVALID_IMAGE, "The picture in `image` is not valid base64."
        ) from None
    if not data:
        raise RefusalError(400, ErrorCode.INVALID_IMAGE, "The picture is empty.")
    return data


def too_large(most_bytes: int) -> RefusalError:
    """413 for more bytes than are taken."""
    most = most_bytes / (1024 * 1024)
    return RefusalError(
        413,
        ErrorCode.PAYLOAD_TOO_LARGE,
        f"This is too large to upload; pictures of at most {most:g} MB are accepted.",
    )


def _payload(text: str) -> str:
    if text[:5].lower() != "data:":
        return text
    comma = text.find(",", 0, _HEADER_CHARACTERS)
    if comma < 0 or not _HEADER.fullmatch(text[:comma]):
        raise RefusalError(
            400, ErrorCode.INVALID_IMAGE, "The picture in `image` is a data URL without base64."
        )
    return text[comma + 1 :]
