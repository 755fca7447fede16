"""Putting endpoints under their paths, each with what the OpenAPI page says of it."""

from collections.abc import Sequence
from itertools import product

from fastapi import FastAPI

from services.gateway.routes import documents
from services.gateway.routes.door import Endpoint


def put(
    app: FastAPI,
    paths: Sequence[str],
    endpoint: Endpoint,
    *,
    methods: Sequence[str] = ("GET",),
    responses: dict[int | str, documents.Document] | None = None,
    extra: documents.Document | None = None,
) -> None:
    """One endpoint under its path and the spellings that answer the same."""
    for path, spelling in product(paths, methods):
        app.add_api_route(
            path,
            endpoint,
            methods=[spelling],
            responses=responses,
            openapi_extra=extra,
            include_in_schema=path == paths[0] and spelling == methods[0],
            response_model=None,
        )
