"""The step of variations, and edits in a style: never failed, always in the style."""

import pytest

from contracts.errors import ErrorCode
from contracts.events import VariationEnhanced
from contracts.journal import Kind, Options, Stage
from services.chassis.announce import announcement
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.enhancer.domain.brief import LOST_GUIDE_NOTE
from services.enhancer.domain.composing import REFERENCE
from services.enhancer.domain.enhancing import COMPOSED_NOTE, Desk
from services.enhancer.handlers import (
    enhancing,
    on_edit_requested,
    on_variation_requested,
    varying,
)
from tests.samples import job
from tests.unit.chassis.rules.world import MESSAGE, Actor, World
from tests.unit.enhancer.models import FailingModel, Shelf, WillingModel, desk
from tests.unit.enhancer.styles import WARM, style

HINTS = "Landscape, 3:2."
REFUSAL = PermanentError(ErrorCode.CONTENT_MODERATED, "It declined.")


def there(model, *, shelf: Shelf | None = None) -> Desk:
    return desk(model, shelf=shelf or Shelf({"warm-film": WARM}), hints=HINTS)


def variation(at: Desk, prompt: str = "", **work) -> World:
    opened = job(kind=Kind.VARIATION, prompt=prompt, **{"style": style(), **work})

    async def task(hold):
        await on_variation_requested(hold, desk=at)

    return World(varying(at), opened, lambda _: task)


def edit(at: Desk, *, enabled: bool = True, **work) -> World:
    async def task(hold):
        await on_edit_requested(hold, desk=at)

    opened = job(**{"style": style(), **work})
    return World(enhancing(at, enabled=enabled), opened, lambda _: task)


async def test_the_model_is_told_of_the_style_and_both_pictures():
    model = WillingModel()
    world = variation(there(model), "more snow")

    await world.deliver(Actor("only"))

    (told,) = model.told
    assert (told.words, told.is_variation, told.guide) == ("more snow", True, WARM)
    assert told.reference == world.last.facts.style.reference
    assert world.last.facts.enhanced.instruction == "MORE SNOW"
    assert world.last.stage is Stage.ENHANCING_PROMPT
    assert announcement(world.last) is VariationEnhanced
    assert MESSAGE in world.acked


async def test_a_variation_of_the_styles_own_picture_has_no_reference_beside_it():
    own = style().reference
    model = WillingModel()

    await variation(there(model), original=own).deliver(Actor("only"))

    assert model.told[0].reference is None


async def test_a_variation_without_a_style_has_none():
    model = WillingModel()

    await variation(there(model), style=None).deliver(Actor("only"))

    assert (model.told[0].guide, model.told[0].reference) == (None, None)


@pytest.mark.parametrize("error", [TransientError("busy"), REFUSAL, RuntimeError("a bug")])
async def test_when_the_model_fails_what_there_is_goes_on(error):
    world = variation(there(FailingModel(error)), "more snow")

    await world.until_acked()

    enhanced = world.last.facts.enhanced
    assert "What is wanted: More snow." in enhanced.instruction
    assert "faded teal" in enhanced.instruction
    assert HINTS in enhanced.instruction
    assert enhanced.prompt is None
    assert world.last.public.note == COMPOSED_NOTE
    assert (world.last.terminal, world.letters) == (False, [])


async def test_whoever_wants_no_model_gets_the_style_and_no_excuse():
    model = WillingModel()
    world = variation(there(model), options=Options(enhance=False))

    await world.deliver(Actor("only"))

    assert model.told == []
    assert REFERENCE in world.last.facts.enhanced.instruction
    assert world.last.public.note is None


async def test_an_edit_in_a_style_is_in_the_style_without_a_model_too():
    world = edit(there(WillingModel()), options=Options(enhance=False))

    await world.deliver(Actor("only"))

    found = world.last.facts.enhanced.instruction
    assert found.startswith("Make it blue.")
    assert "faded teal" in found
    assert HINTS not in found
    assert world.last.stage is Stage.PENDING


async def test_a_guide_that_is_gone_is_done_without_and_told_of():
    model = WillingModel()
    world = variation(there(model, shelf=Shelf()), "more snow")

    await world.deliver(Actor("only"))

    assert model.told[0].guide is None
    assert model.told[0].reference is not None
    assert world.last.public.note == LOST_GUIDE_NOTE


async def test_both_misfortunes_are_told_of():
    world = variation(there(FailingModel(REFUSAL), shelf=Shelf()), "more snow")

    await world.deliver(Actor("only"))

    assert world.last.public.note == f"{COMPOSED_NOTE} {LOST_GUIDE_NOTE}"


async def test_a_store_that_is_away_is_waited_for_without_a_try():
    shelf = Shelf({"warm-film": WARM}, error=UnavailableError("the store is away"))
    world = variation(there(WillingModel(), shelf=shelf))

    for _ in range(5):
        await world.deliver(Actor("waiting"))
    assert (world.last.facts.tries, world.last.public.retry_reason) == (0, "waiting")

    shelf.error = None
    await world.until_acked()
    assert world.last.facts.enhanced is not None


async def test_a_store_that_goes_away_before_the_fallback_fails_nothing():
    shelf = Shelf({"warm-film": WARM})
    world = variation(there(FailingModel(REFUSAL), shelf=shelf), "more snow")
    goes_on = world.task

    async def task(hold):
        shelf.error = UnavailableError("the store is away")
        raise REFUSAL

    world.task = task
    with pytest.raises(UnavailableError):
        await world.deliver(Actor("only"))
    world.task, shelf.error = goes_on, None
    await world.until_acked()

    assert "faded teal" in world.last.facts.enhanced.instruction
