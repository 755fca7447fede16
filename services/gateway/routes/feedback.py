"""Ratings of completed jobs."""

from dataclasses import dataclass
from typing import Literal

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry
from contracts.queries import FeedbackGiven, GiveFeedback
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.fields import identifier, invalid
from services.gateway.domain.network import anonymised
from services.gateway.domain.parts import Parts
from services.gateway.domain.problems import RefusalError, not_found
from services.gateway.domain.ratings import rateable
from services.gateway.domain.text import MAX_FEEDBACK_CHARACTERS, clean_feedback
from services.gateway.routes import documents
from services.gateway.routes.answers import json_response, status_response
from services.gateway.routes.bodies import Bodies
from services.gateway.routes.paths import put
from services.gateway.routes.schemas import FeedbackThanks
from services.gateway.routes.visit import job_id_of, parts_of, visit_of
from services.gateway.settings import GatewaySettings

_MOST_BYTES = 64 * 1024
_THANKS = {
    1: "Thank you for your feedback!",
    0: "Thank you for helping us improve!",
}
_THANKED = {"success": True, "message": _THANKS[1], "feedback_id": 1}
_RATING = {"edit_uuid": documents.JOB_ID, "rating": 0, "feedback_text": "The sky is too dark."}
_BODY: documents.Document = {
    "type": "object",
    "required": ["edit_uuid", "rating"],
    "properties": {
        "edit_uuid": {"type": "string", "format": "uuid"},
        "rating": {"type": "integer", "enum": [0, 1], "description": "1 is good, 0 is bad."},
        "feedback_text": {
            "type": ["string", "null"],
            "maxLength": MAX_FEEDBACK_CHARACTERS,
            "pattern": documents.WORDS,
            "description": "Required for 0.",
        },
    },
    "if": {"properties": {"rating": {"const": 0}}},
    "then": {"required": ["feedback_text"], "properties": {"feedback_text": {"type": "string"}}},
}


class FeedbackFields(BaseModel):
    """The body of `POST /feedback/`."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, strict=True)

    edit_uuid: str
    rating: Literal[0, 1]
    feedback_text: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FeedbackRoutes:
    """The endpoints of feedback."""

    bodies: Bodies
    giving: Buckets
    reading: Buckets

    async def give(self, request: Request) -> Response:
        """Rate a completed job, once: 1 for good, 0 for bad with a word about why."""
        visit, parts = visit_of(request), parts_of(request)
        self.giving.take(visit.client)
        async with self.bodies.json(request, most=_MOST_BYTES) as values:
            fields = _fields(values)
        text = clean_feedback(fields.feedback_text, required=fields.rating == 0)
        job = await _rated(parts, fields.edit_uuid)
        kept = await parts.feedback.give(
            GiveFeedback(
                edit_uuid=job.job_id,
                rating=fields.rating,
                feedback_text=text,
                client_network=anonymised(visit.address),
                kind=job.kind,
                provider=job.public.provider,
                model=job.public.model,
                style=job.facts.options.style_id,
            )
        )
        answer = {"success": True, "message": _THANKS[fields.rating]}
        return json_response({**answer, "feedback_id": kept.feedback_id})

    async def read(self, request: Request) -> Response:
        """What was said of a job."""
        visit, parts, job_id = visit_of(request), parts_of(request), job_id_of(request)
        self.reading.take(visit.client)
        given = await parts.feedback.read(job_id)
        return status_response(given.model_dump_json().encode())


def _fields(values: dict[str, object]) -> FeedbackFields:
    if isinstance(values.get("rating"), bool):
        raise RefusalError(422, ErrorCode.INVALID_REQUEST, "The `rating` is 0 or 1.")
    try:
        return FeedbackFields.model_validate(values)
    except ValidationError as error:
        raise invalid(error) from None


async def _rated(parts: Parts, edit_uuid: str) -> JournalEntry:
    job_id = identifier(edit_uuid, ErrorCode.EDIT_NOT_FOUND)
    if job_id is None:
        raise not_found(ErrorCode.EDIT_NOT_FOUND)
    return rateable((await parts.jobs.status(job_id)).entry)


def put_feedback(app: FastAPI, settings: GatewaySettings) -> None:
    """Put the ratings under their paths."""
    feedback = _feedback_routes(settings)
    put(
        app,
        ["/feedback/"],
        feedback.give,
        methods=("POST",),
        responses={
            200: documents.of(FeedbackThanks, _THANKED, "Kept"),
            **documents.problems(404, 409, 422, 429, 503),
        },
        extra={"requestBody": documents.body("application/json", _BODY, _RATING)},
    )
    put(
        app,
        ["/feedback/{job_id}", "/feedback/{job_id}/"],
        feedback.read,
        responses={
            200: documents.of(FeedbackGiven, {**_RATING, "created_at": "2026-11-20T10:30:00.000Z"}),
            **documents.problems(404, 429, 503),
        },
        extra=documents.ID_IN_PATH,
    )


def _feedback_routes(settings: GatewaySettings) -> FeedbackRoutes:
    return FeedbackRoutes(
        bodies=Bodies(settings.max_upload_bytes),
        giving=Buckets("feedback", settings.per_minute(5)),
        reading=Buckets("feedback-reads", settings.per_minute(30)),
    )
