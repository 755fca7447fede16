"""What operators may look into, with the admin token; to others there is nothing here."""

from collections.abc import Callable, Mapping
from typing import Final

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import Message
from contracts.errors import ErrorCode
from services.chassis.errors import UnavailableError
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.problems import not_found
from services.gateway.routes import documents
from services.gateway.routes.answers import json_response
from services.gateway.routes.paths import put
from services.gateway.routes.schemas import (
    CacheStats,
    DatabasePerformances,
    DatabaseSchemas,
)
from services.gateway.routes.visit import parts_of, visit_of
from services.gateway.settings import GatewaySettings

Figures = Callable[[], dict[str, int]]

_SCHEMA: Final = {
    "storage": {
        "postgres": "18.6",
        "name": "public",
        "migrations": [{"version": 1, "name": "jobs"}],
        "tables": [
            {
                "name": "jobs",
                "kind": "table",
                "columns": [{"name": "job_id", "type": "uuid", "nullable": False}],
                "indexes": ["CREATE UNIQUE INDEX jobs_pkey ON public.jobs USING btree (job_id)"],
                "rows": 1200,
                "size_bytes": 4210688,
            }
        ],
    },
    "feedback": None,
}
_PERFORMANCE: Final = {
    "storage": {
        "pool": {"open": 3, "idle": 2, "most": 10},
        "source": "pg_stat_statements",
        "slow_statements": [
            {
                "statement": "SELECT entry, sequence FROM jobs WHERE job_id = $1",
                "calls": 812,
                "mean_milliseconds": 0.2,
                "total_milliseconds": 162.4,
            }
        ],
        "indexes": [{"table": "jobs", "index": "jobs_pkey", "scans": 812, "size_bytes": 16384}],
    },
    "feedback": None,
}
_CACHES: Final = {
    "hub": {"streams": 12, "most_streams": 15000, "last_entries": 340},
    "bodies": {"bodies": 1, "held_bytes": 52311, "most_held_bytes": 268435456},
    "pictures": {"readers": 2, "most_readers": 128},
}


class Inspection:
    """The endpoints, with the limits that hold in this process."""

    def __init__(self, settings: GatewaySettings, figures: Mapping[str, Figures]) -> None:
        self._figures = figures
        self._schemas = Buckets("db-schema", settings.per_minute(5))
        self._caches = Buckets("cache-stats", settings.per_minute(5))
        self._performances = Buckets("db-performance", settings.per_minute(3))

    async def db_schema(self, request: Request) -> Response:
        """The tables of each service with a database; null for one that does not answer."""
        _admit(request, self._schemas)
        return _answer(await parts_of(request).databases.schemas())

    async def db_performance(self, request: Request) -> Response:
        """Connections, slow statements without their values, and how indexes are used."""
        _admit(request, self._performances)
        return _answer(await parts_of(request).databases.performances())

    async def cache_stats(self, request: Request) -> Response:
        """What this process holds in memory, beside its bounds."""
        _admit(request, self._caches)
        held = {name: figures() for name, figures in self._figures.items()}
        return json_response({"hub": parts_of(request).hub.figures(), **held})


def _admit(request: Request, limit: Buckets) -> None:
    visit = visit_of(request)
    if not visit.is_admin:
        raise not_found(ErrorCode.NOT_FOUND)
    limit.take(visit.client)


def _answer(told: Mapping[str, Message | None]) -> Response:
    if not any(told.values()):
        raise UnavailableError("no service with a database answers")
    return json_response(
        {service: one and one.model_dump(mode="json") for service, one in told.items()}
    )


def put_inspection(app: FastAPI, settings: GatewaySettings, figures: Mapping[str, Figures]) -> None:
    """Put what operators may look into under its paths."""
    inspection = Inspection(settings, figures)
    refusals = documents.problems(404, 429, 503)
    for path, endpoint, answer in (
        ("/debug/db-schema", inspection.db_schema, documents.of(DatabaseSchemas, _SCHEMA)),
        (
            "/debug/db-performance",
            inspection.db_performance,
            documents.of(DatabasePerformances, _PERFORMANCE),
        ),
        ("/debug/cache-stats", inspection.cache_stats, documents.of(CacheStats, _CACHES)),
    ):
        put(app, [path], endpoint, responses={200: answer, **refusals}, extra=documents.ADMIN)
