"""The bus door: commands of other services, under the same admission as HTTP."""

from contracts import subjects
from contracts.commands import CancelJob, SubmitJob
from contracts.errors import ErrorCode
from contracts.events import SubmissionRejected
from services.chassis.broker import put_command, put_delivered
from services.chassis.bus import Bus
from services.chassis.delivery import NatsDelivery
from services.chassis.errors import ObsoleteError, PermanentError
from services.chassis.loops import Loops
from services.chassis.telemetry import bound, request_id_of
from services.gateway.domain.admission import Applicant
from services.gateway.domain.identity import Caller, platform_caller
from services.gateway.domain.parts import Parts
from services.gateway.domain.problems import not_found, trouble_of
from services.gateway.domain.submission import Submission, checked
from services.gateway.domain.text import clean_prompt


def put_handlers(loops: Loops, bus: Bus, parts: Parts) -> None:
    """Put the handlers on their durables."""

    async def submit_job(command: SubmitJob, delivery: NatsDelivery) -> None:
        request_id = request_id_of(command.request_id)
        with bound(request_id=request_id):
            try:
                await parts.admission.admit(
                    _submission(command), _applicant(command, delivery, request_id)
                )
            except PermanentError as error:
                await _reject(parts, command, error, delivery, request_id)

    async def cancel_job(command: CancelJob) -> None:
        with bound(job_id=str(command.job_id), request_id=request_id_of(None)):
            try:
                job = await parts.jobs.status(command.job_id)
                if job.entry.facts.owner != platform_caller(command.owner).owner:
                    raise not_found(ErrorCode.EDIT_NOT_FOUND)
                await parts.jobs.cancel(command.job_id)
            except PermanentError as error:
                # There is nobody to answer: a job that is not the owner's is no work of ours.
                raise ObsoleteError(f"nothing to cancel: {error}") from None

    put_delivered(loops, bus, subjects.GATEWAY_JOB_SUBMIT, SubmitJob, submit_job, concurrency=4)
    put_command(loops, bus, subjects.GATEWAY_JOB_CANCEL, CancelJob, cancel_job)


def _submission(command: SubmitJob) -> Submission:
    return checked(
        Submission(
            kind=command.kind,
            prompt=clean_prompt(command.prompt),
            options=command.options,
            image_id=command.image_id,
            parent_id=command.parent_job_id,
        )
    )


def _applicant(command: SubmitJob, delivery: NatsDelivery, request_id: str) -> Applicant:
    caller, key = platform_caller(command.owner), command.idempotency_key
    if key is None:
        # A redelivery must find the job of the first delivery. No caller's scope looks like this.
        scope = f"delivery:{caller.scope}"
        caller = Caller(owner=caller.owner, scope=scope, client=caller.client)
        key = delivery.identity
    return Applicant(
        caller=caller,
        request_id=request_id,
        idempotency_key=key,
        correlation_id=command.correlation_id,
    )


async def _reject(
    parts: Parts,
    command: SubmitJob,
    error: PermanentError,
    delivery: NatsDelivery,
    request_id: str,
) -> None:
    problem = trouble_of(error, request_id).problem
    rejected = SubmissionRejected(correlation_id=command.correlation_id, problem=problem)
    await parts.publisher.publish(
        subjects.SUBMISSION_REJECTED, rejected, message_id=f"rejected:{delivery.identity}"
    )
