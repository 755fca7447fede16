"""Putting endpoints under their paths, each with what the OpenAPI document says of it."""

from collections.abc import Iterator, Sequence
from inspect import getdoc
from itertools import product
from typing import Final

from fastapi import FastAPI
from starlette.responses import Response

from services.gateway.routes import documents
from services.gateway.routes.door import Endpoint

_SUCCESS: Final = range(200, 300)


def put(
    app: FastAPI,
    paths: Sequence[str],
    endpoint: Endpoint,
    *,
    methods: Sequence[str] = ("GET",),
    responses: documents.Answers | None = None,
    extra: documents.Document | None = None,
    area: str | None = None,
) -> None:
    """One endpoint under its path, documented, and under every spelling that answers the same.

    Those are the other paths, each with and without the slash at its end. What answers GET
    answers HEAD. The area is that of the endpoint's module, unless it is named.
    """
    area = area or area_of(endpoint)
    answers = responses or {200: documents.answer({"status": "ok"})}
    for path, method in product(_spellings(paths), _with_head(methods)):
        documented = path == paths[0] and method == methods[0]
        app.add_api_route(
            path,
            endpoint,
            methods=[method],
            summary=_summary(endpoint),
            tags=[area],
            status_code=next((s for s in answers if s in _SUCCESS), 200),  # type: ignore[arg-type]
            response_class=Response,
            responses=answers,
            openapi_extra=extra,
            operation_id=_name(app, area, endpoint) if documented else None,
            include_in_schema=documented,
            response_model=None,
        )


def area_of(endpoint: Endpoint) -> str:
    """The module that the endpoint lives in, as `edits`."""
    return endpoint.__module__.rpartition(".")[2]


def _name(app: FastAPI, area: str, endpoint: Endpoint) -> str:
    """As `edits_status`, which links go by; numbered where one answers at several addresses."""
    name = f"{area}_{endpoint.__name__}"
    taken = {getattr(route, "operation_id", None) for route in app.routes}
    names = (name, *(f"{name}_{number}" for number in range(2, len(taken) + 3)))
    return next(free for free in names if free not in taken)


def _spellings(paths: Sequence[str]) -> Iterator[str]:
    both = (form for path in paths for form in (path, _other_form(path)))
    yield from filter(None, dict.fromkeys(both))


def _other_form(path: str) -> str:
    return path.removesuffix("/") if path.endswith("/") else f"{path}/"


def _with_head(methods: Sequence[str]) -> list[str]:
    return [*methods, "HEAD"] if "GET" in methods and "HEAD" not in methods else [*methods]


def _summary(endpoint: Endpoint) -> str:
    sentence = (getdoc(endpoint) or endpoint.__name__).partition("\n")[0]
    return sentence.partition(":")[0].removesuffix(".")
