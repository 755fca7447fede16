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
from services.gateway.domain.problems import not_found
from services.gateway.routes.edits import json_response, status_response
from services.gateway.routes.paths import put
from services.gateway.routes.visit import parts_of, visit_of
from services.gateway.settings import GatewaySettings

ROOT: Final = Path(__file__).parents[3]
_ALIVE: Final = json.dumps({"status": "ok", "message": "Service is running"}).encode()
_COMMIT_CHARACTERS: Final = 40


async def health(_: Request) -> Response:
    """Liveness: the process answers; touches nothing."""
    return status_response(_ALIVE)


async def ready(request: Request) -> Response:
    """Readiness: 503 with what is missing."""
    problems = await problems_of(parts_of(request).checks)
    return status_response(readiness_json(problems), 503 if problems else 200)


async def metrics(request: Request) -> Response:
    """Prometheus figures, for operators with the admin token."""
    if not visit_of(request).is_admin:
        raise not_found(ErrorCode.NOT_FOUND)
    return Response(generate_latest(), media_type=CONTENT_TYPE_LATEST)


class Version:
    """What runs here, found out at the start."""

    def __init__(self, environment: str, root: Path) -> None:
        self._facts = {
            "git_commit": os.environ.get("GIT_COMMIT") or _commit(root / ".git"),
            "build_time": os.environ.get("BUILD_TIME") or _changed(root / "pyproject.toml"),
            "environment": environment,
            "contract_version": CONTRACT_VERSION,
        }

    async def answer(self, _: Request) -> Response:
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
    put(app, ["/health"], health, methods=("GET", "HEAD"))
    put(app, ["/health/ready"], ready, methods=("GET", "HEAD"))
    put(app, ["/version"], version.answer)
    app.add_api_route("/metrics", metrics, include_in_schema=False, response_model=None)
