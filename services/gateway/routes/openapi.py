"""The OpenAPI document: what the routes say, completed by what holds for all of them."""

from collections.abc import Iterator
from typing import Any, Final

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from contracts.events import Problem
from services.gateway.routes import documents
from services.gateway.routes.documents import Document

_DESCRIPTION: Final = (
    "Submit a picture and a sentence, then poll the status or follow the event stream. Every "
    "error is a problem document (RFC 9457) with one readable `detail` and a stable "
    "`error_code`. Each path also answers with or without the slash at its end, and HEAD "
    "wherever it answers GET; any other method is 405 and names in `Allow` those that there are."
)
_TAGS: Final = {
    "edits": "Submitting edits, their status, following and ending them.",
    "variations": "Pictures made anew, in a style if one is named.",
    "cutouts": "Removing backgrounds.",
    "descriptions": "What is in a picture.",
    "jobs": "Jobs of any kind: their status, following and ending them.",
    "events": "All jobs of the caller live, as Server-Sent Events.",
    "images": "Pictures by their id.",
    "styles": "How pictures are to look.",
    "pictures": "Stored pictures by signed link.",
    "feedback": "Ratings of completed jobs.",
    "chains": "Edits that follow each other.",
    "history": "What the caller has made.",
    "analytics": "Figures over all jobs and ratings.",
    "operations": "For probes and operators.",
    "inspection": "For operators with the admin token.",
    "reference": "These documents.",
    "web": "The web page.",
}
_STRING: Final = {"schema": {"type": "string"}}
_HEADERS: Final[Document] = {
    "X-Request-Id": {"description": "Names this request in every message and log line.", **_STRING},
    "Retry-After": {"description": "Seconds to wait.", "schema": {"type": "integer"}},
    "RateLimit": {"description": "Of each limit: `r` left, the next one free in `t` s.", **_STRING},
    "RateLimit-Policy": {"description": "What the limit allows: `q` in `w` s.", **_STRING},
    "Allow": {"description": "The methods of this address.", **_STRING},
}
_SCHEMES: Final[Document] = {
    "session": {
        "type": "apiKey",
        "in": "cookie",
        "name": "mizual_session",
        "description": "Minted with an answer; in production `__Host-mizual_session`.",
    },
    "platformToken": {"type": "apiKey", "in": "header", "name": "X-Platform-Token"},
    "platformUser": {
        "type": "apiKey",
        "in": "header",
        "name": "X-User-Id",
        "description": "With the platform's token; `X-Tenant-Id` may come along.",
    },
    "editToken": {
        "type": "apiKey",
        "in": "header",
        "name": "X-Edit-Token",
        "description": "Given once with the answer to a submission: the right to that one job.",
    },
    "adminToken": {"type": "apiKey", "in": "header", "name": "X-Admin-Token"},
}
_ANYBODY: Final[list[Document]] = [
    {},
    {"session": []},
    {"platformToken": [], "platformUser": []},
]
_METHODS: Final = frozenset({"get", "post", "put", "patch", "delete"})


def openapi_of(app: FastAPI) -> Document:
    """The document of everything that the application answers."""
    document = get_openapi(
        title=app.title,
        version=app.version,
        summary=app.summary,
        description=_DESCRIPTION,
        routes=app.routes,
    )
    operations = list(_operations(document))
    for method, operation in operations:
        _complete(method, operation)
    parts = document.setdefault("components", {})
    parts.setdefault("schemas", {}).setdefault("Problem", Problem.model_json_schema())
    used = dict.fromkeys(tag for _, operation in operations for tag in operation["tags"])
    return {
        **document,
        "components": {**parts, "headers": _HEADERS, "securitySchemes": _SCHEMES},
        "security": _ANYBODY,
        "tags": [{"name": tag, "description": _TAGS.get(tag, tag.capitalize())} for tag in used],
    }


def _operations(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for path in document["paths"].values():
        yield from ((method, told) for method, told in path.items() if method in _METHODS)


def _complete(method: str, operation: Document) -> None:
    """Add what can go wrong anywhere, and the header that every answer has."""
    answers = operation["responses"]
    for status in _anywhere(method, operation):
        answers.setdefault(str(status), documents.problem(status))
    for told in answers.values():
        told["headers"] = {**told.get("headers", {}), **documents.headers("X-Request-Id")}
    operation["responses"] = dict(sorted(answers.items()))


def _anywhere(method: str, operation: Document) -> Iterator[int]:
    yield 500
    if method != "get":
        yield 403  # a page of another origin with the visitor's cookie
    if "requestBody" in operation:
        yield from (400, 408, 413)
    if "429" in operation["responses"]:
        yield 400  # whoever is counted may have named itself wrongly
