"""The caller's jobs."""

from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.journal import Kind
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.history import MAX_LIMIT, USUAL_LIMIT
from services.gateway.routes import documents
from services.gateway.routes.answers import json_response
from services.gateway.routes.paths import put
from services.gateway.routes.schemas import JobHistory
from services.gateway.routes.visit import parts_of, visit_of
from services.gateway.settings import GatewaySettings

_PARAMETERS: Final = {
    "cursor": {"type": "string", "description": "The `next_cursor` of another page."},
    "limit": {"type": "integer", "minimum": 1, "maximum": MAX_LIMIT, "default": USUAL_LIMIT},
    "kind": {
        "type": "string",
        "enum": ["", *(kind.value for kind in Kind)],
        "description": "All kinds where it is empty.",
    },
}


@dataclass(frozen=True, slots=True)
class HistoryRoutes:
    """The endpoint of histories."""

    reading: Buckets

    async def read(self, request: Request) -> Response:
        """The caller's jobs, newest first; none for a caller who has no session."""
        visit, parts = visit_of(request), parts_of(request)
        self.reading.take(visit.client)
        page = await parts.history.page(visit.caller, request.query_params)
        items = [parts.renderer.status(job, visit.base) for job in page.jobs]
        return json_response({"items": items, "next_cursor": page.next_cursor})


def put_history(app: FastAPI, settings: GatewaySettings) -> None:
    """Put it under its path."""
    history = HistoryRoutes(Buckets("history", settings.per_minute(60)))
    put(
        app,
        ["/api/history"],
        history.read,
        responses={
            200: documents.of(
                JobHistory, {"items": [documents.STATUS_EXAMPLE], "next_cursor": None}
            ),
            **documents.problems(400, 422, 429, 503),
        },
        extra=documents.in_query(_PARAMETERS),
    )
