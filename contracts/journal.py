"""The journal entry: a full snapshot of a job, and how the next one is made of it.

A job's entries form one line: `index` counts 0, 1, 2 …, stage and progress never step back, and
nothing follows a terminal stage. The public part is what observers may see; the work part is
read by the five services alone.
"""

from typing import Annotated, Any, Final, Literal, Self
from uuid import UUID

from pydantic import Field, StringConstraints, model_validator

from contracts.base import Instant, Message, utcnow
from contracts.errors import ErrorCode
from contracts.objects import ObjectRef
from contracts.ownership import whose
from contracts.stages import (
    PROGRESS,
    TERMINAL,
    Kind,
    Stage,
    Status,
    message_of,
    status_of,
)
from contracts.styles import Style

__all__ = [
    "MAX_PROMPT_CHARACTERS",
    "PROGRESS",
    "TERMINAL",
    "Enhanced",
    "Handle",
    "JournalEntry",
    "Kind",
    "Options",
    "Prompt",
    "Public",
    "Raw",
    "Slot",
    "Stage",
    "Status",
    "Submitting",
    "Work",
    "Written",
]

MAX_PROMPT_CHARACTERS: Final = 1000

Prompt = Annotated[
    str, StringConstraints(min_length=1, max_length=MAX_PROMPT_CHARACTERS, strip_whitespace=True)
]


class Options(Message):
    """What the caller may ask besides the sentence."""

    enhance: bool = True
    output_format: Literal["jpeg", "png", "webp"] | None = None
    seed: int | None = None
    aspect_ratio: str | None = None
    style_id: str | None = None
    model: str | None = None
    fast: bool = False
    """The quicker model of the image service, at some cost of quality."""


class Slot(Message):
    """A used place of a quota: a message of a limit stream, deleted to give the place back."""

    policy: str
    sequence: int


class Enhanced(Message):
    """Fact of the enhancer: the instruction for the renderer.

    `prompt` is None where the user's own words are used as they are.
    """

    instruction: str
    prompt: str | None = None
    provider: str = "none"
    model: str = "none"
    version: str | None = None
    """Of the system instruction that the model followed."""


class Submitting(Message):
    """A request to a paid provider may be under way; nobody else may send one before `deadline`."""

    deadline: Instant


class Handle(Message):
    """The provider's name for the task that it accepted."""

    provider: str
    task_id: str
    polling_url: str | None = None
    model: str = "unknown"
    submitted_at: Instant | None = None
    cost_credits: float | None = None
    """What the provider says the task costs; a credit of Flux is 0.01 USD."""


class Raw(Message):
    """Fact of the renderer: the provider's picture as stored, and what was done."""

    image: ObjectRef
    provider: str
    model: str
    note: str | None = None


class Written(Message):
    """Fact of the enhancer: what it says of the picture."""

    text: str
    provider: str
    model: str
    version: str | None = None
    """Of the system instruction that the model followed."""


class Public(Message):
    """What observers see. No prompt, no key, no owner."""

    stage: Stage
    progress_percent: int = Field(ge=0, le=100)
    message: str
    attempt: int = Field(default=1, ge=1)
    retry_at: Instant | None = None
    retry_reason: str | None = None
    error_code: ErrorCode | None = None
    provider: str | None = None
    model: str | None = None
    note: str | None = None
    parent_job_id: UUID | None = None
    chain_position: int = Field(default=1, ge=1)
    created_at: Instant
    updated_at: Instant

    @property
    def status(self) -> Status:
        """The coarse state of the stage."""
        return status_of(self.stage)


