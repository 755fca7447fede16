"""What the OpenAPI document says of descriptions."""

from typing import Final

from services.gateway.routes import schemas
from services.gateway.routes.body_documents import FILE
from services.gateway.routes.documents import IDEMPOTENCY_KEY, JOB_ID, Document, body, of, problem
from services.gateway.routes.job_documents import leads_to

ACCEPTED: Final = of(
    schemas.DescriptionAccepted,
    {"job_id": JOB_ID, "status": "queued", "edit_token": "…"},
    "The job is stored",
    links={
        "status": leads_to("descriptions_status", "job_id"),
        "result": leads_to("descriptions_result", "job_id"),
        "job": leads_to("jobs_status", "job_id"),
    },
)
BODY: Final[Document] = {
    "parameters": [IDEMPOTENCY_KEY],
    "requestBody": body(
        "multipart/form-data",
        {"type": "object", "required": ["file"], "properties": {"file": FILE}},
    ),
}
STATUS: Final = of(
    schemas.DescriptionStatus,
    {
        "job_id": JOB_ID,
        "status": "processing",
        "created_at": "2026-11-20T10:30:00.000Z",
        "updated_at": "2026-11-20T10:30:04.000Z",
    },
)
RESULT: Final = of(
    schemas.DescriptionResult,
    {
        "job_id": JOB_ID,
        "status": "done",
        "description": "A landscape photograph, mostly green and blue, in bright light.",
        "_generated_by": "local-fallback",
    },
)
NOT_YET: Final = problem(409, "JOB_NOT_COMPLETED", "The description has not been written yet.")
