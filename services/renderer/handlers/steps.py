"""Which steps a renderer has, by the kinds of jobs that it works on."""

from collections.abc import Awaitable, Callable, Collection, Iterable, Iterator
from functools import partial

from contracts.journal import Kind
from contracts.queries import Abilities, AbilitiesQuestion, ModelAbilities
from contracts.subjects import RENDERER_CUTOUT_REQUESTED
from services.chassis.collect import Look
from services.chassis.handler import Task
from services.chassis.step import Step
from services.renderer.domain.cutting import Cutter
from services.renderer.domain.workshop import Workshop
from services.renderer.handlers.collecting import (
    SUBMITTED,
    collecting,
    on_edit_submitted,
    on_variation_submitted,
)
from services.renderer.handlers.cutting import CUTTING, on_cutout_requested
from services.renderer.handlers.rendering import (
    ENHANCED,
    on_edit_enhanced,
    on_variation_enhanced,
    rendering,
)


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


def cuttings(shop: Workshop, cutter: Cutter | None) -> Iterator[tuple[Step, Task]]:
    """The step that removes backgrounds, where there is somebody to do it."""
    if cutter is not None:
        task = partial(on_cutout_requested, cutter=cutter, pictures=shop.pictures)
        yield CUTTING, task


def makes_pictures(kinds: Collection[Kind]) -> bool:
    """Whether an image model is asked for jobs of these kinds."""
    return not ENHANCED.keys().isdisjoint(kinds)


def durables_of(kinds: Iterable[Kind]) -> tuple[str, ...]:
    """The durables that jobs of these kinds come on."""
    listened = {
        **{kind: (ENHANCED[kind][1], SUBMITTED[kind][1]) for kind in ENHANCED},
        Kind.CUTOUT: (RENDERER_CUTOUT_REQUESTED,),
    }
    return tuple(durable for kind in kinds for durable in listened[kind])


def abilities_of(
    models: tuple[ModelAbilities, ...], quick: str | None
) -> Callable[[AbilitiesQuestion], Awaitable[Abilities]]:
    """Answers what the gateway may let through."""

    async def answer(_: AbilitiesQuestion) -> Abilities:
        return Abilities(models=models, fast=quick)

    return answer
