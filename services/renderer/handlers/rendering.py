"""Handing a picture in, to whoever the job's model belongs to.

A variation is made as an edit is; what it refers to is in its style.
"""

from functools import partial
from typing import Final

from contracts.events import EditEnhanced, JobEvent, VariationEnhanced
from contracts.journal import JournalEntry, Kind, Stage
from contracts.subjects import RENDERER_EDIT_ENHANCED, RENDERER_VARIATION_ENHANCED
from services.chassis.errors import UnavailableError
from services.chassis.hold import Hold
from services.chassis.step import Facts, Retries, Step
from services.renderer.domain.buying import (
    CALL_SECONDS,
    buy,
    hand_in,
    pictured,
    refuse_to_pay_in_vain,
    said,
)
from services.renderer.domain.editing import Wish
from services.renderer.domain.workshop import Workshop

WHO: Final = "The image service"
STAGES: Final = (Stage.FETCHING_IMAGE, Stage.AI_PROCESSING)
ENHANCED: Final[dict[Kind, tuple[type[JobEvent], str]]] = {
    Kind.EDIT: (EditEnhanced, RENDERER_EDIT_ENHANCED),
    Kind.VARIATION: (VariationEnhanced, RENDERER_VARIATION_ENHANCED),
}


def rendering(shop: Workshop, kind: Kind = Kind.EDIT) -> Step:
    """The step that ends with a result, or with a provider's handle for one."""
    event, durable = ENHANCED[kind]
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
        release=partial(release, shop=shop),
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


async def release(job: JournalEntry, *, has_ended: bool, shop: Workshop) -> None:
    """Give the job's places in a provider's account back, when it needs them no more."""
    # A task that is or may be under way keeps its places, whatever becomes of its job.
    facts = job.facts
    was_sent = facts.handle is not None or facts.submitting is not None
    if has_ended or facts.raw is not None or (job.terminal and not was_sent):
        await shop.places.free(facts.places)


async def _edit_for_free(hold: Hold, wish: Wish, shop: Workshop, whose: Facts) -> None:
    source, wish = await pictured(hold.job, wish, shop)
    await hold.enter(Stage.AI_PROCESSING, **whose)
    edited = await shop.studio.free[wish.model].edit(source, wish)
    await hold.record(public=said(edited), raw=await shop.pictures.keep(hold.job, edited))
