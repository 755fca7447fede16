"""The enhancer's step: it makes an edit better or leaves it alone, and never fails it."""

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Options, Stage
from services.chassis.breaker import Breaker
from services.chassis.errors import PermanentError, TransientError
from services.enhancer.adapters.remote import RemoteWriter
from services.enhancer.domain.enhancing import OWN_WORDS_NOTE
from services.enhancer.handlers import enhancing, on_edit_requested
from tests.samples import job
from tests.unit.chassis.rules.world import MESSAGE, Actor, World
from tests.unit.enhancer.models import FailingModel, ScriptedVendor, Sight, WillingModel, desk

REFUSAL = PermanentError(ErrorCode.CONTENT_MODERATED, "It declined.")


def world(model, *, enabled: bool = True, **work) -> World:
    """A job in front of the enhancer with this model."""
    there = desk(model)

    async def task(hold):
        await on_edit_requested(hold, desk=there)

    return World(enhancing(there, enabled=enabled), job(**work), lambda _: task)


async def test_the_models_instruction_is_recorded_with_its_origin():
    model = WillingModel()
    there = world(model)

    await there.deliver(Actor("only"))

    assert there.last.facts.enhanced.instruction == "MAKE IT BLUE"
    assert there.last.facts.enhanced.model == "loud-1"
    assert there.last.public.note is None
    assert [told.original for told in model.told] == [there.last.facts.original]
    assert MESSAGE in there.acked


async def test_who_wants_no_enhancement_gets_none_and_no_excuse():
    model = WillingModel()
    there = world(model, options=Options(enhance=False))

    await there.deliver(Actor("only"))

    assert there.last.facts.enhanced.instruction == "make it blue"
    assert there.last.facts.enhanced.prompt is None
    assert there.last.public.note is None
    assert model.told == []
    assert there.last.stage is Stage.PENDING


async def test_a_refusal_leaves_the_persons_own_words_at_once_and_says_so():
    model = FailingModel(REFUSAL)
    there = world(model)

    await there.deliver(Actor("only"))

    assert there.last.facts.enhanced.instruction == "make it blue"
    assert there.last.facts.enhanced.prompt is None
    assert there.last.public.note == OWN_WORDS_NOTE
    assert (model.asked, there.letters) == (1, [])
    assert MESSAGE in there.acked


@pytest.mark.parametrize("error", [TransientError("busy"), RuntimeError("a bug")])
async def test_what_may_pass_is_tried_twice_more_and_then_done_without(error):
    model = FailingModel(error)
    there = world(model)

    await there.until_acked()

    assert model.asked == 3
    assert there.last.facts.enhanced.instruction == "make it blue"
    assert there.last.public.note == OWN_WORDS_NOTE
    assert there.last.stage is Stage.ENHANCING_PROMPT


async def test_the_pause_that_a_provider_asks_for_is_kept():
    there = world(FailingModel(TransientError("busy", retry_after=4.0)))

    await there.deliver(Actor("only"))

    assert there.delays == [4.0]


async def test_a_provider_that_asks_for_a_minute_costs_quality_and_no_time():
    vendor = ScriptedVendor([TransientError("busy", retry_after=60.0)])
    there = world(RemoteWriter(vendor, Sight(), Breaker("test")), original=None)

    await there.deliver(Actor("only"))

    assert (there.delays, len(vendor.asked)) == ([], 1)
    assert there.last.facts.enhanced.instruction == "make it blue"
    assert there.last.public.note == OWN_WORDS_NOTE
