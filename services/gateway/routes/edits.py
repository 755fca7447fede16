"""Submitting an edit, reading its status, ending it, and uploading a picture for later."""

import json
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
from services.gateway.domain.fields import EditFields
from services.gateway.domain.links import polling_path
from services.gateway.domain.opening import Applicant
from services.gateway.domain.problems import limit_headers, not_found
from services.gateway.routes import documents
from services.gateway.routes import edit_documents as told
from services.gateway.routes.bodies import Bodies
from services.gateway.routes.door import Endpoint
from services.gateway.routes.events import all_events, events
from services.gateway.routes.inputs import picture, submission_in
from services.gateway.routes.paths import put
from services.gateway.routes.visit import Visit, job_id_of, parts_of, visit_of
from services.gateway.settings import GatewaySettings

NO_STORE: Final = {"Cache-Control": "no-store"}
_ENDED: Final[documents.Answers] = {200: documents.STATUS, 202: documents.STATUS}


@dataclass(frozen=True, slots=True, kw_only=True)
class EditRoutes:
    """The endpoints of edits, with the limits that hold in this process."""

    bodies: Bodies
    attempts: Buckets
    status_checks: Buckets
    cancellations: Buckets
    erasures: Buckets

    async def submit(self, request: Request) -> Response:
        """Submit an edit: a picture and a sentence; answers as soon as the job is stored."""
        visit, parts = visit_of(request), parts_of(request)
        self.attempts.take(visit.client)
        caller, key = visit.caller, visit.idempotency_key
        async with submission_in(self.bodies, request, EditFields) as submission:
            job = await parts.admission.admit(
                submission,
                Applicant(caller=caller, request_id=visit.request_id, idempotency_key=key),
            )
        if job.is_of(caller.owner):
            # The answer to a repeated request must not give its sender another name.
            visit.remember()
        token = parts.keyring.edit_token(job.job_id)
        answer = json_response(accepted(job, visit.base, token))
        answer.headers.update(limit_headers(*await parts.admission.standings(caller.client)))
        return answer

    async def status(self, request: Request) -> Response:
        """The status of an edit, readable from the moment that its submission was answered."""
        visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request)
        self.status_checks.take((visit.client, job_id))
        recorded = await parts.jobs.status(job_id)
        return status_response(parts.renderer.json(recorded.entry, visit.base))

    async def cancel(self, request: Request) -> Response:
        """End an edit: 202 with its status, 200 with it unchanged when it had ended already."""
        visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request)
        self.cancellations.take(visit.client)
        job = (await parts.jobs.status(job_id)).entry
        if not may_change(visit, job, parts.keyring.is_edit_token):
            raise not_found(ErrorCode.EDIT_NOT_FOUND)
        recorded, changed = await parts.jobs.cancel(job_id)
        body = parts.renderer.json(recorded.entry, visit.base)
        return status_response(body, 202 if changed else 200)

    async def erase(self, request: Request) -> Response:
        """Forget an edit: its pictures, its words, what was said of it; what was removed."""
        visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request)
        self.erasures.take(visit.client)
        found = await parts.jobs.find(job_id)
        if found is None or not may_change(visit, found.entry, parts.keyring.is_edit_token):
            raise not_found(ErrorCode.EDIT_NOT_FOUND)
        erasure = await parts.jobs.erase(job_id, parts.eraser)
        return json_response(removed(job_id, erasure), 202 if erasure.remaining else 200)

    async def upload(self, request: Request) -> Response:
        """Keep a picture for later: the answer's `image_id` stands for it in a submission."""
        visit, parts = visit_of(request), parts_of(request)
        self.attempts.take(visit.client)
        async with picture(self.bodies, request) as data:
            upload = await parts.sources.upload(data)
        visit.remember()
        kept = upload.picture
        answer = {
            "image_id": str(upload.image_id),
            "width": kept.width_pixels,
            "height": kept.height_pixels,
            "content_type": kept.content_type,
        }
        return json_response(answer, 201)


def accepted(job: JournalEntry, base: str, edit_token: str) -> dict[str, str]:
    """The answer to an accepted submission."""
    path = polling_path(job.job_id)
    return {
        "edit_id": str(job.job_id),
        "polling_url": path,
        "status_url": f"{base}{path}",
        "events_url": f"{base}{path}/events",
        "edit_token": edit_token,
    }


def removed(job_id: UUID, erasure: Erasure) -> dict[str, Any]:
    """The answer to an erasure."""
    parts = {"journal_entries", "words", "objects", "feedback", "dead_letters"}
    return {
        "uuid": str(job_id),
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


def json_response(body: dict[str, Any], status: int = 200) -> Response:
    """A JSON answer that nobody keeps."""
    return status_response(json.dumps(body).encode(), status)


def status_response(body: bytes, status: int = 200) -> Response:
    """The same for a body that is JSON already."""
    return Response(body, status, NO_STORE, media_type="application/json")


def edit_routes(settings: GatewaySettings, attempts: Buckets) -> EditRoutes:
    """The endpoints as this process is configured; `attempts` is shared with others."""
    return EditRoutes(
        bodies=Bodies(settings.max_upload_bytes),
        attempts=attempts,
        status_checks=Buckets("status-checks", settings.status_checks_per_minute),
        cancellations=Buckets("cancellations", settings.per_minute(10)),
        erasures=Buckets("erasures", settings.per_minute(10)),
    )


def put_edits(app: FastAPI, edits: EditRoutes) -> None:
    """Put them under their paths."""
    put(
        app,
        ["/edit-image/"],
        edits.submit,
        methods=("POST",),
        responses={200: told.ACCEPTED, **documents.problems(404, 415, 422, 429, 503)},
        extra=told.EDIT_BODY,
    )
    put(
        app,
        ["/api/images"],
        edits.upload,
        methods=("POST",),
        responses={201: told.KEPT, **documents.problems(422, 429, 503)},
        extra=told.UPLOAD_BODY,
    )
    put(
        app,
        ["/events"],
        all_events,
        responses={200: told.ALL_EVENTS, **documents.problems(429, 503)},
        extra=told.ALL_LAST_EVENT_ID,
    )
    of_one: list[tuple[str, str, Endpoint, documents.Answers, documents.Document]] = [
        ("GET", "", edits.status, {200: documents.STATUS}, documents.ID_IN_PATH),
        ("DELETE", "", edits.erase, {200: told.ERASED, 202: told.ERASED}, told.CHANGE),
        ("GET", "/events", events, {200: told.EVENTS, 204: told.SEEN}, told.LAST_EVENT_ID),
        ("POST", "/cancel", edits.cancel, _ENDED, told.CHANGE),
    ]
    for method, path, endpoint, answers, extra in of_one:
        put(
            app,
            [f"/edit/{{job_id}}{path}"],
            endpoint,
            methods=(method,),
            responses={**answers, **documents.problems(404, 429, 503)},
            extra=extra,
        )
