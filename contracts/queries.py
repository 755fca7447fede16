"""Questions between services: core request and reply, errors as a typed reply."""

from typing import Final, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import Field

from contracts.base import Instant, Message
from contracts.errors import ErrorCode
from contracts.journal import JournalEntry, Kind
from contracts.styles import Style

T = TypeVar("T", bound=Message)


class QueryError(Message):
    """Why a question has no answer; `code` and `detail` are public, `status` is HTTP's."""

    status: int
    code: ErrorCode
    detail: str


class Reply(Message, Generic[T]):
    """Either an answer or an error."""

    answer: T | None = None
    error: QueryError | None = None


class JobQuestion(Message):
    """To storage: what does the record say of this job?"""

    job_id: UUID


class JobRecord(Message):
    """The last known entry of a job and its journal sequence; None for an unknown job."""

    entry: JournalEntry | None
    sequence: int = 0


ERASE_SECONDS: Final = 12.0
"""How long to wait for an erasure: some dozen calls to an object store."""


class ErasureQuestion(Message):
    """To storage: forget this job. Whoever asks has found that the caller may."""

    job_id: UUID


class Erasure(Message):
    """What was removed of a job: every part that had something, by what it was."""

    job: JobRecord
    """The erased entry, which is all that is left."""
    journal_entries: int = 0
    words: tuple[str, ...] = ()
    """Of what people wrote and models made of it: `prompt`, `enhanced_prompt`, `description`."""
    objects: tuple[str, ...] = ()
    """The roles of the stored pictures: `original`, `raw`, `result`, `thumb`, `upload`."""
    feedback: int = 0
    dead_letters: int = 0
    remaining: tuple[str, ...] = ()
    """Parts that could not be reached; they are removed as soon as they can be."""


class FeedbackErasure(Message):
    """To feedback: forget what was said of this edit, the rating too unless it is to be kept."""

    edit_uuid: UUID
    keep_rating: bool = False


class FeedbackErased(Message):
    """How many rows were removed or emptied."""

    rows: int


class ChainQuestion(Message):
    """To storage: which edits led to this one?"""

    job_id: UUID


class ChainRecord(Message):
    """The edits from the chain's beginning to the one that was asked for, in order.

    What does not fit into one answer is left out at the front: its last member's parent is asked
    for next. Empty for an unknown job.
    """

    members: tuple[JobRecord, ...] = ()


class HistoryPlace(Message):
    """A place between two jobs of a history: after the one that was created then, with this id."""

    created_at: Instant
    job_id: UUID


class HistoryQuestion(Message):
    """To storage: an owner's jobs, newest first, from a place on; erased ones have no owner."""

    owner: str
    kind: Kind | None = None
    after: HistoryPlace | None = None
    limit: int = Field(default=20, ge=1, le=100)


class HistoryPage(Message):
    """Some jobs of a history; fewer than asked for where more would not fit into one answer."""

    jobs: tuple[JobRecord, ...] = ()
    next: HistoryPlace | None = None
    """Where the next page begins; None for the last one."""


class MovedQuestion(Message):
    """To storage: which jobs of this owner moved past the journal's sequence `after`?

    With `ended_after`, which of them have not ended, or ended after it?
    """

    owner: str
    after: int = Field(default=0, ge=0)
    ended_after: Instant | None = None
    most: int = Field(default=100, ge=1, le=500)


class MovedJob(Message):
    """A job, and the sequence of its last entry on record."""

    job_id: UUID
    sequence: int


class MovedJobs(Message):
    """The jobs that moved, the latest first."""

    jobs: tuple[MovedJob, ...] = ()
    more: bool = False
    """Whether earlier ones are left out."""
    complete_to: int = Field(ge=0)
    """Everything in the journal up to this sequence is on record; what follows it may not be."""


class StylesQuestion(Message):
    """To storage: which styles are there?"""


class Styles(Message):
    """The styles that a job may name, by name."""

    styles: tuple[Style, ...] = ()


class AbilitiesQuestion(Message):
    """To the renderer: what may be asked of you?"""


class ModelAbilities(Message):
    """A model that edits pictures, and what it can honour beside the sentence."""

    name: str
    provider: str
    seed: bool = False
    aspect_ratios: tuple[str, ...] = ()
    """The shapes that may be asked for, as `width:height`; none: the shape is not a choice."""
    generative: bool = True
    """Whether it follows a style's rules in words, and varies a picture without being told how."""


class Abilities(Message):
    """The models that a job may name; the first is used where none is named."""

    models: tuple[ModelAbilities, ...] = Field(min_length=1)
    fast: str | None = None
    """The model that is used where a job asks for the quick one; None: there is none of its own."""


class GiveFeedback(Message):
    """To feedback: keep one rating for a completed edit. The gateway checked that it is one."""

    edit_uuid: UUID
    rating: Literal[0, 1]
    feedback_text: str | None = Field(default=None, max_length=1000)
    client_network: str | None = None
    kind: Kind = Kind.EDIT
    provider: str | None = None
    model: str | None = None
    style: str | None = None


class FeedbackKept(Message):
    """The row's number."""

    feedback_id: int


class FeedbackQuestion(Message):
    """To feedback: what was said of this edit?"""

    edit_uuid: UUID


class FeedbackGiven(Message):
    """What was said of an edit."""

    edit_uuid: UUID
    rating: Literal[0, 1]
    feedback_text: str | None
    created_at: Instant


class PresenceQuestion(Message):
    """To every process of every service: who is there?"""


class Presence(Message):
    """A process that runs and hears the bus."""

    service: str
