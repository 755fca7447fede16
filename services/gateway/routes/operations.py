"""What operators and probes ask."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from fastapi import FastAPI
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from starlette.requests import Request
from starlette.responses import Response

from contracts.base import CONTRACT_VERSION
from contracts.errors import ErrorCode
from services.chassis.app import problems_of, readiness_json
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.load import Load, overview
from services.gateway.domain.problems import not_found
from services.gateway.routes import documents
from services.gateway.routes.answers import json_response, status_response
from services.gateway.routes.paths import put
from services.gateway.routes.schemas import Alive, AliveInShort, Readiness, VersionFacts, Workers
from services.gateway.routes.visit import parts_of, visit_of
from services.gateway.settings import GatewaySettings

ROOT: Final = Path(__file__).parents[3]
_ALIVE: Final = json.dumps({"status": "ok", "message": "Service is running"}).encode()
_COMMIT_CHARACTERS: Final = 40
_VERSION: Final = {
    "git_commit": "4e84000d6a2f4c0f9a0c1b7d3e5f6a7b8c9d0e1f",
    "build_time": "2026-11-20T10:30:00+00:00",
    "environment": "production",
    "contract_version": CONTRACT_VERSION,
}
_WORKERS: Final = overview({"renderer": Load(replicas=2, pending=3, in_flight=2, oldest=0.4)})


async def health(_: Request) -> Response:
    """Liveness: the process answers; touches nothing."""
    return status_response(_ALIVE)


async def api_health(_: Request) -> Response:
    """The same in short, for pages that look under `/api`."""
    return json_response({"status": "ok"})


async def ready(request: Request) -> Response:
    """Readiness: 503 with what is missing."""
    problems = await problems_of(parts_of(request).checks)
    return status_response(readiness_json(problems), 503 if problems else 200)


async def metrics(request: Request) -> Response:
    """Prometheus figures, for operators with the admin token."""
    if not visit_of(request).is_admin:
        raise not_found(ErrorCode.NOT_FOUND)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class WorkerRoutes:
    """How the services do."""

    def __init__(self, settings: GatewaySettings) -> None:
        self._looks = Buckets("workers", settings.per_minute(10))

    async def workers(self, request: Request) -> Response:
        """Every service: its processes that answer, and what waits for them."""
        self._looks.take(visit_of(request).client)
        return json_response(overview(await parts_of(request).services.loads()))


class Version:
    """What runs here, found out at the start."""

    def __init__(self, environment: str, root: Path) -> None:
        self._facts = {
            "git_commit": os.environ.get("GIT_COMMIT") or _commit(root / ".git"),
            "build_time": os.environ.get("BUILD_TIME") or _changed(root / "pyproject.toml"),
            "environment": environment,
            "contract_version": CONTRACT_VERSION,
        }

    async def version(self, _: Request) -> Response:
        """Commit, build time, environment and contract version."""
        return json_response(dict(self._facts))


def _commit(git: Path) -> str | None:
    try:
        head = (git / "HEAD").read_text().strip()
        name = head.removeprefix("ref: ")
        if name == head:
            return head[:_COMMIT_CHARACTERS]
        loose = git / name
        if loose.exists():
            return loose.read_text().strip()[:_COMMIT_CHARACTERS]
        packed = (git / "packed-refs").read_text().splitlines()
    except OSError:
        return None
    return next((line.split()[0] for line in packed if line.endswith(f" {name}")), None)


def _changed(path: Path) -> str | None:
    try:
        return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
    except OSError:
        return None


def put_operations(app: FastAPI, settings: GatewaySettings) -> None:
    """Put what operators ask under its paths."""
    version = Version(settings.environment, ROOT)
    anybody, alive = documents.PUBLIC, json.loads(_ALIVE)
    ready_answer = documents.of(Readiness, {"status": "ok", "missing": {}}, "Ready")
    missing = {"status": "unavailable", "missing": {"bus": "not reachable"}}
    put(app, ["/health"], health, responses={200: documents.of(Alive, alive)}, extra=anybody)
    put(
        app,
        ["/api/health"],
        api_health,
        responses={200: documents.of(AliveInShort, {"status": "ok"})},
        extra=anybody,
    )
    put(
        app,
        ["/health/ready"],
        ready,
        responses={200: ready_answer, 503: documents.of(Readiness, missing, "What is missing")},
        extra=anybody,
    )
    put(
        app,
        ["/health/workers", "/health/celery"],
        WorkerRoutes(settings).workers,
        responses={200: documents.of(Workers, _WORKERS), **documents.problems(429, 503)},
    )
    put(
        app,
        ["/version"],
        version.version,
        responses={200: documents.of(VersionFacts, _VERSION)},
        extra=anybody,
    )
    put(
        app,
        ["/metrics"],
        metrics,
        responses={200: documents.text("text/plain"), **documents.problems(404)},
        extra=documents.ADMIN,
    )
