"""The enhancer's places in the pipeline: instructions for pictures, and descriptions of them."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Final

from contracts.errors import ErrorCode
from contracts.events import DescriptionRequested, EditRequested, JobEvent, VariationRequested
from contracts.journal import JournalEntry, Stage, Work
from contracts.subjects import (
    ENHANCER_DESCRIPTION_REQUESTED,
    ENHANCER_EDIT_REQUESTED,
    ENHANCER_VARIATION_REQUESTED,
)
from services.chassis.errors import PermanentError
from services.chassis.handler import Task
from services.chassis.hold import Hold
from services.chassis.step import Facts, Step
from services.enhancer.domain.description import ASK_RETRIES, FETCH_RETRIES, Describer
from services.enhancer.domain.enhancing import RETRIES, WHO, Desk, excuse

LIMIT_SECONDS: Final = 70.0
"""Twice what reading a style, looking at the pictures and asking the model may take together."""
DESCRIBING_SECONDS: Final = 60.0
"""A large picture out of a slow store, and a call with a deadline of its own."""
NO_PICTURE_SENTENCE: Final = "There is no picture to describe."


def enhancing(desk: Desk, *, enabled: bool) -> Step:
    """The step of edits, which nobody sees where no model is asked."""

    def skips(work: Work) -> bool:
        return not (enabled and work.options.enhance)

    return _writing(EditRequested, ENHANCER_EDIT_REQUESTED, desk, skips)


def varying(desk: Desk) -> Step:
    """The step of variations: there is more to put together than words, model or not."""
    return _writing(VariationRequested, ENHANCER_VARIATION_REQUESTED, desk, lambda _: False)


def describing() -> Step:
    """The step of descriptions, which nothing can take the place of."""
    return Step(
        event=DescriptionRequested,
        durable=ENHANCER_DESCRIPTION_REQUESTED,
        stages=(Stage.FETCHING_IMAGE, Stage.DESCRIBING),
        needs=lambda _: True,
        done=lambda work: work.written is not None,
        who=WHO,
        retries={Stage.FETCHING_IMAGE: FETCH_RETRIES, Stage.DESCRIBING: ASK_RETRIES},
        limit_seconds=DESCRIBING_SECONDS,
    )


async def on_edit_requested(hold: Hold, *, desk: Desk) -> None:
    """Record the instruction for the renderer."""
    brief = await desk.brief(hold.job)
    writer = desk.writer if hold.job.facts.options.enhance else desk.composer
    enhanced = await writer.write(brief)
    await hold.record(public={"note": brief.note}, enhanced=enhanced)


async def on_variation_requested(hold: Hold, *, desk: Desk) -> None:
    """The same for a variation."""
    await on_edit_requested(hold, desk=desk)


async def on_description_requested(hold: Hold, *, describer: Describer) -> None:
    """Look at the picture and record what it shows."""
    original = hold.job.facts.original
    if original is None:
        raise PermanentError(ErrorCode.INVALID_IMAGE, NO_PICTURE_SENTENCE)
    shown = await describer.look(original)
    whose = {"provider": describer.provider, "model": describer.model}
    await hold.enter(Stage.DESCRIBING, **whose)
    written = await describer.describe(shown)
    whose = {"provider": written.provider, "model": written.model}
    await hold.record(public=whose, written=written)


def writings(desk: Desk, *, enabled: bool) -> Iterator[tuple[Step, Task]]:
    """The steps that end with an instruction, each with what it does."""
    yield enhancing(desk, enabled=enabled), partial(on_edit_requested, desk=desk)
    yield varying(desk), partial(on_variation_requested, desk=desk)


def _writing(
    event: type[JobEvent], durable: str, desk: Desk, skips: Callable[[Work], bool]
) -> Step:
    """When it fails, what there is goes on as it is: enhancement never fails a job."""
    return Step(
        event=event,
        durable=durable,
        stages=(Stage.ENHANCING_PROMPT,),
        needs=lambda _: True,
        done=lambda work: work.enhanced is not None,
        who=WHO,
        retries={Stage.ENHANCING_PROMPT: RETRIES},
        limit_seconds=LIMIT_SECONDS,
        skips=skips,
        fallback=partial(_composed, desk=desk),
    )


async def _composed(job: JournalEntry, *, desk: Desk) -> Facts:
    brief = await desk.brief(job)
    enhanced = await desk.composer.write(brief)
    return {"public": {"note": excuse(brief)}, "work": {"enhanced": enhanced}}
