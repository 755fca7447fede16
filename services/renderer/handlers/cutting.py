"""Removing a picture's background, which nobody is paid for."""

from typing import Final

from contracts.events import CutoutRequested
from contracts.journal import Stage
from contracts.subjects import RENDERER_CUTOUT_REQUESTED
from services.chassis.hold import Hold
from services.chassis.step import Retries, Step
from services.renderer.domain.buying import said
from services.renderer.domain.cutting import CUT_SECONDS, WAIT_SECONDS, Cutter
from services.renderer.domain.workshop import Pictures
from services.renderer.handlers.rendering import WHO

STORE_SECONDS: Final = 30.0
"""For the picture to be fetched and the result to be stored."""


CUTTING: Final = Step(
    event=CutoutRequested,
    durable=RENDERER_CUTOUT_REQUESTED,
    stages=(Stage.FETCHING_IMAGE, Stage.REMOVING_BACKGROUND),
    needs=lambda _: True,
    done=lambda work: work.raw is not None,
    who=WHO,
    retries={
        Stage.FETCHING_IMAGE: Retries(2, 5.0),
        Stage.REMOVING_BACKGROUND: Retries(2, 5.0),
    },
    limit_seconds=WAIT_SECONDS + CUT_SECONDS + STORE_SECONDS,
)
"""The step that ends with a picture without its background."""


async def on_cutout_requested(hold: Hold, *, cutter: Cutter, pictures: Pictures) -> None:
    """Cut the subject out, and keep the result."""
    source = await pictures.source(hold.job)
    await hold.enter(Stage.REMOVING_BACKGROUND, provider=cutter.name, model=cutter.model)
    edited = await cutter.cut(source)
    await hold.record(public=said(edited), raw=await pictures.keep(hold.job, edited))
