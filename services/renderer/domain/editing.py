"""The ports to whoever edits pictures: one answers within the call, the other takes a task."""

from dataclasses import dataclass, field
from math import inf
from typing import Protocol

from contracts.base import utcnow
from contracts.journal import Handle, Options


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """The picture to edit, checked before; width and height are as displayed."""

    data: bytes
    content_type: str
    width_pixels: int
    height_pixels: int

    @property
    def pixels(self) -> int:
        """Width times height."""
        return self.width_pixels * self.height_pixels


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What to do: `prompt` in the person's own words, `instruction` as made precise."""

    prompt: str
    instruction: str
    model: str
    options: Options = field(default_factory=Options)
    references: tuple[Source, ...] = ()
    """Pictures that the result is to look like; the picture to edit is none of them."""
    webhook_url: str | None = None
    """Where the provider may say that a task has ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A provider's picture, checked, and what it says it did."""

    data: bytes
    content_type: str
    width_pixels: int
    height_pixels: int
    provider: str
    model: str
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Running:
    """The provider works on the task; `progress` is its own share of done, 0 to 1, if it tells.

    With `pause_seconds` it was not asked: it has not answered lately, and is left alone so long.
    """

    progress: float | None = None
    pause_seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Ready:
    """The task's result lies at `url` for some minutes; `seconds` is what the provider took."""

    url: str
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Made:
    """A provider's picture as it came, and the model that says it made it."""

    data: bytes
    model: str


class ImageEditor(Protocol):
    """Whoever edits pictures here, at no cost."""

    async def edit(self, source: Source, wish: Wish) -> Edited:
        """The edited picture. Raises one of the three kinds."""


class PaidEditor(Protocol):
    """Whoever makes a picture within one call, which is paid for."""

    name: str

    async def prepare(self, source: Source, wish: Wish) -> tuple[Source, ...]:
        """The picture, then its references, as they are sent.

        Raises PermanentError for an option that the model cannot honour, UnavailableError when too
        many pictures are waiting.
        """

    async def make(self, sent: tuple[Source, ...], wish: Wish) -> Made:
        """The call, once. Raises NotSubmittedError when the provider certainly did not take it,
        PermanentError for a refusal, and TransientError when nobody knows.
        """

    async def check(self, made: Made) -> Edited:
        """The picture, checked like any untrusted one. Raises PermanentError for one that cannot be
        used, UnavailableError when too many pictures are waiting.
        """


class TaskEditor(Protocol):
    """Whoever takes a task and is asked for its result later."""

    name: str
    submit_seconds: float
    """Total deadline of one submission, in seconds."""

    async def prepare(self, source: Source, wish: Wish) -> bytes:
        """The body to submit: the pictures within the model's limits. Raises PermanentError."""

    async def submit(self, body: bytes, *, model: str) -> Handle:
        """Hand the task in, once. Raises NotSubmittedError when it was certainly not accepted,
        PermanentError for a refusal, and TransientError when nobody knows.
        """

    async def poll(self, task: Handle) -> Running | Ready:
        """Ask once, unless the provider is not worth asking now. Raises ForgottenError for an
        unknown task, PermanentError for a failed or moderated one, TransientError for what may
        pass.
        """

    async def download(self, task: Handle, ready: Ready) -> Edited:
        """The result, checked like any untrusted picture. Raises ForgottenError once it has expired
        and for what is no picture, PermanentError for an unusable one, TransientError for what may
        pass.
        """


def seconds_since(task: Handle) -> float:
    """The task's age in seconds; one whose submission has no moment is older than any limit."""
    if task.submitted_at is None:
        return inf
    return (utcnow() - task.submitted_at).total_seconds()
