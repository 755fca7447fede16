"""The enhancer's place in the pipeline."""

from typing import Final

from contracts.events import EditRequested
from contracts.journal import JournalEntry, Stage, Work
from contracts.subjects import ENHANCER_EDIT_REQUESTED
from services.chassis.hold import Hold
from services.chassis.step import Facts, Step
from services.enhancer.domain.enhancing import (
    OWN_WORDS_NOTE,
    RETRIES,
    LanguageModel,
    as_they_are,
)

LIMIT_SECONDS: Final = 60.0
"""Twice what looking at the picture and asking the model may take together."""


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
        who="The language service",
        retries={Stage.ENHANCING_PROMPT: RETRIES},
        limit_seconds=LIMIT_SECONDS,
        skips=skips,
        fallback=_own_words,
    )


async def on_edit_requested(hold: Hold, *, model: LanguageModel) -> None:
    """Record the instruction for the renderer."""
    work = hold.job.facts
    if hold.step.skips(work):
        await hold.record(enhanced=as_they_are(work.prompt))
        return
    enhanced = await model.enhance(work.prompt, original=work.original)
    await hold.record(enhanced=enhanced)


def _own_words(job: JournalEntry) -> Facts:
    enhanced = as_they_are(job.facts.prompt)
    return {"public": {"note": OWN_WORDS_NOTE}, "work": {"enhanced": enhanced}}
