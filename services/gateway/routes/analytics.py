"""Figures: of chains for everybody, of processing and feedback for operators."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Message
from contracts.errors import ErrorCode
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.parameters import whole_number
from services.gateway.domain.problems import not_found
from services.gateway.routes import documents
from services.gateway.routes.edits import json_response
from services.gateway.routes.paths import put
from services.gateway.routes.visit import parts_of, visit_of
from services.gateway.settings import GatewaySettings

USUAL_DAYS: Final = 30
MAX_DAYS: Final = 365
_DAYS: Final = {"type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": USUAL_DAYS}


@dataclass(frozen=True, slots=True)
class AnalyticsRoutes:
    """The endpoints of figures."""

    asking: Buckets

    async def chains(self, request: Request) -> Response:
        """How follow-ups are used."""
        self.asking.take((visit_of(request).client, "chains"))
        return _answer(await parts_of(request).analytics.chains())

    async def processing(self, request: Request) -> Response:
        """How the jobs of the last days went; for operators with the admin token."""
        return await self._of_days(request, parts_of(request).analytics.processing)

    async def feedback(self, request: Request) -> Response:
        """What people said in the last days; for operators with the admin token."""
        return await self._of_days(request, parts_of(request).analytics.feedback)

    async def _of_days(
        self, request: Request, ask: Callable[[int], Awaitable[Message]]
    ) -> Response:
        visit = visit_of(request)
        if not visit.is_admin:
            raise not_found(ErrorCode.NOT_FOUND)
        self.asking.take((visit.client, request.url.path.strip("/")))
        text = request.query_params.get("days")
        return _answer(await ask(whole_number("days", text, usual=USUAL_DAYS, most=MAX_DAYS)))


def _answer(analytics: Message) -> Response:
    return json_response({"success": True, "analytics": analytics.model_dump(mode="json")})


def put_analytics(app: FastAPI, settings: GatewaySettings) -> None:
    """Put them under their paths."""
    routes = AnalyticsRoutes(Buckets("analytics", settings.per_minute(5)))
    example = {"success": True, "analytics": {"total_chains": 12}}
    put(
        app,
        ["/analytics/chains", "/analytics/chains/"],
        routes.chains,
        responses={200: documents.answer(example), **documents.problems(429, 503)},
    )
    for name, endpoint in (("feedback", routes.feedback), ("processing", routes.processing)):
        put(
            app,
            [f"/analytics/{name}", f"/analytics/{name}/"],
            endpoint,
            responses=documents.problems(404, 422, 429, 503),
            extra=documents.in_query({"days": _DAYS}),
        )
