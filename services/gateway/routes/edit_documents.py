"""What the OpenAPI document says of submitting edits and of following all jobs."""

from typing import Final

from services.gateway.routes import schemas
from services.gateway.routes.documents import JOB_ID, Document, allowed, of
from services.gateway.routes.job_documents import RESUMED, leads_to

ACCEPTED: Final = of(
    schemas.EditAccepted,
    {
        "edit_id": JOB_ID,
        "polling_url": f"/edit/{JOB_ID}",
        "status_url": f"https://example.com/edit/{JOB_ID}",
        "events_url": f"https://example.com/edit/{JOB_ID}/events",
        "edit_token": "…",
    },
    "The job is stored",
    links={
        "status": leads_to("edits_status", "edit_id"),
        "cancel": leads_to(
            "edits_cancel", "edit_id", **{"X-Edit-Token": "$response.body#/edit_token"}
        ),
        "feedback": leads_to("feedback_read", "edit_id"),
    },
)

ALL_EVENTS: Final[Document] = {
    "description": (
        "Each entry of every job of the caller as `event: stage`, endings too; there is no `end`. "
        "`event: skipped` tells that earlier changes are left out, an `id:` alone where the stream "
        "stands."
    ),
    "content": {
        "text/event-stream": {
            "schema": {"type": "string"},
            "example": 'retry: 2000\n\nid: 41\nevent: stage\ndata: {"uuid": "…", …}\n\nid: 57\n\n',
        }
    },
}
ALL_LAST_EVENT_ID: Final[Document] = {
    "parameters": RESUMED,
    **allowed("public", "session", "platform"),
}
