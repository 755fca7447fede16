"""Admission: the one function behind both doors, from a submission to an accepted job.

known key -> the first job          (before any limit; another body under the key is refused)
parent, style, options, picture     (refused before anything is taken or stored)
place of the quota -> original -> journal -> event
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID, uuid4

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import EVENT_SUBJECTS
from contracts.journal import JournalEntry, Kind, Slot, Stage
from contracts.paths import PATHS
from services.chassis.announce import event_id
from services.chassis.bus import Publisher
from services.chassis.errors import UnavailableError
from services.chassis.journal import Journal, Recorded
from services.chassis.limits import ACTIVE_JOBS, LimitExceededError, Standing, Taken
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.opening import Applicant, Ids, Rests, first_entry
from services.gateway.domain.options import ImageService, Wanted, check_with
from services.gateway.domain.problems import RefusalError, not_found, pause_of, too_many
from services.gateway.domain.repeats import fingerprint_of, same_job, sha256_of
from services.gateway.domain.sources import Source, Sources
from services.gateway.domain.styles import Styles, style_named
from services.gateway.domain.submission import Submission

log = logging.getLogger(__name__)


class Places(Protocol):
    """The quota that holds across replicas."""

    async def take(self, client: str, *, token: str) -> Taken:
        """One place of each policy. Raises LimitExceededError and UnavailableError."""

    async def give_back(self, slots: tuple[Slot, ...]) -> None:
        """Free the places. Raises UnavailableError."""

    async def standings(self, client: str) -> tuple[Standing, ...]:
        """Where the client stands under each policy. Raises UnavailableError."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What an accepted job may be: its time in seconds, the longest path from a root."""

    deadline_seconds: float
    chain_limit: int


