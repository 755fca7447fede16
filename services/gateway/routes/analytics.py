"""Figures: of chains for everybody, of processing and feedback for operators."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final

from fastapi import FastAPI
from pydantic import BaseModel
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Message
from contracts.errors import ErrorCode
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.parameters import whole_number
from services.gateway.domain.problems import not_found
from services.gateway.routes import documents
from services.gateway.routes.answers import json_response
from services.gateway.routes.paths import put
from services.gateway.routes.schemas import ChainFigures, FeedbackFigures, ProcessingFigures
from services.gateway.routes.visit import parts_of, visit_of
from services.gateway.settings import GatewaySettings

USUAL_DAYS: Final = 30
MAX_DAYS: Final = 365
_DAYS: Final = {"type": "integer", "minimum": 1, "maximum": MAX_DAYS, "default": USUAL_DAYS}
_CHAINS: Final = {
    "total_chains": 3,
    "average_chain_length": 2.33,
    "longest_chain": 3,
    "branches": 1,
    "lengths": {"2": 2, "3": 1},
}
_RATINGS: Final = {"good": 3, "bad": 1, "good_share": 0.75}
_FEEDBACK: Final = {
    "days": 7,
    "total": 4,
    "by_rating": {"0": 1, "1": 3},
    "by_day": {"2026-11-20": _RATINGS},
    "by_model": {"flux-2-pro": _RATINGS},
    "by_style": {"ink": _RATINGS},
    "complaint_words": {"blurry": 2},
    "complaints_read": 9,
}
_PROCESSING: Final = {
    "days": 7,
    "jobs": 4,
    "kinds": {
        "edit": {
            "stages": {"completed": 3, "failed": 1},
            "success_rate": 0.75,
            "p50_seconds": 4.2,
            "p95_seconds": 9.5,
        }
    },
    "errors": {"TIMED_OUT": 1},
    "edits_per_day": {"2026-11-20": 4},
    "styles": {"ink": 2},
    "prompt_classes": {"colour": 4},
}


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
    put(
        app,
        ["/analytics/chains"],
        routes.chains,
        responses={200: _told(ChainFigures, _CHAINS), **documents.problems(429, 503)},
    )
    for endpoint, shape, figures in (
        (routes.feedback, FeedbackFigures, _FEEDBACK),
        (routes.processing, ProcessingFigures, _PROCESSING),
    ):
        put(
            app,
            [f"/analytics/{endpoint.__name__}"],
            endpoint,
            responses={200: _told(shape, figures), **documents.problems(404, 422, 429, 503)},
            extra={**documents.in_query({"days": _DAYS}), **documents.ADMIN},
        )


def _told(shape: type[BaseModel], figures: documents.Document) -> documents.Document:
    return documents.of(shape, {"success": True, "analytics": figures})
