"""What the OpenAPI document says where the code cannot say it itself.

A route names its answers with `of` (a model and an example), `answer` (an example alone) and
`problems`, and says in `extra` what it reads. What holds for every operation is added in
`openapi.py`: request ids, what may go wrong anywhere, tags.
"""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from pydantic import BaseModel

from contracts.errors import ErrorCode
from services.gateway.domain.problems import not_found
from services.gateway.routes import schemas

Document = dict[str, Any]
Answers = dict[int | str, Document]
"""By status."""

JOB_ID: Final = "1b4e28ba-2fa1-41d2-883f-0016d3cca427"
_CODES: Final[dict[int, tuple[str, str]]] = {
    400: ("INVALID_IMAGE", "The image is damaged or incomplete."),
    403: ("FORBIDDEN", "This page may not act in the visitor's name."),
    404: ("EDIT_NOT_FOUND", "Edit not found"),
    408: ("REQUEST_TIMEOUT", "The request took too long to arrive."),
    409: ("FEEDBACK_EXISTS", "Feedback for this edit was already given"),
    413: (
        "PAYLOAD_TOO_LARGE",
        "This is too large to upload; pictures of at most 20 MB are accepted.",
    ),
    415: ("UNSUPPORTED_MEDIA_TYPE", "Send JSON (application/json) or a form."),
    422: ("INVALID_PROMPT", "Please say in `prompt` what should be changed."),
    429: ("RATE_LIMITED", "Too many requests; please try again in 2 seconds."),
    500: ("INTERNAL_ERROR", "Something went wrong on our side. Please try again later."),
    503: (
        "SERVICE_UNAVAILABLE",
        "The service is busy or restarting. Please try again in a moment.",
    ),
}
_WAIT: Final = ("Retry-After",)
_HEADERS: Final = {429: (*_WAIT, "RateLimit", "RateLimit-Policy"), 503: _WAIT}
STATUS_EXAMPLE: Final[Document] = {
    "uuid": JOB_ID,
    "job_id": JOB_ID,
    "kind": "edit",
    "status": "processing",
    "processing_stage": "ai_processing",
    "message": "Creating your edited image with AI...",
    "progress_percent": 65,
    "is_complete": False,
    "is_error": False,
    "edited_image_url": None,
    "result_url": None,
    "original_image_url": "https://example.com/images/…",
    "prompt": "make the sky more dramatic",
    "enhanced_prompt": None,
    "description": None,
    "style_id": None,
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

UNPRINTABLE: Final = r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
"""Characters that have no place in a sentence, as a regular expression has them."""
PRINTABLE: Final = rf"^[^{UNPRINTABLE}]*$"
"""A text without those."""
WORDS: Final = rf"^[^{UNPRINTABLE}]*[^{UNPRINTABLE}\s][^{UNPRINTABLE}]*$"
"""A text that is not blank."""


def problems(*statuses: int) -> Answers:
    """Problem documents for these statuses."""
    return {status: problem(status) for status in statuses}


def absent(code: ErrorCode) -> Answers:
    """404 for what is not there."""
    return {404: problem(404, code, not_found(code).sentence)}


def problem(status: int, code: str | None = None, detail: str | None = None) -> Document:
    """The problem document of one status, with the headers that come with it."""
    phrase = HTTPStatus(status).phrase
    usual = _CODES.get(status, ("INVALID_REQUEST", "This request cannot be answered."))
    example = {
        "type": "about:blank",
        "title": phrase,
        "status": status,
        "detail": detail or usual[1],
        "error_code": code or usual[0],
        "timestamp": "2026-11-20T10:30:00.000Z",
        "request_id": "5f0c1a9e2b7d4c6f8a1e3b5d7f9a0c2e",
    }
    content = {"schema": {"$ref": "#/components/schemas/Problem"}, "example": example}
    return {
        "description": f"{phrase}: a problem document",
        "headers": headers(*_HEADERS.get(status, ())),
        "content": {"application/problem+json": content},
    }


def headers(*names: str) -> Document:
    """Headers of an answer that the document describes once."""
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def of(
    model: type[BaseModel],
    example: Mapping[str, object],
    description: str = "OK",
    links: Document | None = None,
) -> Document:
    """A JSON answer of this shape."""
    told: Document = {
        "model": model,
        "description": description,
        "content": {"application/json": {"example": dict(example)}},
    }
    return {**told, "links": links} if links else told


def answer(example: Document, description: str = "OK") -> Document:
    """A JSON answer, by example."""
    content = {"schema": {"type": "object"}, "example": example}
    return {"description": description, "content": {"application/json": content}}


def text(content_type: str, description: str = "OK") -> Document:
    """An answer that is text of this type."""
    content = {"schema": {"type": "string"}}
    return {"description": description, "content": {content_type: content}}


def body(content_type: str, schema: Document, example: Document | None = None) -> Document:
    """A request body of one type."""
    told = {"schema": schema, **({"example": example} if example else {})}
    return {"required": True, "content": {content_type: told}}


def in_path(name: str, description: str, example: str = JOB_ID) -> Document:
    """A path parameter that is an id."""
    return {
        "name": name,
        "in": "path",
        "required": True,
        "description": description,
        "schema": {"type": "string", "format": "uuid"},
        "example": example,
    }


def in_query(parameters: Document) -> Document:
    """Optional parameters of the query, each with its schema."""
    return {
        "parameters": [
            {"name": name, "in": "query", "schema": schema} for name, schema in parameters.items()
        ]
    }


def allowed(*schemes: str) -> Document:
    """Who may: the holder of any of these (`PUBLIC` for everybody)."""
    return {"security": [_SECURITY[scheme] for scheme in schemes]}


_SECURITY: Final[dict[str, Document]] = {
    "public": {},
    "session": {"session": []},
    "platform": {"platformToken": [], "platformUser": []},
    "edit_token": {"editToken": []},
    "admin": {"adminToken": []},
}
PUBLIC: Final = allowed("public")
OWNER: Final = allowed("session", "platform", "edit_token", "admin")
"""Who may change a job."""
ADMIN: Final = allowed("admin")

ID_IN_PATH: Final[Document] = {"parameters": [in_path("job_id", "The job's id.")]}

STATUS: Final = of(schemas.JobStatus, STATUS_EXAMPLE, "The status object")
IDEMPOTENCY_KEY: Final[Document] = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "The same key with the same body answers the first job again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
}