class Admission:
    """Accepts jobs, each exactly once."""

    def __init__(
        self,
        *,
        jobs: Jobs,
        journal: Journal,
        places: Places,
        sources: Sources,
        styles: Styles,
        image_service: ImageService,
        publisher: Publisher,
        job_ids: Callable[[str, str], tuple[UUID, ...]],
        rules: Rules,
        overloaded: Callable[[Kind], bool] = lambda _: False,
    ) -> None:
        self._jobs = jobs
        self._journal = journal
        self._places = places
        self._sources = sources
        self._styles = styles
        self._image_service = image_service
        self._publisher = publisher
        self._job_ids = job_ids
        self._rules = rules
        self._overloaded = overloaded

    async def admit(self, submission: Submission, applicant: Applicant) -> JournalEntry:
        """The accepted job: its first entry, or what became of it if the key is known.

        Raises RefusalError or another PermanentError, and UnavailableError.
        """
        ids = self._ids(applicant)
        if first := await self._first(ids):
            return same_job(first, await self._asked_again(submission, first))
        if self._overloaded(submission.kind):
            raise UnavailableError("more work waits than the deadline allows", retry_after=30)
        rests = await self._rests(submission)
        await check_with(self._image_service, _wanted(submission, rests))
        source = await self._source(submission, rests)
        fingerprint = fingerprint_of(submission, source.picture.sha256)
        taken = await self._take(ids, fingerprint, applicant)
        if isinstance(taken, JournalEntry):
            return taken
        seconds = self._rules.deadline_seconds
        entry = first_entry(submission, applicant, ids.job_id, rests, deadline_seconds=seconds)
        work = entry.facts.model_copy(update={"fingerprint": fingerprint, "quota": taken.slots})
        return await self._open(entry.model_copy(update={"work": work}), source, taken)

    async def standings(self, client: str) -> tuple[Standing, ...]:
        """What the client has left, as far as that can be told right now."""
        try:
            return await self._places.standings(client)
        except UnavailableError:
            return ()

    def _ids(self, applicant: Applicant) -> Ids:
        if applicant.idempotency_key is None:
            return Ids(uuid4(), ())
        ids = self._job_ids(applicant.caller.scope, applicant.idempotency_key)
        return Ids(ids[0], ids)

    async def _asked_again(self, submission: Submission, first: JournalEntry) -> str:
        sha256 = ""
        if submission.picture is not None:
            sha256 = await sha256_of(submission.picture)
        elif submission.image_id is not None:
            sha256 = await self._uploaded(submission.image_id, first)
        return fingerprint_of(submission, sha256)

    async def _uploaded(self, image_id: UUID, first: JournalEntry) -> str:
        try:
            return await self._sources.digest_of(image_id)
        except (RefusalError, UnavailableError):
            # The picture is gone or cannot be asked for: everything else must be the same.
            original = first.work.original if first.work else None
            return original.sha256 if original else ""

    async def _first(self, ids: Ids) -> JournalEntry | None:
        for job_id in ids.earlier:
            found = await self._jobs.find(job_id)
            if found is not None:
                return found.entry
        return None

    async def _rests(self, submission: Submission) -> Rests:
        return Rests(
            parent=await self._parent(submission.parent_id),
            style=await style_named(self._styles, submission.options.style_id),
        )

    async def _parent(self, parent_id: UUID | None) -> JournalEntry | None:
        if parent_id is None:
            return None
        found = await self._jobs.find(parent_id)
        parent = found.entry if found else None
        if parent is None or parent.stage is Stage.ERASED or parent.kind is Kind.DESCRIPTION:
            raise not_found(ErrorCode.PARENT_NOT_FOUND)
        if parent.stage is not Stage.COMPLETED:
            raise RefusalError(
                400, ErrorCode.PARENT_NOT_COMPLETED, "The parent edit has not completed."
            )
        if parent.public.chain_position >= self._rules.chain_limit:
            sentence = f"A chain holds at most {self._rules.chain_limit} edits; this one is full."
            raise RefusalError(400, ErrorCode.CHAIN_TOO_LONG, sentence)
        return parent

    async def _source(self, submission: Submission, rests: Rests) -> Source:
        if submission.picture is not None:
            return await self._sources.checked(submission.picture)
        if submission.image_id is not None:
            return await self._sources.by_id(submission.image_id)
        if rests.parent is not None:
            return await self._sources.result_of(rests.parent)
        assert rests.style is not None
        return await self._sources.reference_of(rests.style)

    async def _take(self, ids: Ids, fingerprint: str, applicant: Applicant) -> Taken | JournalEntry:
        try:
            return await self._places.take(applicant.caller.client, token=str(ids.job_id))
        except LimitExceededError as full:
            # Another request with this key may have taken the last place and opened the job.
            if first := await self._first(ids):
                return same_job(first, fingerprint)
            raise _over_quota(full) from None

    async def _open(self, entry: JournalEntry, source: Source, taken: Taken) -> JournalEntry:
        opened: JournalEntry | None = None
        try:
            original = await self._sources.keep(source, entry.kind, entry.job_id)
            kept = {"original": original, "upload_key": source.upload_key}
            work = entry.facts.model_copy(update=kept)
            opened = await self._append(entry.model_copy(update={"work": work}))
        finally:
            await self._give_back_unused(entry.job_id, taken, opened)
        same = same_job(opened, entry.facts.fingerprint)
        await self._announce(same)
        log.info("job_accepted", extra={"job_id": str(same.job_id), "kind": same.kind.value})
        return same

    async def _append(self, entry: JournalEntry) -> JournalEntry:
        message_id = f"{entry.job_id}:{uuid4()}:0"
        first: Recorded | None
        try:
            first = await self._journal.append(entry, judged=None, message_id=message_id)
        except UnavailableError:
            # The answer may have got lost on the way back.
            first = await self._journal.last(entry.job_id, leader=True)
            if first is None:
                raise
        first = first or await self._journal.last(entry.job_id, leader=True)
        if first is None:
            raise UnavailableError("the journal refused to open a job that it does not have")
        return first.entry

    async def _announce(self, job: JournalEntry) -> None:
        if job.stage is not Stage.PENDING:
            return
        kind = PATHS[job.kind].requested
        event = kind(job_id=job.job_id, request_id=job.facts.request_id, occurred_at=utcnow())
        subject, message_id = EVENT_SUBJECTS[kind], event_id(kind, job)
        try:
            await self._publisher.publish(subject, event, message_id=message_id)
        except UnavailableError:
            # The job is stored: the watchdog announces it.
            log.warning("announcement_postponed", extra={"job_id": str(job.job_id)})

    async def _give_back_unused(
        self, job_id: UUID, taken: Taken, opened: JournalEntry | None
    ) -> None:
        """Free the places made here, unless the job rests on them, whoever opened it."""
        if not taken.own:
            return
        try:
            if opened is None and (last := await self._journal.last(job_id, leader=True)):
                opened = last.entry
            used = opened.work.quota if opened and opened.work else ()
            await self._places.give_back(tuple(slot for slot in taken.own if slot not in used))
        except UnavailableError:
            log.warning("places_not_given_back", extra={"places": len(taken.own)})


def _wanted(submission: Submission, rests: Rests) -> Wanted:
    return Wanted(
        options=submission.options,
        has_words=bool(submission.prompt),
        is_variation=submission.kind is Kind.VARIATION,
        style=rests.style,
        has_own_picture=submission.has_picture or rests.parent is not None,
    )


def _over_quota(full: LimitExceededError) -> RefusalError:
    wait = full.retry_after
    if full.policy.name == ACTIVE_JOBS:
        sentence = (
            f"You have {full.policy.places} jobs under way, which is the limit; please try again "
            "when one of them has ended."
        )
        return too_many(full.policy, wait, sentence)
    sentence = f"You have reached the limit of jobs; please try again in {pause_of(wait)}."
    return too_many(full.policy, wait, sentence)