class Work(Message):
    """What the services need to go on from this entry alone."""

    owner: str
    fingerprint: str
    prompt: str
    request_id: str
    deadline: Instant
    original: ObjectRef | None = None
    upload_key: str | None = None
    """Of the upload that the original is a copy of."""
    options: Options = Options()
    style: Style | None = None
    """As it was when the job was accepted, whatever becomes of it."""
    correlation_id: str | None = None
    quota: tuple[Slot, ...] = ()

    attempt: int = Field(default=0, ge=0)
    """Fencing token: raised whenever a delivery takes a stage."""
    trigger: int = Field(default=0, ge=0)
    """EVENTS sequence of the message whose worker holds the stage."""
    tries: int = Field(default=0, ge=0)
    """Real failures in this stage."""

    enhanced: Enhanced | None = None
    submitting: Submitting | None = None
    uncertain: int = Field(default=0, ge=0)
    """How often a submission was repeated without knowing whether the first was accepted."""
    places: tuple[Slot, ...] = ()
    """Of the provider's account, used from before the submission until the task has ended."""
    handle: Handle | None = None
    not_found_seen: bool = False
    not_found_at: Instant | None = None
    """When the provider first did not know the task any more."""
    raw: Raw | None = None
    result: ObjectRef | None = None
    written: Written | None = None


class JournalEntry(Message):
    """One entry of a job's journal."""

    job_id: UUID
    kind: Kind
    index: int = Field(ge=0)
    public: Public
    work: Work | None = None
    """None once erased, and only then."""
    erased_for: str | None = None
    """Of an erased job: whose it was, for those alone who know the owner's name."""

    @model_validator(mode="after")
    def _has_work_until_erased(self) -> Self:
        if self.work is None and self.stage is not Stage.ERASED:
            raise ValueError("only erasing forgets work")
        return self

    @property
    def stage(self) -> Stage:
        """Where the job stands."""
        return self.public.stage

    @property
    def terminal(self) -> bool:
        """Whether nothing may follow."""
        return self.stage in TERMINAL

    def is_of(self, owner: str) -> bool:
        """Whether the job is this owner's, or was until it was erased."""
        if self.work is None:
            return self.erased_for == whose(self.job_id, owner)
        return self.work.owner == owner

    @property
    def facts(self) -> Work:
        """The work part. Raises ValueError for an erased job, which has none."""
        if self.work is None:
            raise ValueError(f"job {self.job_id} is erased")
        return self.work

    def follow(
        self, *, public: dict[str, Any] | None = None, work: dict[str, Any] | None = None
    ) -> Self:
        """The next entry: this one with some fields of either part changed."""
        now = max(utcnow(), self.public.updated_at)
        changed = self.public.model_copy(update={"updated_at": now, **(public or {})})
        return self.model_copy(
            update={
                "index": self.index + 1,
                "public": changed,
                "work": self.facts.model_copy(update=work or {}),
            }
        )

    def advance(self, stage: Stage, *, work: dict[str, Any] | None = None, **public: Any) -> Self:
        """The next entry at `stage`, or where the job already stands if that is further."""
        target = stage if stage in TERMINAL else max(self.stage, stage, key=PROGRESS.__getitem__)
        entered = {
            "stage": target,
            "message": message_of(self.kind, target),
            "retry_at": None,
            "retry_reason": None,
            "progress_percent": max(
                self.public.progress_percent, PROGRESS.get(target, self.public.progress_percent)
            ),
        }
        if target is not self.stage and target not in TERMINAL:
            entered |= {"attempt": 1}
            work = {"tries": 0, **(work or {})}
        return self.follow(public={**entered, **public}, work=work)

    def erase(self) -> Self:
        """The ending after every ending: only where the job stood in its chain is left."""
        now = max(utcnow(), self.public.updated_at)
        kept = {"progress_percent", "parent_job_id", "chain_position", "created_at"}
        left = self.public.model_dump(include=kept)
        told = message_of(self.kind, Stage.ERASED)
        empty = Public(stage=Stage.ERASED, message=told, updated_at=now, **left)
        changed = {"index": self.index + 1, "public": empty, "work": None}
        return self.model_copy(
            update={**changed, "erased_for": whose(self.job_id, self.facts.owner)}
        )

    def fail(self, code: ErrorCode, sentence: str) -> Self:
        """The ending for a failure, with the sentence the person reads."""
        return self.advance(Stage.FAILED, message=sentence, error_code=code)
