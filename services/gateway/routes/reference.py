"""The documents of both doors, for machines and as pages: `/openapi.json`, `/asyncapi.json` …"""

import json
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts import asyncapi
from services.gateway.routes import documents
from services.gateway.routes.answers import status_response
from services.gateway.routes.html import (
    Html,
    fields,
    joined,
    kind,
    page,
    sample,
    shapes,
    table,
    tag,
)
from services.gateway.routes.openapi import openapi_of
from services.gateway.routes.paths import put

_LINKS = tag(
    "nav",
    tag("a", "HTTP", href="/docs"),
    tag("a", "openapi.json", href="/openapi.json"),
    tag("a", "Bus", href="/asyncapi"),
    tag("a", "asyncapi.json", href="/asyncapi.json"),
)


class Reference:
    """The documents, each made at its first reading."""

    def __init__(self, app: FastAPI) -> None:
        self._http = cache(lambda: openapi_of(app))
        self._bus = cache(asyncapi.document)

    async def openapi(self, _: Request) -> Response:
        """This document: OpenAPI 3.1."""
        return status_response(_json(self._http()))

    async def docs(self, _: Request) -> Response:
        """The same as a page to read."""
        told = self._http()
        by_tag = ((tag_["name"], tag_["description"]) for tag_ in told["tags"])
        return page(
            "Mizual over HTTP",
            _LINKS,
            tag("p", told["info"]["description"]),
            *(part for name, about in by_tag for part in _area(told, name, about)),
            tag("h2", "Shapes"),
            shapes(told["components"]["schemas"]),
        )

    async def asyncapi_json(self, _: Request) -> Response:
        """The contract of the bus: AsyncAPI 3."""
        return status_response(_json(self._bus()))

    async def asyncapi(self, _: Request) -> Response:
        """The contract of the bus as a page to read."""
        told = self._bus()
        topics = asyncapi.topics()
        areas = dict.fromkeys(topic.area for topic in topics)
        return page(
            "Mizual over the bus",
            _LINKS,
            tag("p", told["info"]["description"]),
            *(
                part
                for area in areas
                for part in (
                    tag("h2", area.capitalize()),
                    *(_topic(told, topic) for topic in topics if topic.area == area),
                )
            ),
            tag("h2", "Shapes"),
            shapes(told["components"]["schemas"]),
        )


def _json(document: documents.Document) -> bytes:
    return json.dumps(document, ensure_ascii=False).encode()


def _area(told: documents.Document, name: str, about: str) -> Iterator[Html]:
    yield tag("h2", name.capitalize())
    yield tag("p", about)
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            if name in operation["tags"]:
                yield _operation(path, method, operation)


def _operation(path: str, method: str, operation: Mapping[str, Any]) -> Html:
    title = joined((tag("code", f"{method.upper()} {path}"), " ", operation["summary"]))
    return tag(
        "details",
        tag("summary", title),
        tag("p", operation.get("description", "")),
        _parameters(operation.get("parameters", ())),
        *_body(operation.get("requestBody", {})),
        *_answers(operation["responses"]),
        id=operation["operationId"],
    )


def _parameters(parameters: Any) -> Html:
    return table(
        ("parameter", "in", "type", "meaning"),
        (
            (
                tag("code", told["name"]),
                told["in"],
                kind(told["schema"]),
                told.get("description", ""),
            )
            for told in parameters
        ),
    )


def _body(body: Mapping[str, Any]) -> Iterator[Html]:
    for content_type, told in body.get("content", {}).items():
        yield tag("p", "Takes ", tag("code", content_type), ":")
        yield fields(told["schema"])
        if "example" in told:
            yield sample(told["example"])


def _answers(answers: Mapping[str, Any]) -> Iterator[Html]:
    yield table(
        ("answer", "meaning"), ((code, told["description"]) for code, told in answers.items())
    )
    contents = (
        content for told in answers.values() for content in told.get("content", {}).values()
    )
    first: Mapping[str, Any] = next(contents, {})
    if "schema" in first:
        yield tag("p", kind(first["schema"]))
    if "example" in first:
        yield sample(first["example"])


def _topic(told: documents.Document, topic: asyncapi.Topic) -> Html:
    channel = told["channels"][topic.name]
    said = {"from": topic.senders, "to": topic.receivers}
    rows = [(word, ", ".join(names)) for word, names in said.items()]
    messages = [
        *channel["messages"],
        *told["channels"].get(f"{topic.name}_reply", {}).get("messages", ()),
    ]
    links = [tag("a", name, href=f"#shape-{name}") for name in messages]
    return tag(
        "details",
        tag("summary", tag("code", topic.subject)),
        tag("p", channel["description"]),
        table(
            ("", ""),
            [
                *rows,
                *(("says" if at == 0 else "answered by", link) for at, link in enumerate(links)),
            ],
        ),
        id=topic.name,
    )


def put_reference(app: FastAPI) -> None:
    """Put the documents under their paths."""
    reference = Reference(app)
    for path, endpoint, content_type in (
        ("/openapi.json", reference.openapi, "application/json"),
        ("/docs", reference.docs, "text/html"),
        ("/asyncapi.json", reference.asyncapi_json, "application/json"),
        ("/asyncapi", reference.asyncapi, "text/html"),
    ):
        told = documents.text(content_type) if "html" in content_type else documents.answer({})
        put(app, [path], endpoint, responses={200: told}, extra=documents.PUBLIC)
