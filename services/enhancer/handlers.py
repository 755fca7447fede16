"""The enhancer's place in the pipeline."""

from typing import Final

from contracts.events import EditEnhanced, EditRequested
from contracts.journal import Stage, Work
from contracts.subjects import ENHANCER_EDIT_REQUESTED
from services.chassis.hold import Hold
from services.chassis.step import Retries, Step
from services.enhancer.domain import LanguageModel, as_they_are

RETRIES: Final = Retries(more=2, base_seconds=3.0)


def enhancing(*, enabled: bool) -> Step:
    """The step: when it fails, the person's own words are used, since it never fails an edit."""

    def skips(work: Work) -> bool:
        return not (enabled and work.options.enhance)

    return Step(
        event=EditRequested,
        durable=ENHANCER_EDIT_REQUESTED,
        stages=(Stage.ENHANCING_PROMPT,),
        needs=lambda _: True,
        done=lambda work: work.enhanced is not None,
        announces=EditEnhanced,
        who="The language service",
        retries={Stage.ENHANCING_PROMPT: RETRIES},
        limit_seconds=60.0,
        skips=skips,
        fallback=lambda job: {"work": {"enhanced": as_they_are(job.facts.prompt)}},
    )


async def on_edit_requested(hold: Hold, *, model: LanguageModel) -> None:
    """Record the instruction for the renderer."""
    work = hold.job.facts
    if hold.step.skips(work):
        await hold.record(enhanced=as_they_are(work.prompt))
        return
    await hold.record(enhanced=await model.enhance(work.prompt))
