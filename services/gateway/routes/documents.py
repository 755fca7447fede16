"""What the OpenAPI page says where the code cannot say it itself."""

from typing import Any, Final

from contracts.events import Problem
from services.gateway.domain.options import MAX_SEED

Document = dict[str, Any]

_ID: Final[Document] = {
    "name": "job_id",
    "in": "path",
    "required": True,
    "description": "The edit's id.",
    "schema": {"type": "string", "format": "uuid"},
}
_STATUS_EXAMPLE: Final[Document] = {
    "uuid": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
    "kind": "edit",
    "status": "processing",
    "processing_stage": "ai_processing",
    "message": "Creating your edited image with AI...",
    "progress_percent": 65,
    "is_complete": False,
    "is_error": False,
    "edited_image_url": None,
    "original_image_url": "https://example.com/images/…",
    "prompt": "make the sky more dramatic",
    "enhanced_prompt": None,
    "provider": "flux",
    "model": "flux-2-pro",
    "note": None,
    "parent_edit_uuid": None,
    "chain_position": 1,
    "attempt": 1,
    "retry_at": None,
    "retry_reason": None,
    "error_code": None,
    "created_at": "2026-11-20T10:30:00.000Z",
    "updated_at": "2026-11-20T10:30:04.000Z",
}
_EDIT_PROPERTIES: Final[Document] = {
    "prompt": {"type": "string", "minLength": 1, "maxLength": 1000},
    "image_id": {"type": "string", "format": "uuid", "description": "An upload or a result."},
    "parent_edit_uuid": {"type": "string", "format": "uuid", "nullable": True},
    "output_format": {"type": "string", "enum": ["jpeg", "png", "webp"]},
    "enhance": {"type": "boolean", "default": True},
    "seed": {
        "type": "integer",
        "minimum": 0,
        "maximum": MAX_SEED,
        "description": "Makes results repeatable, with models that honour it.",
    },
    "aspect_ratio": {
        "type": "string",
        "description": "As 16:9; a refusal lists what the model honours.",
    },
    "style_id": {"type": "string"},
    "model": {
        "type": "string",
        "description": "Instead of the usual one; a refusal lists what there is.",
    },
}
_BASE64: Final = {"type": "string", "description": "A data URL or bare base64."}
_FILE: Final = {"type": "string", "format": "binary"}


def problems(*statuses: int) -> dict[int | str, Document]:
    """Problem documents for these statuses."""
    content = {"application/problem+json": {"schema": Problem.model_json_schema()}}
    return {
        status: {"description": "A problem document", "content": content} for status in statuses
    }


def body(content_type: str, schema: Document) -> Document:
    """A request body of one type."""
    return {"required": True, "content": {content_type: {"schema": schema}}}


def answer(example: Document, description: str = "OK") -> Document:
    """A JSON answer, by example."""
    return {"description": description, "content": {"application/json": {"example": example}}}


def in_query(parameters: Document) -> Document:
    """Optional parameters of the query, each with its schema."""
    return {
        "parameters": [
            {"name": name, "in": "query", "schema": schema} for name, schema in parameters.items()
        ]
    }


ID_IN_PATH: Final[Document] = {"parameters": [_ID]}

STATUS: Final[Document] = answer(_STATUS_EXAMPLE, "The status object")

ACCEPTED: Final[Document] = answer(
    {
        "edit_id": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        "polling_url": "/edit/1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        "status_url": "https://example.com/edit/1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        "events_url": "https://example.com/edit/1b4e28ba-2fa1-41d2-883f-0016d3cca427/events",
        "edit_token": "…",
    },
    "The job is stored",
)

ERASED: Final[Document] = answer(
    {
        "uuid": "1b4e28ba-2fa1-41d2-883f-0016d3cca427",
        "erased": True,
        "removed": {
            "journal_entries": 7,
            "words": ["prompt", "enhanced_prompt"],
            "objects": ["original", "raw", "result"],
            "feedback": 1,
            "dead_letters": 0,
        },
        "remaining": [],
    },
    "What was removed; `remaining` could not be reached and follows by itself",
)

EDIT_BODY: Final[Document] = {
    "parameters": [
        {
            "name": "Idempotency-Key",
            "in": "header",
            "description": "The same key with the same body answers the first job again.",
            "schema": {"type": "string", "minLength": 1, "maxLength": 255},
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["prompt"],
                    "properties": {**_EDIT_PROPERTIES, "image": _BASE64, "image_data": _BASE64},
                }
            },
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["prompt"],
                    "properties": {**_EDIT_PROPERTIES, "image": _FILE},
                }
            },
        },
    },
}

UPLOAD_BODY: Final[Document] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {"schema": {"type": "object", "properties": {"image": _FILE}}},
            "application/octet-stream": {"schema": _FILE},
        },
    }
}

EVENTS: Final[Document] = {
    "description": (
        "Each entry as `event: stage` with its id and the status object; at last `event: end`. "
        "204 for a client that has seen the end."
    ),
    "content": {"text/event-stream": {"schema": {"type": "string"}}},
}

PICTURE: Final[Document] = {
    "parameters": [
        {"name": "key", "in": "path", "required": True, "schema": {"type": "string"}},
        {"name": "exp", "in": "query", "required": True, "schema": {"type": "integer"}},
        {"name": "sig", "in": "query", "required": True, "schema": {"type": "string"}},
    ]
}
