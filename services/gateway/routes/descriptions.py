"""What is in a picture: submitting one, where the description stands, and what it says."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from fastapi import FastAPI
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.descriptions import (
    STATUSES,
    a_description,
    result_of,
    status_of,
    taken,
)
from services.gateway.domain.fields import DescriptionFields, fields_of
from services.gateway.domain.problems import RefusalError
from services.gateway.domain.submission import Submission
from services.gateway.routes import description_documents as told
from services.gateway.routes import documents
from services.gateway.routes.answers import json_response
from services.gateway.routes.bodies import Bodies
from services.gateway.routes.inputs import MULTIPART, media_type, only_picture
from services.gateway.routes.paths import put
from services.gateway.routes.submitting import Submitting
from services.gateway.routes.visit import job_id_of, parts_of, visit_of

_ABSENT = ErrorCode.JOB_NOT_FOUND


@dataclass(frozen=True, slots=True, kw_only=True)
class DescriptionRoutes:
    """The endpoints of descriptions."""

    submitting: Submitting
    status_checks: Buckets

    async def submit(self, request: Request) -> Response:
        """Submit a picture to be described: a PNG or JPEG."""
        return await self.submitting.answer(request, _described, _accepted)

    async def status(self, request: Request) -> Response:
        """Where a description stands."""
        return json_response(status_of(await self._job(request)))

    async def result(self, request: Request) -> Response:
        """What was written: 409 with the reason while, or where, there is nothing."""
        return json_response(result_of(await self._job(request)))

    async def _job(self, request: Request) -> JournalEntry:
        job_id = job_id_of(request, _ABSENT)
        self.status_checks.take((visit_of(request).client, job_id))
        return a_description((await parts_of(request).jobs.status(job_id, absent=_ABSENT)).entry)


@asynccontextmanager
async def _described(bodies: Bodies, request: Request) -> AsyncIterator[Submission]:
    if media_type(request) != MULTIPART:
        sentence = "Send a form (multipart/form-data) with the picture in a part called `file`."
        raise RefusalError(415, ErrorCode.UNSUPPORTED_MEDIA_TYPE, sentence)
    async with bodies.form(request, file="file") as form:
        if form.file is None:
            sentence = "The form has no file in a part called `file`."
            raise RefusalError(422, ErrorCode.INVALID_REQUEST, sentence)
        fields = fields_of(DescriptionFields, dict(form.fields), typed=False)
        yield fields.submission(only_picture(taken(form.file), fields))


def _accepted(job: JournalEntry, _: str, edit_token: str) -> dict[str, Any]:
    return {
        "job_id": str(job.job_id),
        "status": STATUSES[job.public.status],
        "edit_token": edit_token,
    }


def put_descriptions(app: FastAPI, submitting: Submitting, status_checks: Buckets) -> None:
    """Put them under their paths."""
    descriptions = DescriptionRoutes(submitting=submitting, status_checks=status_checks)
    put(
        app,
        ["/submit"],
        descriptions.submit,
        methods=("POST",),
        responses={202: told.ACCEPTED, **documents.problems(415, 422, 429, 503)},
        extra=told.BODY,
    )
    refusals = {**documents.absent(_ABSENT), **documents.problems(429, 503)}
    put(
        app,
        ["/status/{job_id}"],
        descriptions.status,
        responses={200: told.STATUS, **refusals},
        extra=documents.ID_IN_PATH,
    )
    put(
        app,
        ["/result/{job_id}"],
        descriptions.result,
        responses={200: told.RESULT, 409: told.NOT_YET, **refusals},
        extra=documents.ID_IN_PATH,
    )
