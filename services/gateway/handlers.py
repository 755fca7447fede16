"""The bus door: commands of other services, under the same admission as HTTP."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from pydantic import ConfigDict, JsonValue, TypeAdapter, ValidationError

from contracts import subjects
from contracts.base import Message
from contracts.commands import CancelJob, CorrelationId, EraseJob, SubmitJob
from contracts.errors import ErrorCode
from contracts.events import JobAccepted, SubmissionRejected
from contracts.journal import JournalEntry
from services.chassis.broker import put_command, put_delivered
from services.chassis.bus import Bus
from services.chassis.delivery import NatsDelivery
from services.chassis.errors import ObsoleteError, PermanentError
from services.chassis.loops import Loops
from services.chassis.telemetry import bound, request_id_of
from services.gateway.domain.fields import invalid
from services.gateway.domain.identity import Caller, platform_caller
from services.gateway.domain.opening import Applicant
from services.gateway.domain.parts import Parts
from services.gateway.domain.problems import not_found, trouble_of
from services.gateway.domain.submission import Submission, checked, prompt_of

_CORRELATION_ID: Final = TypeAdapter(CorrelationId)


def put_handlers(loops: Loops, bus: Bus, parts: Parts) -> None:
    """Put the handlers on their durables."""

    async def submit_job(letter: _Letter, delivery: NatsDelivery) -> None:
        request_id = request_id_of(letter.request_id)
        with bound(request_id=request_id):
            try:
                command = _command(letter)
            except PermanentError as error:
                if (sender := _sender(letter)) is not None:
                    await _reject(parts, sender, error, delivery, request_id)
                raise
            try:
                job = await parts.admission.admit(
                    _submission(command), _applicant(command, delivery, request_id)
                )
                await _answer_again(parts, job, command, delivery)
            except PermanentError as error:
                await _reject(parts, command.correlation_id, error, delivery, request_id)

    async def cancel_job(command: CancelJob) -> None:
        with _of_owner(command):
            await _require_owner(parts, command)
            await parts.jobs.cancel(command.job_id)

    async def erase_job(command: EraseJob) -> None:
        with _of_owner(command):
            await _require_owner(parts, command)
            await parts.jobs.erase(command.job_id, parts.eraser)

    put_delivered(loops, bus, subjects.GATEWAY_JOB_SUBMIT, _Letter, submit_job, concurrency=4)
    put_command(loops, bus, subjects.GATEWAY_JOB_CANCEL, CancelJob, cancel_job)
    put_command(loops, bus, subjects.GATEWAY_JOB_ERASE, EraseJob, erase_job)


@contextmanager
def _of_owner(command: CancelJob | EraseJob) -> Iterator[None]:
    """What is done to a job. Raises ObsoleteError where there is nothing to do it to."""
    with bound(job_id=str(command.job_id), request_id=request_id_of(command.request_id)):
        try:
            yield
        except PermanentError as error:
            # There is nobody to answer: a job that is not the owner's is no work of ours.
            raise ObsoleteError(f"{type(command).__name__}: {error}") from None


async def _require_owner(parts: Parts, command: CancelJob | EraseJob) -> None:
    found = await parts.jobs.find(command.job_id)
    if found is None or not found.entry.is_of(platform_caller(command.owner).owner):
        raise not_found(ErrorCode.EDIT_NOT_FOUND)


class _Letter(Message):
    """A SubmitJob as it came: who sent one that is not valid can still be told."""

    model_config = ConfigDict(extra="allow")

    correlation_id: JsonValue = None

    @property
    def request_id(self) -> str | None:
        """What the sender calls this request."""
        named = (self.model_extra or {}).get("request_id")
        return named if isinstance(named, str) else None


def _command(letter: _Letter) -> SubmitJob:
    try:
        return SubmitJob.model_validate_json(letter.model_dump_json())
    except ValidationError as error:
        raise invalid(error) from None


def _sender(letter: _Letter) -> str | None:
    try:
        return _CORRELATION_ID.validate_python(letter.correlation_id)
    except ValidationError:
        return None


def _submission(command: SubmitJob) -> Submission:
    return checked(
        Submission(
            kind=command.kind,
            prompt=prompt_of(command.kind, command.prompt),
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


async def _answer_again(
    parts: Parts, job: JournalEntry, command: SubmitJob, delivery: NatsDelivery
) -> None:
    """Tell who asked under a known key: storage told of the job once, under its first name."""
    known_as = job.work.correlation_id if job.work else None
    if command.correlation_id is None or command.correlation_id == known_as:
        return
    accepted = JobAccepted(
        job_id=job.job_id,
        kind=job.kind,
        public=job.public,
        correlation_id=command.correlation_id,
        request_id=job.work.request_id if job.work else None,
    )
    message_id = f"accepted:{delivery.identity}"
    await parts.publisher.publish(subjects.JOB_ACCEPTED, accepted, message_id=message_id)


async def _reject(
    parts: Parts,
    correlation_id: str | None,
    error: PermanentError,
    delivery: NatsDelivery,
    request_id: str,
) -> None:
    problem = trouble_of(error, request_id).problem
    rejected = SubmissionRejected(correlation_id=correlation_id, problem=problem)
    await parts.publisher.publish(
        subjects.SUBMISSION_REJECTED, rejected, message_id=f"rejected:{delivery.identity}"
    )
