"""Where an image service tells that its task has ended, at an address that only it was given."""

from dataclasses import dataclass
from typing import Annotated, Final
from uuid import UUID

from fastapi import FastAPI
from pydantic import BaseModel, ConfigDict, StringConstraints, ValidationError
from starlette.requests import Request
from starlette.responses import Response

from contracts.errors import ErrorCode
from services.chassis.keyring import Keyring
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.fields import identifier
from services.gateway.domain.problems import RefusalError, not_found
from services.gateway.domain.waking import wake
from services.gateway.routes.answers import json_response
from services.gateway.routes.bodies import Bodies
from services.gateway.routes.visit import parts_of, visit_of

MOST_BYTES: Final = 64 * 1024
"""Of a body: an id, a status and a signed address take about one kilobyte."""

_TaskId = Annotated[str, StringConstraints(min_length=1, max_length=128)]


class _Notice(BaseModel):
    """All that is read of a body. Its form is not documented: the task's name has two spellings."""

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)

    id: _TaskId | None = None
    task_id: _TaskId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRoutes:
    """The endpoints that image services call.

    They call for many jobs from few addresses, so what counts as an attempt is a wrong token alone.
    """

    bodies: Bodies
    attempts: Buckets

    async def flux(self, request: Request) -> Response:
        """Take notice that a task has ended."""
        parts = parts_of(request)
        job_id = _named(request, parts.keyring)
        if job_id is None:
            self.attempts.take(visit_of(request).client)
            raise not_found(ErrorCode.NOT_FOUND)
        async with self.bodies.raw(request, most=MOST_BYTES) as body:
            task_id = _task_in(body)
        await wake(parts.jobs, parts.publisher, job_id=job_id, task_id=task_id)
        return json_response({"status": "ok"})


def _named(request: Request, keyring: Keyring) -> UUID | None:
    """The job in the path, None for what is no id and for a token that is not this job's."""
    asked: dict[str, str] = request.scope["path_params"]
    try:
        job_id = identifier(asked["job_id"], ErrorCode.NOT_FOUND)
    except RefusalError:
        return None
    genuine = job_id is not None and keyring.is_webhook_token(job_id, asked["token"])
    return job_id if genuine else None


def _task_in(body: bytearray) -> str:
    try:
        notice = _Notice.model_validate_json(body)
    except ValidationError:
        raise _unreadable() from None
    task_id = notice.task_id or notice.id
    if task_id is None:
        raise _unreadable()
    return task_id


def _unreadable() -> RefusalError:
    sentence = "The body is not a JSON object with the `id` of a task."
    return RefusalError(400, ErrorCode.INVALID_REQUEST, sentence)


def put_webhooks(app: FastAPI, attempts: Buckets) -> None:
    """Put the addresses that image services call under their paths."""
    webhooks = WebhookRoutes(bodies=Bodies(MOST_BYTES), attempts=attempts)
    # Whoever may call them was told the address: they are not in the public document.
    app.add_api_route(
        "/webhooks/flux/{job_id}/{token}",
        webhooks.flux,
        methods=["POST"],
        include_in_schema=False,
        response_model=None,
    )
