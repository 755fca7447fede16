"""The pipeline, top to bottom: every stream, subject and durable there is.

One name, five spellings: class `EditEnhanced`, constant `EDIT_ENHANCED`, subject
`mizual.v1.edit.enhanced`, handler `on_edit_enhanced`, durable `renderer_edit_enhanced`.
No subject of a delivery but the journal's carries an id: subjects become metric labels.
"""

from typing import Final
from uuid import UUID

# Commands: imperative, one consumer. Other services publish these.
COMMANDS: Final = "COMMANDS"
JOB_SUBMIT: Final = "mizual.v1.job.submit"
JOB_CANCEL: Final = "mizual.v1.job.cancel"
JOB_ERASE: Final = "mizual.v1.job.erase"

GATEWAY_JOB_SUBMIT: Final = "gateway_job_submit"
GATEWAY_JOB_CANCEL: Final = "gateway_job_cancel"
GATEWAY_JOB_ERASE: Final = "gateway_job_erase"

# Events: facts that trigger the next service. Each kind of job has a path of its own, in the order
# of the pipeline, with a durable for each step, so that kinds never queue behind each other.
EVENTS: Final = "EVENTS"

EDIT_REQUESTED: Final = "mizual.v1.edit.requested"  # gateway -> enhancer
EDIT_ENHANCED: Final = "mizual.v1.edit.enhanced"  # enhancer -> renderer
EDIT_SUBMITTED: Final = "mizual.v1.edit.submitted"  # renderer -> itself, until the result is there
EDIT_RENDERED: Final = "mizual.v1.edit.rendered"  # renderer -> storage, which completes the job

ENHANCER_EDIT_REQUESTED: Final = "enhancer_edit_requested"
RENDERER_EDIT_ENHANCED: Final = "renderer_edit_enhanced"
RENDERER_EDIT_SUBMITTED: Final = "renderer_edit_submitted"
STORAGE_EDIT_RENDERED: Final = "storage_edit_rendered"

VARIATION_REQUESTED: Final = "mizual.v1.variation.requested"  # as of edits
VARIATION_ENHANCED: Final = "mizual.v1.variation.enhanced"
VARIATION_SUBMITTED: Final = "mizual.v1.variation.submitted"
VARIATION_RENDERED: Final = "mizual.v1.variation.rendered"

ENHANCER_VARIATION_REQUESTED: Final = "enhancer_variation_requested"
RENDERER_VARIATION_ENHANCED: Final = "renderer_variation_enhanced"
RENDERER_VARIATION_SUBMITTED: Final = "renderer_variation_submitted"
STORAGE_VARIATION_RENDERED: Final = "storage_variation_rendered"

CUTOUT_REQUESTED: Final = "mizual.v1.cutout.requested"  # gateway -> renderer
CUTOUT_RENDERED: Final = "mizual.v1.cutout.rendered"  # renderer -> storage, which completes the job

RENDERER_CUTOUT_REQUESTED: Final = "renderer_cutout_requested"
STORAGE_CUTOUT_RENDERED: Final = "storage_cutout_rendered"

DESCRIPTION_REQUESTED: Final = "mizual.v1.description.requested"  # gateway -> enhancer
DESCRIPTION_WRITTEN: Final = "mizual.v1.description.written"  # enhancer -> storage, which completes

ENHANCER_DESCRIPTION_REQUESTED: Final = "enhancer_description_requested"
STORAGE_DESCRIPTION_WRITTEN: Final = "storage_description_written"

# The journal: one subject a job, its state and what observers see. Not public.
JOURNAL: Final = "JOURNAL"
JOURNAL_ROOT: Final = "journal"
STORAGE_PROJECTOR: Final = "storage_projector"

# The public feed: announced by storage from the journal; a refusal by the gateway.
FEED: Final = "FEED"
JOB_ACCEPTED: Final = "mizual.v1.job.accepted"
JOB_COMPLETED: Final = "mizual.v1.job.completed"
JOB_FAILED: Final = "mizual.v1.job.failed"
JOB_CANCELLED: Final = "mizual.v1.job.cancelled"
SUBMISSION_REJECTED: Final = "mizual.v1.submission.rejected"

# What could not be handled, kept for operators, without anything a person wrote or drew.
DEAD_LETTERS: Final = "DEAD_LETTERS"
DEAD_LETTER_ROOT: Final = "mizual.dead"

# The server's own word that a message used up its deliveries.
ADVISORIES: Final = "ADVISORIES"
MAX_DELIVERIES_ROOT: Final = "$JS.EVENT.ADVISORY.CONSUMER.MAX_DELIVERIES"
STORAGE_ADVISORY: Final = "storage_advisory"

# Limits: publishing to limit.<policy>.<client> fails exactly when the window is full.
LIMIT_ROOT: Final = "limit"

# Queries: core request and reply, in queue groups named as the service; what every process of
# every service answers is asked without a group.
EVERY_SERVICE: Final = "every"
PRESENCE_QUERY: Final = "mizual.query.every.presence"
STORAGE_JOB_QUERY: Final = "mizual.query.storage.job"
STORAGE_ERASE_QUERY: Final = "mizual.query.storage.erase"
STORAGE_CHAIN_QUERY: Final = "mizual.query.storage.chain"
STORAGE_HISTORY_QUERY: Final = "mizual.query.storage.history"
STORAGE_CHAINS_QUERY: Final = "mizual.query.storage.chains"
STORAGE_PROCESSING_QUERY: Final = "mizual.query.storage.processing"
STORAGE_SCHEMA_QUERY: Final = "mizual.query.storage.schema"
STORAGE_PERFORMANCE_QUERY: Final = "mizual.query.storage.performance"
STORAGE_STYLES_QUERY: Final = "mizual.query.storage.styles"
STORAGE_MOVED_QUERY: Final = "mizual.query.storage.moved"
RENDERER_ABILITIES_QUERY: Final = "mizual.query.renderer.abilities"
FEEDBACK_GIVE_QUERY: Final = "mizual.query.feedback.give"
FEEDBACK_READ_QUERY: Final = "mizual.query.feedback.read"
FEEDBACK_ERASE_QUERY: Final = "mizual.query.feedback.erase"
FEEDBACK_ANALYTICS_QUERY: Final = "mizual.query.feedback.analytics"
FEEDBACK_SCHEMA_QUERY: Final = "mizual.query.feedback.schema"
FEEDBACK_PERFORMANCE_QUERY: Final = "mizual.query.feedback.performance"


def journal_subject(job_id: UUID) -> str:
    """The one subject of a job's journal."""
    return f"{JOURNAL_ROOT}.{job_id}"


def dead_letter_subject(durable: str, job_id: UUID | None) -> str:
    """Where a durable's unhandled messages of a job are kept; of no job where none is known."""
    return f"{DEAD_LETTER_ROOT}.{durable}.{job_id or 'unknown'}"


def dead_letters_of(job_id: UUID) -> str:
    """All of a job, whichever durable they come from."""
    return f"{DEAD_LETTER_ROOT}.*.{job_id}"


def limit_stream(policy: str) -> str:
    """The stream that holds a policy's slots."""
    return f"LIMIT_{policy.upper()}"


def limit_subject(policy: str, client: str) -> str:
    """The subject whose messages are the client's used slots; `client` is a hex digest."""
    return f"{LIMIT_ROOT}.{policy}.{client}"
