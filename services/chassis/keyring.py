"""Signatures with subkeys of APP_SECRET_KEY: one per use, the first key signs and all verify."""

import base64
import hashlib
import hmac
import secrets
from enum import StrEnum
from typing import Final
from uuid import UUID

SIGNATURE_BYTES: Final = 24
UPLOAD_VERSION: Final = 8
"""Of the UUIDs that uploads have (RFC 9562: one whose bits are ours to choose); a job's is 4."""
_SALT: Final = b"mizual"
_HALF_BYTES: Final = 8


class Use(StrEnum):
    """What a subkey is for; a signature of one use is worthless for another."""

    COOKIE = "cookie"
    URL = "url"
    ID = "id"
    TOKEN = "token"  # noqa: S105 - the name of a use
    WEBHOOK = "webhook"
    IMAGE = "image"


class Keyring:
    """The application's secrets, oldest last."""

    def __init__(self, secrets: tuple[bytes, ...]) -> None:
        self._keys = {use: tuple(_subkey(secret, use) for secret in secrets) for use in Use}

    def sign(self, use: Use, data: bytes) -> str:
        """A signature under the first key, safe in URLs and cookies."""
        return text_of(self._mac(self._keys[use][0], data))

    def verify(self, use: Use, data: bytes, signature: str) -> bool:
        """Whether some key made it, told in constant time."""
        presented = signature.encode()
        expected = [text_of(self._mac(key, data)).encode() for key in self._keys[use]]
        return any(hmac.compare_digest(presented, mac) for mac in expected)

    def job_ids(self, scope: str, key: str) -> tuple[UUID, ...]:
        """The ids that an idempotency key stands for, one per secret; the first is for new jobs."""
        data = framed("job", scope, key)
        macs = (hmac.digest(subkey, data, "sha256") for subkey in self._keys[Use.ID])
        return tuple(UUID(bytes=mac[:16], version=4) for mac in macs)

    def edit_token(self, job_id: UUID) -> str:
        """What allows cancelling and erasing a job without a cookie."""
        return self.sign(Use.TOKEN, job_id.bytes)

    def is_edit_token(self, job_id: UUID, token: str) -> bool:
        """Whether the token is this job's."""
        return self.verify(Use.TOKEN, job_id.bytes, token)

    def webhook_token(self, job_id: UUID) -> str:
        """What the address holds that a provider is asked to call when the job's task ends."""
        return self.sign(Use.WEBHOOK, job_id.bytes)

    def is_webhook_token(self, job_id: UUID, token: str) -> bool:
        """Whether the token is this job's."""
        return self.verify(Use.WEBHOOK, job_id.bytes, token)

    def image_id(self, owner: str) -> UUID:
        """A new id for an upload of this owner, which nobody else can guess or make."""
        half = secrets.token_bytes(_HALF_BYTES)
        return _bound(self._keys[Use.IMAGE][0], half, owner)

    def is_image_of(self, image_id: UUID, owner: str) -> bool:
        """Whether the upload is this owner's."""
        half = image_id.bytes[:_HALF_BYTES]
        expected = [_bound(key, half, owner).bytes for key in self._keys[Use.IMAGE]]
        return any(hmac.compare_digest(image_id.bytes, one) for one in expected)

    @staticmethod
    def _mac(key: bytes, data: bytes) -> bytes:
        return hmac.digest(key, data, "sha256")[:SIGNATURE_BYTES]


def _bound(key: bytes, half: bytes, owner: str) -> UUID:
    """One half as it is given, the other says whose it is; 60 and 62 bits beside the version."""
    first = int.from_bytes(half, "big") & ~(0xF << 12) | UPLOAD_VERSION << 12
    mac = hmac.digest(key, framed("image", owner) + first.to_bytes(_HALF_BYTES, "big"), "sha256")
    second = int.from_bytes(mac[:_HALF_BYTES], "big") & ~(0b11 << 62) | 0b10 << 62
    return UUID(int=first << 64 | second)


def framed(kind: str, *parts: str) -> bytes:
    """The parts with their lengths in front, so that no two lists look alike."""
    encoded = (part.encode() for part in (kind, *parts))
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def hashed(kind: str, *parts: str) -> str:
    """A name that tells nothing of its parts: 128 bits of SHA-256 in hex."""
    return hashlib.sha256(framed(kind, *parts)).hexdigest()[:32]


def platform_owner(user_id: str, tenant_id: str | None) -> str:
    """What a platform's user is called as an owner of jobs."""
    return hashed("platform", *((user_id,) if tenant_id is None else (user_id, tenant_id)))


def text_of(data: bytes) -> str:
    """Unpadded base64 for URLs."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _subkey(secret: bytes, use: Use) -> bytes:
    # HKDF-SHA256 (RFC 5869) with one block of output.
    extracted = hmac.digest(_SALT, secret, "sha256")
    return hmac.digest(extracted, use.encode() + b"\x01", "sha256")
