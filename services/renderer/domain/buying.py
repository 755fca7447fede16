"""How a provider's work is bought: the place for it, the submission, and never in vain."""

from dataclasses import replace
from functools import partial
from typing import Final

from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.journal import Handle, JournalEntry, Slot, Stage
from services.chassis.errors import ObsoleteError, PermanentError
from services.chassis.hold import FencedError, Hold, NotSubmittedError
from services.chassis.judge import TIMED_OUT_SENTENCE
from services.chassis.metrics import PROVIDER_CREDITS
from services.chassis.step import Facts
from services.renderer.domain.editing import Edited, Made, Source, Wish
from services.renderer.domain.workshop import Workshop

CALL_SECONDS: Final = 120.0
"""The longest that a provider without handles may take, the storing of its result included."""
WORTHWHILE_SECONDS: Final = 10.0
"""Nothing is bought for a job that will be stopped sooner than the quicker models are done."""


def refuse_to_pay_in_vain(job: JournalEntry) -> None:
    """Raise PermanentError for a job whose deadline is too near."""
    if (job.facts.deadline - utcnow()).total_seconds() < WORTHWHILE_SECONDS:
        raise PermanentError(ErrorCode.TIMED_OUT, TIMED_OUT_SENTENCE)


async def buy(hold: Hold, wish: Wish, shop: Workshop, whose: Facts) -> None:
    """Have the picture edited within one paid call, and record the result."""
    editor = shop.studio.paid[wish.model]
    sent = await editor.prepare(*await pictured(hold.job, wish, shop))
    await hold.enter(Stage.AI_PROCESSING, **whose)

    checked: Edited | None = None

    async def keep(made: Made) -> Facts:
        nonlocal checked
        # Once, however often storing it is tried.
        checked = checked or await editor.check(made)
        return {"raw": await shop.pictures.keep(hold.job, checked), "public": said(checked)}

    await hold.submit_whole(partial(editor.make, sent, wish), keep, timeout=CALL_SECONDS)


async def hand_in(hold: Hold, wish: Wish, shop: Workshop, whose: Facts) -> None:
    """Hand the picture in as a task, and record the provider's handle for it."""
    editor = shop.studio.tasks[wish.model]
    # First the place, which is cheap to ask for; the picture only when there is one.
    await _place(hold, wish, shop)
    body = await editor.prepare(*await pictured(hold.job, wish, shop))
    await hold.enter(Stage.AI_PROCESSING, **whose)

    async def post() -> Handle:
        task = await editor.submit(body, model=wish.model)
        PROVIDER_CREDITS.labels(editor.name).inc(task.cost_credits or 0)
        return task

    try:
        await hold.submit(post, timeout=editor.submit_seconds)
    except (NotSubmittedError, PermanentError):
        # A job that ended meanwhile has no entry that says that nothing was sent.
        if hold.last is not None and hold.job.terminal and hold.job.work is not None:
            await shop.places.free(hold.job.work.places)
        raise


async def pictured(job: JournalEntry, wish: Wish, shop: Workshop) -> tuple[Source, Wish]:
    """The picture to edit, and the wish with the pictures that it refers to.

    Raises TransientError where one is not to be had.
    """
    quick = shop.studio.is_quick(job.kind, job.facts)
    references = await shop.pictures.references(job, are_small=quick)
    return await shop.pictures.source(job), replace(wish, references=references)


def said(edited: Edited) -> Facts:
    """What the public part says of a result; without a note, that of the step before stays."""
    note = {"note": edited.note} if edited.note else {}
    return {"provider": edited.provider, "model": edited.model, **note}


async def _place(hold: Hold, wish: Wish, shop: Workshop) -> None:
    """Take the account's places for the job, once: they stay its own until its task has ended."""
    held = hold.job.facts.places
    if held and await shop.places.are_held(held):
        return
    # By the job's id, so that a second asking within seconds finds the first one's places.
    taken = await shop.places.take(wish.model, token=str(hold.job.job_id))
    try:
        await hold.note(places=taken)
    except FencedError:
        # The later attempt has the same places.
        raise
    except ObsoleteError:
        if _is_unused(taken, hold):
            await shop.places.free(taken)
        raise


def _is_unused(places: tuple[Slot, ...], hold: Hold) -> bool:
    """Whether the job moved on without these places."""
    return hold.last is None or hold.job.work is None or hold.job.facts.places != places
