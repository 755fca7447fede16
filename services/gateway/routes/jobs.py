"""One job, whatever its kind: its status, its stream, and ending it; an edit by two addresses."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry
from contracts.queries import Erasure
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.problems import not_found
from services.gateway.routes import documents
from services.gateway.routes import job_documents as told
from services.gateway.routes.answers import json_response, status_response
from services.gateway.routes.door import Endpoint
from services.gateway.routes.events import follow
from services.gateway.routes.paths import put
from services.gateway.routes.visit import Visit, job_id_of, parts_of, visit_of
from services.gateway.settings import GatewaySettings

_ENDED: Final[documents.Answers] = {200: documents.STATUS, 202: documents.STATUS}


@dataclass(frozen=True, slots=True, kw_only=True)
class JobRoutes:
    """The endpoints of one job, with the limits that hold in this process."""

    absent: ErrorCode
    """What a job that is not there is called at this address."""
    status_checks: Buckets
    cancellations: Buckets
    erasures: Buckets

    async def status(self, request: Request) -> Response:
        """The status of a job, readable from the moment that its submission was answered."""
        visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request, self.absent)
        self.status_checks.take((visit.client, job_id))
        recorded = await parts.jobs.status(job_id, absent=self.absent)
        return status_response(parts.renderer.json(recorded.entry, visit.base))

    async def events(self, request: Request) -> Response:
        """Follow a job: first what has happened, then every stage as it comes, to the end."""
        return await follow(request, self.absent)

    async def cancel(self, request: Request) -> Response:
        """End a job: 202 with its status, 200 with it unchanged when it had ended already."""
        visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request, self.absent)
        self.cancellations.take(visit.client)
        job = (await parts.jobs.status(job_id, absent=self.absent)).entry
        if not may_change(visit, job, parts.keyring.is_edit_token):
            raise not_found(self.absent)
        recorded, changed = await parts.jobs.cancel(job_id)
        body = parts.renderer.json(recorded.entry, visit.base)
        return status_response(body, 202 if changed else 200)

    async def erase(self, request: Request) -> Response:
        """Forget a job: its pictures, its words, what was said of it; what was removed."""
        visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request, self.absent)
        self.erasures.take(visit.client)
        found = await parts.jobs.find(job_id)
        if found is None or not may_change(visit, found.entry, parts.keyring.is_edit_token):
            raise not_found(self.absent)
        erasure = await parts.jobs.erase(job_id, parts.eraser)
        return json_response(removed(job_id, erasure), 202 if erasure.remaining else 200)


def removed(job_id: UUID, erasure: Erasure) -> dict[str, Any]:
    """The answer to an erasure."""
    parts = {"journal_entries", "words", "objects", "feedback", "dead_letters"}
    return {
        "uuid": str(job_id),
        "job_id": str(job_id),
        "erased": True,
        "removed": erasure.model_dump(include=parts),
        "remaining": erasure.remaining,
    }


def may_change(visit: Visit, job: JournalEntry, is_token: Callable[[UUID, str], bool]) -> bool:
    """Whether the caller owns the job, operates this service, or holds the job's token."""
    token = visit.header(b"x-edit-token")
    if visit.is_admin or (token is not None and is_token(job.job_id, token)):
        return True
    return job.is_of(visit.caller.owner)


def job_routes(settings: GatewaySettings) -> JobRoutes:
    """The endpoints of edits as this process is configured."""
    return JobRoutes(
        absent=ErrorCode.EDIT_NOT_FOUND,
        status_checks=Buckets("status-checks", settings.status_checks_per_minute),
        cancellations=Buckets("cancellations", settings.per_minute(10)),
        erasures=Buckets("erasures", settings.per_minute(10)),
    )


def put_jobs(app: FastAPI, jobs: JobRoutes, root: str, *, stream: str, area: str) -> None:
    """Put them under the path of a job, `root`, with the stream under that name."""
    of_one: list[tuple[str, str, Endpoint, documents.Answers, documents.Document]] = [
        ("GET", "", jobs.status, {200: documents.STATUS}, documents.ID_IN_PATH),
        ("DELETE", "", jobs.erase, {200: told.ERASED, 202: told.ERASED}, told.CHANGE),
        ("GET", stream, jobs.events, {200: told.EVENTS, 204: told.SEEN}, told.LAST_EVENT_ID),
        ("POST", "/cancel", jobs.cancel, _ENDED, told.CHANGE),
    ]
    refusals = {**documents.absent(jobs.absent), **documents.problems(429, 503)}
    for method, path, endpoint, answers, extra in of_one:
        put(
            app,
            [f"{root}/{{job_id}}{path}"],
            endpoint,
            methods=(method,),
            responses={**answers, **refusals},
            extra=extra,
            area=area,
        )
