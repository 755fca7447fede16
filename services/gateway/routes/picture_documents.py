"""What the OpenAPI document says of pictures."""

from typing import Final

from services.gateway.routes import schemas
from services.gateway.routes.body_documents import FILE
from services.gateway.routes.documents import JOB_ID, Answers, Document, of

KEPT: Final = of(
    schemas.UploadKept,
    {"image_id": JOB_ID, "width": 1024, "height": 768, "content_type": "image/jpeg"},
    "Kept",
)

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
        {"name": "Range", "in": "header", "schema": {"type": "string"}},
        {"name": "If-None-Match", "in": "header", "schema": {"type": "string"}},
    ]
}
