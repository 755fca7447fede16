"""Submitting a job of any kind: one path for all of them, from the request to the answer."""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Any

from starlette.requests import Request
from starlette.responses import Response

from contracts.journal import JournalEntry
from services.gateway.domain.buckets import Buckets
from services.gateway.domain.opening import Applicant
from services.gateway.domain.problems import limit_headers
from services.gateway.domain.submission import Submission
from services.gateway.routes.answers import json_response
from services.gateway.routes.bodies import Bodies
from services.gateway.routes.visit import parts_of, visit_of

Read = Callable[[Bodies, Request], AbstractAsyncContextManager[Submission]]
"""What the request asks for, while its body is held."""

Tell = Callable[[JournalEntry, str, str], dict[str, Any]]
"""The answer: of the job, what absolute URLs start with, and the job's token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Submitting:
    """What all submissions share: the bodies that are held at once, and the limit of attempts."""

    bodies: Bodies
    attempts: Buckets

    async def answer(self, request: Request, read: Read, tell: Tell, status: int = 202) -> Response:
        """Admit what the request asks for. Raises PermanentError and UnavailableError."""
        visit, parts = visit_of(request), parts_of(request)
        self.attempts.take(visit.client)
        caller, key = visit.caller, visit.idempotency_key
        async with read(self.bodies, request) as submission:
            job = await parts.admission.admit(
                submission,
                Applicant(caller=caller, request_id=visit.request_id, idempotency_key=key),
            )
        if job.is_of(caller.owner):
            # The answer to a repeated request must not give its sender another name.
            visit.remember()
        token = parts.keyring.edit_token(job.job_id)
        answer = json_response(tell(job, visit.base, token), status)
        answer.headers.update(limit_headers(*await parts.admission.standings(caller.client)))
        return answer


def accepted(job: JournalEntry, base: str, edit_token: str) -> dict[str, str]:
    """The answer to an accepted job that is read under `/api/jobs`."""
    url = f"{base}/api/jobs/{job.job_id}"
    return {
        "job_id": str(job.job_id),
        "status_url": url,
        "stream_url": f"{url}/stream",
        "edit_token": edit_token,
    }
