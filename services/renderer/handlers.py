"""The renderer's places in the pipeline: handing a picture in, and collecting the result.

A variation is made as an edit is; what it refers to is in its style.
"""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from functools import partial
from typing import Final

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.events import (
    EditEnhanced,
    EditSubmitted,
    JobEvent,
    TaskSubmitted,
    VariationEnhanced,
    VariationSubmitted,
)
from contracts.journal import PROGRESS, Handle, JournalEntry, Kind, Stage
from contracts.queries import Abilities, AbilitiesQuestion, ModelAbilities
from contracts.subjects import (
    RENDERER_EDIT_ENHANCED,
    RENDERER_EDIT_SUBMITTED,
    RENDERER_VARIATION_ENHANCED,
    RENDERER_VARIATION_SUBMITTED,
)
from services.chassis.collect import Collected, Look, Pending
from services.chassis.errors import PermanentError, UnavailableError
from services.chassis.handler import Task
from services.chassis.hold import Hold
from services.chassis.limits import LOST_PLACE_SECONDS
from services.chassis.metrics import RESULTS_FOUND
from services.chassis.step import Facts, Retries, Step
from services.renderer.domain.buying import (
    CALL_SECONDS,
    buy,
    hand_in,
    pictured,
    refuse_to_pay_in_vain,
    said,
)
from services.renderer.domain.editing import Ready, Running, Wish, seconds_since
from services.renderer.domain.polling import together
from services.renderer.domain.workshop import Workshop

WHO: Final = "The image service"
STAGES: Final = (Stage.FETCHING_IMAGE, Stage.AI_PROCESSING)
COLLECT_SECONDS: Final = 45.0
"""One look: a poll, a wait for a hand, a download and its check, each with its own deadline."""
HANDS_FULL_SECONDS: Final = 1.0
"""A result that found no hand is looked at again after this."""
JUST_NOW_SECONDS: Final = 0.2
"""A task this young is not asked for: its event comes at once."""
PROGRESS_STEP: Final = 5
"""Percent that a provider's progress must have moved the job by, to be worth an entry."""
TOO_LONG_SENTENCE: Final = "The image service took too long. Please try again."


_ENHANCED: Final[dict[Kind, tuple[type[JobEvent], str]]] = {
    Kind.EDIT: (EditEnhanced, RENDERER_EDIT_ENHANCED),
    Kind.VARIATION: (VariationEnhanced, RENDERER_VARIATION_ENHANCED),
}
_SUBMITTED: Final[dict[Kind, tuple[type[TaskSubmitted], str]]] = {
    Kind.EDIT: (EditSubmitted, RENDERER_EDIT_SUBMITTED),
    Kind.VARIATION: (VariationSubmitted, RENDERER_VARIATION_SUBMITTED),
}


def rendering(shop: Workshop, kind: Kind = Kind.EDIT) -> Step:
    """The step that ends with a result, or with a provider's handle for one."""
    event, durable = _ENHANCED[kind]
    return Step(
        event=event,
        durable=durable,
        stages=STAGES,
        needs=lambda work: work.enhanced is not None,
        done=lambda work: work.handle is not None or work.raw is not None,
        who=WHO,
        retries={Stage.FETCHING_IMAGE: Retries(2, 5.0), Stage.AI_PROCESSING: Retries(2, 5.0)},
        limit_seconds=CALL_SECONDS + 30.0,
        repeats=partial(shop.studio.repeats_of, kind),
        recover=shop.pictures.find,
        release=partial(_release, shop=shop),
    )


def collecting(shop: Workshop, kind: Kind = Kind.EDIT) -> Step:
    """The step that ends with the result of a task."""
    event, durable = _SUBMITTED[kind]
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
        release=partial(_release, shop=shop),
    )


async def on_edit_enhanced(hold: Hold, *, shop: Workshop) -> None:
    """Have the picture edited, or hand it in, by whoever the job's model belongs to."""
    wish, studio = shop.studio.wish_of(hold.job), shop.studio
    whose = {"provider": studio.provider_of(wish.model), "model": wish.model}
    if wish.model in studio.free:
        await _edit_for_free(hold, wish, shop, whose)
        return
    refuse_to_pay_in_vain(hold.job)
    pay = hand_in if wish.model in studio.tasks else buy
    with shop.turn_of(whose["provider"]) as is_allowed:
        if not is_allowed:
            raise UnavailableError(f"{whose['provider']} is not taking anything up")
        await pay(hold, wish, shop, whose)


async def on_variation_enhanced(hold: Hold, *, shop: Workshop) -> None:
    """The same for a variation."""
    await on_edit_enhanced(hold, shop=shop)


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


def renderings(shop: Workshop, kinds: Collection[Kind]) -> Iterator[tuple[Step, Task]]:
    """The steps that make pictures of these kinds, each with what it does."""
    tasks = {Kind.EDIT: on_edit_enhanced, Kind.VARIATION: on_variation_enhanced}
    for kind, task in tasks.items():
        if kind in kinds:
            yield rendering(shop, kind), partial(task, shop=shop)


def collections(shop: Workshop, kinds: Collection[Kind]) -> Iterator[tuple[Step, Look]]:
    """The steps that collect results of these kinds, each with how it looks for one."""
    looks = {Kind.EDIT: on_edit_submitted, Kind.VARIATION: on_variation_submitted}
    for kind, look in looks.items():
        if kind in kinds:
            yield collecting(shop, kind), partial(look, shop=shop)


def makes_pictures(kinds: Collection[Kind]) -> bool:
    """Whether an image model is asked for jobs of these kinds."""
    return not _ENHANCED.keys().isdisjoint(kinds)


def durables_of(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """The durables that jobs of these kinds come on."""
    listened = {
        **{kind: (_ENHANCED[kind][1], _SUBMITTED[kind][1]) for kind in _ENHANCED},
        Kind.CUTOUT: (),
    }
    return tuple(durable for kind in kinds for durable in listened[kind])


def abilities_of(
    models: tuple[ModelAbilities, ...], quick: str | None
) -> Callable[[AbilitiesQuestion], Awaitable[Abilities]]:
    """Answers what the gateway may let through."""

    async def answer(_: AbilitiesQuestion) -> Abilities:
        return Abilities(models=models, fast=quick)

    return answer


async def _edit_for_free(hold: Hold, wish: Wish, shop: Workshop, whose: Facts) -> None:
    source, wish = await pictured(hold.job, wish, shop)
    await hold.enter(Stage.AI_PROCESSING, **whose)
    edited = await shop.studio.free[wish.model].edit(source, wish)
    await hold.record(public=said(edited), raw=await shop.pictures.keep(hold.job, edited))


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


async def _release(job: JournalEntry, *, has_ended: bool, shop: Workshop) -> None:
    # A task that is or may be under way keeps its places, whatever becomes of its job.
    facts = job.facts
    was_sent = facts.handle is not None or facts.submitting is not None
    if has_ended or facts.raw is not None or (job.terminal and not was_sent):
        await shop.places.free(facts.places)
