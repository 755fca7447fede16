"""Submitting an edit, and following all jobs of the caller."""

from dataclasses import dataclass
from functools import partial

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.journal import JournalEntry
from services.gateway.domain.fields import EditFields
from services.gateway.domain.links import polling_path
from services.gateway.routes import documents
from services.gateway.routes import edit_documents as told
from services.gateway.routes.body_documents import EDIT_BODY
from services.gateway.routes.events import all_events
from services.gateway.routes.inputs import submission_in
from services.gateway.routes.jobs import JobRoutes, put_jobs
from services.gateway.routes.paths import put
from services.gateway.routes.submitting import Submitting


@dataclass(frozen=True, slots=True)
class EditRoutes:
    """The endpoint that takes edits."""

    submitting: Submitting

    async def submit(self, request: Request) -> Response:
        """Submit an edit: a picture and a sentence; answers as soon as the job is stored."""
        read = partial(submission_in, kind=EditFields)
        return await self.submitting.answer(request, read, accepted, 200)


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


def put_edits(app: FastAPI, submitting: Submitting, jobs: JobRoutes) -> None:
    """Put them under their paths; `/edit/<id>` answers for jobs of the other kinds as well."""
    put(
        app,
        ["/edit-image/"],
        EditRoutes(submitting).submit,
        methods=("POST",),
        responses={200: told.ACCEPTED, **documents.problems(404, 415, 422, 429, 503)},
        extra=EDIT_BODY,
    )
    put(
        app,
        ["/events"],
        all_events,
        responses={200: told.ALL_EVENTS, **documents.problems(429, 503)},
        extra=told.ALL_LAST_EVENT_ID,
    )
    put_jobs(app, jobs, "/edit", stream="/events", area="edits")
