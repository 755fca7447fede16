"""Which model does a job, and what may be asked of it."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

from contracts.errors import ErrorCode
from contracts.journal import Handle, JournalEntry, Kind, Work
from contracts.queries import ModelAbilities
from services.chassis.errors import PermanentError, UnavailableError
from services.renderer.domain.editing import ImageEditor, PaidEditor, TaskEditor, Wish

GONE_SENTENCE: Final = "The model that you asked for is not offered any more."
WHOLE_REPEATS: Final = 1
"""A provider without handles cannot be asked what became of a request: one repeat is worth it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Studio:
    """The editors of this process by model; each model is in one of the three tables.

    The first of `models` is used where a job names none.
    """

    models: tuple[ModelAbilities, ...]
    free: Mapping[str, ImageEditor] = field(default_factory=dict)
    """Cost nothing, so doing it twice is fine."""
    paid: Mapping[str, PaidEditor] = field(default_factory=dict)
    tasks: Mapping[str, TaskEditor] = field(default_factory=dict)
    quick: str | None = None
    """The model for jobs that ask for a quick one and name none; None: the usual one is."""
    quick_variations: bool = False
    """Whether variations are quick without being asked (FAST_MODE)."""
    uncertain_repeats: int | None = None
    webhook_url: Callable[[JournalEntry], str | None] = lambda _: None

    def is_quick(self, kind: Kind, work: Work) -> bool:
        """Whether the job is to be done quickly, at some cost of quality."""
        return work.options.fast or (self.quick_variations and kind is Kind.VARIATION)

    def model_of(self, kind: Kind, work: Work) -> str:
        """The model that does the job."""
        quick = self.quick if self.is_quick(kind, work) else None
        return work.options.model or quick or self.models[0].name

    def provider_of(self, model: str) -> str:
        """Whose model it is. Raises PermanentError for one that is not offered."""
        found = next((known for known in self.models if known.name == model), None)
        if found is None:
            raise PermanentError(ErrorCode.OPTION_UNSUPPORTED, GONE_SENTENCE)
        return found.provider

    def wish_of(self, job: JournalEntry) -> Wish:
        """What the job asks of its model."""
        work = job.facts
        assert work.enhanced is not None
        return Wish(
            prompt=work.prompt,
            instruction=work.enhanced.instruction,
            model=self.model_of(job.kind, work),
            options=work.options,
            webhook_url=self.webhook_url(job),
        )

    def editor_of(self, task: Handle) -> TaskEditor:
        """Who took the task. Raises UnavailableError when this process has no way to ask."""
        known = self.tasks.get(task.model) or next(
            (editor for editor in self.tasks.values() if editor.name == task.provider), None
        )
        if known is None:
            raise UnavailableError(f"no client for {task.provider} is configured here")
        return known

    def repeats_of(self, kind: Kind, work: Work) -> int:
        """How often a submission of unknown outcome may be repeated."""
        if self.uncertain_repeats is not None:
            return self.uncertain_repeats
        return 0 if self.model_of(kind, work) in self.tasks else WHOLE_REPEATS
