"""What the OpenAPI document says of pictures."""

from typing import Final

from contracts.styles import STYLE_ID
from services.gateway.domain.images import ROLES, SIZES
from services.gateway.routes import schemas
from services.gateway.routes.body_documents import FILE
from services.gateway.routes.documents import JOB_ID, OWNER, PUBLIC, Answers, Document, in_path, of

KEPT: Final = of(
    schemas.UploadKept,
    {"image_id": JOB_ID, "width": 1024, "height": 768, "content_type": "image/jpeg"},
    "Kept",
)

_CONDITIONS: Final[list[Document]] = [
    {"name": name, "in": "header", "schema": {"type": "string"}}
    for name in ("Range", "If-None-Match")
]
SIZE: Final[Document] = {
    "name": "size",
    "in": "query",
    "description": "`thumb` is a WebP of at most 256 pixels a side.",
    "schema": {"type": "string", "enum": [*SIZES, ""], "default": SIZES[0]},
}
_IMAGE: Final[Document] = {"content": {"image/*": {"schema": FILE}}}
PICTURES: Final[Answers] = {
    200: {"description": "The picture", **_IMAGE},
    206: {"description": "The range that was asked for", **_IMAGE},
    302: {"description": "Where the store answers itself"},
    304: {"description": "The client has it already"},
    416: {"description": "There is no such range"},
}
PICTURE: Final[Document] = {
    "parameters": [
        {
            "name": "key",
            "in": "path",
            "required": True,
            "schema": {"type": "string"},
            "example": f"preview/edit/{JOB_ID}/result-9f86d081884c7d65.jpg",
        },
        {"name": "exp", "in": "query", "required": True, "schema": {"type": "integer"}},
        {"name": "sig", "in": "query", "required": True, "schema": {"type": "string"}},
        *_CONDITIONS,
    ]
}

READ: Final[Answers] = {status: PICTURES[status] for status in (200, 206, 304, 416)}
"""Of a picture that is never elsewhere."""
IMAGE: Final[Document] = {
    "parameters": [
        in_path("image_id", "Of an upload, or of a job."),
        {
            "name": "role",
            "in": "query",
            "description": "Of a job: what it ended with, or what it was made from.",
            "schema": {"type": "string", "enum": [*ROLES, ""], "default": ROLES[0]},
        },
        SIZE,
        *_CONDITIONS,
    ],
    **OWNER,
}
STYLE_IMAGE: Final[Document] = {
    "parameters": [
        {
            "name": "style_id",
            "in": "path",
            "required": True,
            "schema": {"type": "string", "pattern": STYLE_ID},
            "example": "ink-and-paper",
        },
        SIZE,
        *_CONDITIONS,
    ],
    **PUBLIC,
}
