"""References to stored bytes, and the only place where object keys are built.

A key is `<prefix>/<kind>/<job_id>/<role>-<sha256[:16]>.<ext>`; uploads live under
`<prefix>/upload/<image_id>/`, styles under `<prefix>/style/<UUID of the style's id>/`. A key is
created once and never overwritten.
"""

import hashlib
import re
from typing import Annotated, Final, Literal
from uuid import NAMESPACE_URL, UUID, uuid5

from pydantic import Field, StringConstraints

from contracts.base import Message

Role = Literal["original", "raw", "result", "thumb", "guide", "reference"]

EXTENSIONS: Final = {
    "image/jpeg": "jpg",
    "image/png": "png",
    "image/webp": "webp",
    "image/tiff": "tiff",
    "image/bmp": "bmp",
    "application/json": "json",
}
"""Content type -> file extension of a key."""

Prefix = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]

KEY = re.compile(
    r"[a-z0-9][a-z0-9._-]{0,62}/[a-z]{1,16}/[0-9a-f-]{36}/[a-z]{1,16}-[0-9a-f]{16}\.[a-z]{3,4}"
)
"""What a key looks like, whole: nothing else reaches a store."""


class ObjectRef(Message):
    """The claim check of stored bytes: where they are, what they are, and their digest."""

    key: str = Field(pattern=f"^{KEY.pattern}$")
    content_type: str = Field(pattern=r"^(image/[a-z]+|application/json)$")
    size_bytes: int = Field(ge=0)
    sha256: Sha256
    width_pixels: int | None = Field(default=None, ge=1)
    height_pixels: int | None = Field(default=None, ge=1)


def digest(data: bytes) -> str:
    """SHA-256 of the bytes, in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def job_key(
    prefix: str, kind: str, job_id: UUID, *, role: Role, sha256: str, content_type: str
) -> str:
    """The key of one role's bytes of a job. Raises KeyError for an unknown content type."""
    return f"{job_folder(prefix, kind, job_id)}/{role}-{sha256[:16]}.{EXTENSIONS[content_type]}"


def job_folder(prefix: str, kind: str, job_id: UUID) -> str:
    """Where all bytes of a job lie."""
    return f"{prefix}/{kind}/{job_id}"


UPLOADS: Final = "upload"
"""Where pictures lie that no job has yet, beside the folders of the kinds of jobs."""


def upload_key(prefix: str, image_id: UUID, *, sha256: str, content_type: str) -> str:
    """The key of an uploaded picture that no job owns yet."""
    return f"{prefix}/{UPLOADS}/{image_id}/original-{sha256[:16]}.{EXTENSIONS[content_type]}"


def thumb_key(key: str) -> str:
    """The key of the small copy of a picture: beside its source, whose digest it holds."""
    folder, _, name = key.rpartition("/")
    return f"{folder}/thumb-{name.partition('-')[2].partition('.')[0]}.{EXTENSIONS['image/webp']}"


STYLES: Final = "style"
"""Where the guides and reference pictures of styles lie."""


def style_key(
    prefix: str,
    style_id: str,
    *,
    role: Literal["guide", "reference"],
    sha256: str,
    content_type: str,
) -> str:
    """The key of a style's guide or reference picture."""
    folder = uuid5(NAMESPACE_URL, f"mizual:style:{style_id}")
    return f"{prefix}/{STYLES}/{folder}/{role}-{sha256[:16]}.{EXTENSIONS[content_type]}"
