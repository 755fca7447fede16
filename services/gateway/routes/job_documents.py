"""What the OpenAPI document says of one job: accepting, following, ending it."""

from typing import Final

from services.gateway.routes import schemas
from services.gateway.routes.documents import ID_IN_PATH, JOB_ID, OWNER, Document, of


def leads_to(operation: str, field: str, **also: str) -> Document:
    """A link: the field of the answer is the id of a job there."""
    parameters = {"job_id": f"$response.body#/{field}", **also}
    return {"operationId": operation, "parameters": parameters}


ACCEPTED: Final = of(
    schemas.JobAccepted,
    {
        "job_id": JOB_ID,
        "status_url": f"https://example.com/api/jobs/{JOB_ID}",
        "stream_url": f"https://example.com/api/jobs/{JOB_ID}/stream",
        "edit_token": "…",
    },
    "The job is stored",
    links={
        "status": leads_to("jobs_status", "job_id"),
        "cancel": leads_to(
            "jobs_cancel", "job_id", **{"X-Edit-Token": "$response.body#/edit_token"}
        ),
        "result": {
            "operationId": "images_read",
            "parameters": {"image_id": "$response.body#/job_id"},
        },
    },
)

ERASED: Final = of(
    schemas.JobErased,
    {
        "uuid": JOB_ID,
        "job_id": JOB_ID,
        "erased": True,
        "removed": {
            "journal_entries": 7,
            "words": ["prompt", "enhanced_prompt"],
            "objects": ["original", "raw", "result"],
            "feedback": 1,
            "dead_letters": 0,
        },
        "remaining": [],
    },
    "What was removed; `remaining` could not be reached and follows by itself",
)

EVENTS: Final[Document] = {
    "description": (
        "Each entry as `event: stage` with its `id:` and the status object as `data:`; at last "
        "`event: end` with the final one. A comment goes out every 15 s of silence."
    ),
    "content": {
        "text/event-stream": {
            "itemSchema": {
                "type": "object",
                "required": ["event", "data"],
                "properties": {
                    "id": {"type": "string", "description": "For Last-Event-ID; none at the end."},
                    "event": {"type": "string", "enum": ["stage", "end"]},
                    "data": {
                        "type": "string",
                        "contentMediaType": "application/json",
                        "contentSchema": {"$ref": "#/components/schemas/JobStatus"},
                    },
                },
            },
            "example": 'retry: 2000\n\nid: 41\nevent: stage\ndata: {"uuid": "…", …}\n\n',
        }
    },
}
SEEN: Final[Document] = {"description": "The client has seen the end already."}
RESUMED: Final[list[Document]] = [
    {
        "name": "Last-Event-ID",
        "in": "header",
        "description": "Go on after this entry; also as the query `last_event_id`.",
        "schema": {"type": "string"},
    },
    {"name": "last_event_id", "in": "query", "schema": {"type": "string"}},
]
LAST_EVENT_ID: Final[Document] = {"parameters": [*ID_IN_PATH["parameters"], *RESUMED]}
CHANGE: Final[Document] = {
    "parameters": [
        *ID_IN_PATH["parameters"],
        {
            "name": "X-Edit-Token",
            "in": "header",
            "description": "The job's token, for callers without cookies.",
            "schema": {"type": "string"},
        },
    ],
    **OWNER,
}
