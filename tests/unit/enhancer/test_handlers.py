"""The enhancer's step: it makes an edit better or leaves it alone, and never fails it."""

from contextlib import closing

import pytest

from contracts.errors import ErrorCode
from contracts.journal import Options, Stage
from services.chassis.breaker import Breaker
from services.chassis.errors import PermanentError, TransientError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.enhancer.adapters.picture import Preview
from services.enhancer.adapters.remote import RemoteModel
from services.enhancer.domain.enhancing import OWN_WORDS_NOTE
from services.enhancer.handlers import enhancing, on_edit_requested
from tests.fakes_objects import MemoryStore
from tests.samples import job
from tests.unit.chassis.rules.world import MESSAGE, Actor, World
from tests.unit.enhancer.models import FailingModel, ScriptedVendor, WillingModel

REFUSAL = PermanentError(ErrorCode.CONTENT_MODERATED, "It declined.")


@pytest.fixture
def pool():
    with closing(PixelPool(threads=1)) as made:
        yield made


def world(model, *, enabled: bool = True, **work) -> World:
    """A job in front of the enhancer with this model."""

    async def task(hold):
        await on_edit_requested(hold, model=model)

    return World(enhancing(enabled=enabled), job(**work), lambda _: task)


async def test_the_models_instruction_is_recorded_with_its_origin():
    model = WillingModel()
    there = world(model)

    await there.deliver(Actor("only"))

    assert there.last.facts.enhanced.instruction == "MAKE IT BLUE"
    assert there.last.facts.enhanced.model == "loud-1"
    assert there.last.public.note is None
    assert model.shown == [there.last.facts.original]
    assert MESSAGE in there.acked


@pytest.mark.parametrize("switch", [{"enabled": False}, {"options": Options(enhance=False)}])
async def test_who_wants_no_enhancement_gets_none_and_no_excuse(switch):
    model = WillingModel()
    there = world(model, **switch)

    await there.deliver(Actor("only"))

    assert there.last.facts.enhanced.instruction == "make it blue"
    assert there.last.facts.enhanced.prompt is None
    assert there.last.public.note is None
    assert model.shown == []
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


async def test_a_provider_that_asks_for_a_minute_costs_quality_and_no_time(pool):
    vendor = ScriptedVendor([TransientError("busy", retry_after=60.0)])
    preview = Preview(MemoryStore(), ImageLimits(), pool)
    there = world(RemoteModel(vendor, preview, Breaker("test")), original=None)

    await there.deliver(Actor("only"))

    assert (there.delays, len(vendor.asked)) == ([], 1)
    assert there.last.facts.enhanced.instruction == "make it blue"
    assert there.last.public.note == OWN_WORDS_NOTE
