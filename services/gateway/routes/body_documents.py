"""What the OpenAPI document says of the bodies that submit jobs and pictures."""

from typing import Final

from contracts.journal import MAX_PROMPT_CHARACTERS
from services.gateway.domain.options import MAX_SEED
from services.gateway.routes.documents import IDEMPOTENCY_KEY, PRINTABLE, WORDS, Document

_PIXEL: Final = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGA"
    "WjR9awAAAABJRU5ErkJggg=="
)


_BASE64: Final = {
    "type": ["string", "null"],
    "format": "picture",
    "description": "A data URL or bare base64.",
}
FILE: Final = {"type": "string", "format": "binary"}
_IMAGE_ID: Final = {"type": ["string", "null"], "format": "uuid", "description": "An upload."}
_STYLE_ID: Final = {"type": ["string", "null"], "description": "See `GET /api/styles`."}
_EDIT_PROPERTIES: Final[Document] = {
    "prompt": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_PROMPT_CHARACTERS,
        "pattern": WORDS,
        "description": "What to change. Blanks at both ends do not count.",
    },
    "image_id": _IMAGE_ID,
    "parent_edit_uuid": {
        "type": ["string", "null"],
        "format": "uuid",
        "description": "A completed edit that this one follows.",
    },
    "output_format": {"type": ["string", "null"], "enum": ["jpeg", "png", "webp", None]},
    "enhance": {"type": ["boolean", "null"], "default": True},
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
    "style_id": _STYLE_ID,
    "model": {
        "type": ["string", "null"],
        "description": "Instead of the usual one; a refusal lists what there is.",
    },
}
_EXAMPLE: Final = {"prompt": "make the sky more dramatic", "image": _PIXEL}


def _picture_from(given: str, *others: str) -> Document:
    """The picture comes from this field, and from no other."""
    absent = [{"required": [name]} for name in others]
    known = {given: {"type": "string"}}
    return {"required": [given], "properties": known, "not": {"anyOf": absent}}


_FROM_A_PICTURE: Final = [
    _picture_from("image", "image_data", "image_id"),
    _picture_from("image_data", "image", "image_id"),
    _picture_from("image_id", "image", "image_data"),
]
_JSON: Final[Document] = {
    "type": "object",
    "required": ["prompt"],
    "properties": {**_EDIT_PROPERTIES, "image": _BASE64, "image_data": _BASE64},
    "anyOf": [
        *_FROM_A_PICTURE,
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
        "image": FILE,
    },
}


def _submitted(content: Document) -> Document:
    body = {"required": True, "content": content}
    return {"parameters": [IDEMPOTENCY_KEY], "requestBody": body}


EDIT_BODY: Final = _submitted(
    {
        "application/json": {"schema": _JSON, "example": _EXAMPLE},
        "multipart/form-data": {"schema": _FORM},
    }
)

_VARIATION_PROPERTIES: Final[Document] = {
    "style_id": _STYLE_ID,
    "prompt": {
        "type": ["string", "null"],
        "maxLength": MAX_PROMPT_CHARACTERS,
        "pattern": PRINTABLE,
        "description": "What to mind. Blanks at both ends do not count.",
    },
    "fast": {
        "type": ["boolean", "null"],
        "default": False,
        "description": "By the quicker model, at some cost of quality.",
    },
}
VARIATION_BODY: Final = _submitted(
    {
        "application/json": {
            "schema": {
                "type": "object",
                "description": "Without a picture the style's reference picture is varied.",
                "properties": {
                    **_VARIATION_PROPERTIES,
                    "image": _BASE64,
                    "image_data": _BASE64,
                    "image_id": _IMAGE_ID,
                },
                "anyOf": [
                    *_FROM_A_PICTURE,
                    _picture_from("style_id", "image", "image_data", "image_id"),
                ],
            },
            "example": {"style_id": "ink-and-paper", "image": _PIXEL},
        },
        "multipart/form-data": {
            "schema": {
                "type": "object",
                "required": ["image"],
                "description": "Without a file it takes `image_id` or `style_id`, as JSON does.",
                "properties": {**_VARIATION_PROPERTIES, "image": FILE},
            }
        },
    }
)

CUTOUT_BODY: Final = _submitted(
    {
        "application/json": {
            "schema": {
                "type": "object",
                "properties": {"image": _BASE64, "image_data": _BASE64, "image_id": _IMAGE_ID},
                "anyOf": _FROM_A_PICTURE,
            },
            "example": {"image": _PIXEL},
        },
        "multipart/form-data": {
            "schema": {"type": "object", "required": ["image"], "properties": {"image": FILE}}
        },
        "application/octet-stream": {"schema": FILE},
    }
)

UPLOAD_BODY: Final[Document] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["image"],
                    "properties": {"image": FILE},
                }
            },
            "application/octet-stream": {"schema": FILE},
        },
    }
}
