"""Collecting the result of a task, by one look at a time."""

from functools import partial
from typing import Final

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import EditSubmitted, TaskSubmitted, VariationSubmitted
from contracts.journal import PROGRESS, Handle, JournalEntry, Kind, Stage
from contracts.subjects import RENDERER_EDIT_SUBMITTED, RENDERER_VARIATION_SUBMITTED
from services.chassis.collect import Collected, Pending
from services.chassis.errors import PermanentError
from services.chassis.limits import LOST_PLACE_SECONDS
from services.chassis.metrics import RESULTS_FOUND
from services.chassis.step import Step
from services.renderer.domain.buying import said
from services.renderer.domain.editing import Ready, Running, seconds_since
from services.renderer.domain.polling import together
from services.renderer.domain.workshop import Workshop
from services.renderer.handlers.rendering import STAGES, WHO, release

COLLECT_SECONDS: Final = 45.0
"""One look: a poll, a wait for a hand, a download and its check, each with its own deadline."""
HANDS_FULL_SECONDS: Final = 1.0
"""A result that found no hand is looked at again after this."""
JUST_NOW_SECONDS: Final = 0.2
"""A task this young is not asked for: its event comes at once."""
PROGRESS_STEP: Final = 5
"""Percent that a provider's progress must have moved the job by, to be worth an entry."""
TOO_LONG_SENTENCE: Final = "The image service took too long. Please try again."


SUBMITTED: Final[dict[Kind, tuple[type[TaskSubmitted], str]]] = {
    Kind.EDIT: (EditSubmitted, RENDERER_EDIT_SUBMITTED),
    Kind.VARIATION: (VariationSubmitted, RENDERER_VARIATION_SUBMITTED),
}


def collecting(shop: Workshop, kind: Kind = Kind.EDIT) -> Step:
    """The step that ends with the result of a task."""
    event, durable = SUBMITTED[kind]
    return Step(
        event=event,
        durable=durable,
        stages=STAGES,
        needs=lambda work: work.handle is not None,
        done=lambda work: work.raw is not None,
        who=WHO,
        limit_seconds=COLLECT_SECONDS,
        task_seconds=shop.task_timeout_seconds + LOST_PLACE_SECONDS,
        recover=shop.pictures.find,
        release=partial(release, shop=shop),
    )


async def on_edit_submitted(
    job: JournalEntry, event: TaskSubmitted, *, shop: Workshop
) -> Pending | Collected:
    """Ask for the task once; fetch and keep its result when there is one."""
    task = job.facts.handle
    assert task is not None
    elapsed = seconds_since(task)
    if elapsed < JUST_NOW_SECONDS and not event.wake_up:
        return Pending(shop.timer.delay(task.model, elapsed, None), is_known=False)
    state = await shop.studio.editor_of(task).poll(task)
    if isinstance(state, Running):
        return _pending(task, state, job, shop)
    async with shop.hand() as is_free:
        if not is_free:
            return Pending(HANDS_FULL_SECONDS, is_known=False)
        kept = await _kept(job, task, state, shop)
    # Not before it is kept: a result that could not be fetched is found again.
    RESULTS_FOUND.labels(task.provider, "wake_up" if event.wake_up else "look").inc()
    shop.timer.learned(task.model, elapsed, state.seconds, by_wake_up=event.wake_up)
    return kept


async def on_variation_submitted(
    job: JournalEntry, event: TaskSubmitted, *, shop: Workshop
) -> Pending | Collected:
    """The same for a variation."""
    return await on_edit_submitted(job, event, shop=shop)


async def _kept(job: JournalEntry, task: Handle, found: Ready, shop: Workshop) -> Collected:
    edited = await shop.studio.editor_of(task).download(task, found)
    raw = await shop.pictures.keep(job, edited)
    return Collected(work={"raw": raw}, public=said(edited))


def _pending(task: Handle, state: Running, job: JournalEntry, shop: Workshop) -> Pending:
    if state.pause_seconds is not None:
        # Nobody was asked, and the result may be there: the job's own deadline is the end.
        return Pending(state.pause_seconds, is_known=False)
    elapsed = seconds_since(task)
    if elapsed > shop.task_timeout_seconds:
        raise PermanentError(ErrorCode.TIMED_OUT, TOO_LONG_SENTENCE)
    wait = shop.timer.delay(task.model, elapsed, state.progress)
    delay = together(wait, now=utcnow().timestamp())
    return Pending(delay, _percent(state.progress, job))


def _percent(progress: float | None, job: JournalEntry) -> int | None:
    if progress is None:
        return None
    low, high = PROGRESS[Stage.AI_PROCESSING], PROGRESS[Stage.UPLOADING_RESULT]
    percent = low + int((high - low - 1) * progress)
    return percent if percent >= job.public.progress_percent + PROGRESS_STEP else None
