"""What the OpenAPI document says of edits and pictures."""

from typing import Final

from contracts.journal import MAX_PROMPT_CHARACTERS
from services.gateway.domain.options import MAX_SEED
from services.gateway.routes import schemas
from services.gateway.routes.documents import (
    ID_IN_PATH,
    IDEMPOTENCY_KEY,
    JOB_ID,
    OWNER,
    WORDS,
    Answers,
    Document,
    allowed,
    of,
)

_PIXEL: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)


def _to(operation: str, **also: str) -> Document:
    parameters = {"job_id": "$response.body#/edit_id", **also}
    return {"operationId": operation, "parameters": parameters}


ACCEPTED: Final = of(
    schemas.EditAccepted,
    {
        "edit_id": JOB_ID,
        "polling_url": f"/edit/{JOB_ID}",
        "status_url": f"https://example.com/edit/{JOB_ID}",
        "events_url": f"https://example.com/edit/{JOB_ID}/events",
        "edit_token": "…",
    },
    "The job is stored",
    links={
        "status": _to("edits_status"),
        "cancel": _to("edits_cancel", **{"X-Edit-Token": "$response.body#/edit_token"}),
        "feedback": _to("feedback_read"),
    },
)

ERASED: Final = of(
    schemas.EditErased,
    {
        "uuid": JOB_ID,
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

KEPT: Final = of(
    schemas.UploadKept,
    {"image_id": JOB_ID, "width": 1024, "height": 768, "content_type": "image/jpeg"},
    "Kept",
)

_EDIT_PROPERTIES: Final[Document] = {
    "prompt": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_PROMPT_CHARACTERS,
        "pattern": WORDS,
        "description": "What to change. Blanks at both ends do not count.",
    },
    "image_id": {"type": ["string", "null"], "format": "uuid", "description": "An upload."},
    "parent_edit_uuid": {
        "type": ["string", "null"],
        "format": "uuid",
        "description": "A completed edit that this one follows.",
    },
    "output_format": {"type": ["string", "null"], "enum": ["jpeg", "png", "webp", None]},
    "enhance": {"type": "boolean", "default": True},
    "seed": {
        "type": ["integer", "null"],
        "minimum": 0,
        "maximum": MAX_SEED,
        "description": "Makes results repeatable, with models that honour it.",
    },
    "aspect_ratio": {
        "type": ["string", "null"],
        "description": "As 16:9; a refusal lists what the model honours.",
    },
    "style_id": {"type": ["string", "null"]},
    "model": {
        "type": ["string", "null"],
        "description": "Instead of the usual one; a refusal lists what there is.",
    },
}
_BASE64: Final = {
    "type": ["string", "null"],
    "format": "picture",
    "description": "A data URL or bare base64.",
}
_FILE: Final = {"type": "string", "format": "binary"}
_EXAMPLE: Final = {"prompt": "make the sky more dramatic", "image": _PIXEL}


def _picture_from(given: str, *others: str) -> Document:
    """The picture comes from this field, and from no other."""
    absent = [{"required": [name]} for name in others]
    known = {given: {"type": "string"}}
    return {"required": [given], "properties": known, "not": {"anyOf": absent}}


_JSON: Final[Document] = {
    "type": "object",
    "required": ["prompt"],
    "properties": {**_EDIT_PROPERTIES, "image": _BASE64, "image_data": _BASE64},
    "anyOf": [
        _picture_from("image", "image_data", "image_id"),
        _picture_from("image_data", "image", "image_id"),
        _picture_from("image_id", "image", "image_data"),
        _picture_from("parent_edit_uuid", "image", "image_data", "image_id"),
    ],
}
_FORM: Final[Document] = {
    "type": "object",
    "required": ["prompt", "image"],
    "description": (
        "Without a file it takes `image_id` or `parent_edit_uuid`, as JSON does. An option that is "
        "empty or the text `null` is left out."
    ),
    "properties": {
        **{name: told for name, told in _EDIT_PROPERTIES.items() if name != "image_id"},
        "image": _FILE,
    },
}

EDIT_BODY: Final[Document] = {
    "parameters": [IDEMPOTENCY_KEY],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {"schema": _JSON, "example": _EXAMPLE},
            "multipart/form-data": {"schema": _FORM},
        },
    },
}

UPLOAD_BODY: Final[Document] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {"image": _FILE},
                }
            },
            "application/octet-stream": {"schema": _FILE},
        },
    }
}

EVENTS: Final[Document] = {
    "description": (
        "Each entry as `event: stage` with its `id:` and the status object as `data:`; at last "
        "`event: end` with the final one. A comment goes out every 15 s of silence."
    ),
    "content": {
        "text/event-stream": {
            "itemSchema": {
                "type": "object",
                "required": ["event", "data"],
                "properties": {
                    "id": {"type": "string", "description": "For Last-Event-ID; none at the end."},
                    "event": {"type": "string", "enum": ["stage", "end"]},
                    "data": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": {"$ref": "#/components/schemas/EditStatus"},
                    },
                },
            },
            "example": 'retry: 2000\n\nid: 41\nevent: stage\ndata: {"uuid": "…", …}\n\n',
        }
    },
}
ALL_EVENTS: Final[Document] = {
    "description": (
        "Each entry of every job of the caller as `event: stage`, endings too; there is no `end`. "
        "`event: skipped` tells that earlier changes are left out, an `id:` alone where the stream "
        "stands."
    ),
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": 'retry: 2000\n\nid: 41\nevent: stage\ndata: {"uuid": "…", …}\n\nid: 57\n\n',
        }
    },
}
SEEN: Final[Document] = {"description": "The client has seen the end already."}
_RESUMED: Final[list[Document]] = [
    {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "Go on after this entry; also as the query `last_event_id`.",
        "schema": {"type": "string"},
    },
    {"name": "last_event_id", "in": "query", "schema": {"type": "string"}},
]
LAST_EVENT_ID: Final[Document] = {"parameters": [*ID_IN_PATH["parameters"], *_RESUMED]}
ALL_LAST_EVENT_ID: Final[Document] = {
    "parameters": _RESUMED,
    **allowed("public", "session", "platform"),
}
CHANGE: Final[Document] = {
    "parameters": [
        *ID_IN_PATH["parameters"],
        {
            "name": "X-Edit-Token",
            "in": "header",
            "description": "The job's token, for callers without cookies.",
            "schema": {"type": "string"},
        },
    ],
    **OWNER,
}

_IMAGE: Final[Document] = {"content": {"image/*": {"schema": _FILE}}}
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
