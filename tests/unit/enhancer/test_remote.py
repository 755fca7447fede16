"""Look, ask, check: what every vendor's model has around it."""

from contextlib import closing

import pytest

from contracts.errors import ErrorCode
from services.chassis.breaker import OPENS_AFTER, Breaker
from services.chassis.errors import PermanentError, TransientError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.enhancer.adapters.picture import Preview
from services.enhancer.adapters.remote import RemoteModel
from services.enhancer.adapters.vendor import Said
from services.enhancer.domain.enhancing import LONGEST_PAUSE_SECONDS
from tests.fakes_objects import MemoryStore
from tests.unit.enhancer.models import ScriptedVendor
from tests.unit.enhancer.plans import plan

PROMPT = "make the sky more dramatic"
GOOD = Said(plan(), "model-2")
BUSY = TransientError("busy")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pool():
    with closing(PixelPool(threads=1)) as made:
        yield made


def remote(vendor: ScriptedVendor, pool: PixelPool, *, clock: Clock | None = None) -> RemoteModel:
    preview = Preview(MemoryStore(), ImageLimits(), pool)
    return RemoteModel(vendor, preview, Breaker("test", clock=clock or Clock()))


async def failing(model: RemoteModel, times: int) -> None:
    for _ in range(times):
        with pytest.raises(TransientError):
            await model.enhance(PROMPT, original=None)


async def test_the_plan_becomes_the_instruction_under_the_name_of_the_model_that_wrote_it(pool):
    vendor = ScriptedVendor([GOOD])

    found = await remote(vendor, pool).enhance(PROMPT, original=None)

    assert found.instruction.startswith("Make the sky more dramatic")
    assert (found.provider, found.model, found.version) == ("scripted", "model-2", "edit-1")
    assert vendor.asked == [("edit-1", PROMPT, None)]


async def test_a_model_that_does_not_say_its_name_is_called_as_it_was_asked(pool):
    vendor = ScriptedVendor([Said(plan(), None)])

    assert (await remote(vendor, pool).enhance(PROMPT, original=None)).model == "scripted-1"


async def test_while_nothing_works_the_person_does_not_wait(pool):
    vendor = ScriptedVendor([BUSY])
    model = remote(vendor, pool)
    await failing(model, OPENS_AFTER)

    with pytest.raises(PermanentError) as refused:
        await model.enhance(PROMPT, original=None)

    assert refused.value.code is ErrorCode.PROVIDER_FAILED
    assert len(vendor.asked) == OPENS_AFTER


async def test_a_pause_that_is_longer_than_any_of_ours_is_not_waited_for(pool):
    busy = TransientError("scripted: HTTP 429", retry_after=LONGEST_PAUSE_SECONDS + 0.1)
    model = remote(ScriptedVendor([busy]), pool)

    with pytest.raises(PermanentError) as away:
        await model.enhance(PROMPT, original=None)

    assert away.value.code is ErrorCode.PROVIDER_FAILED
    assert str(away.value) == "scripted: HTTP 429"


async def test_a_pause_within_ours_is_waited_for(pool):
    busy = TransientError("busy", retry_after=LONGEST_PAUSE_SECONDS)

    with pytest.raises(TransientError) as passing:
        await remote(ScriptedVendor([busy]), pool).enhance(PROMPT, original=None)

    assert passing.value.retry_after == LONGEST_PAUSE_SECONDS


async def test_who_asks_for_long_pauses_is_soon_not_asked_any_more(pool):
    vendor = ScriptedVendor([TransientError("busy", retry_after=60.0)])
    model = remote(vendor, pool)

    for _ in range(2 * OPENS_AFTER):
        with pytest.raises(PermanentError):
            await model.enhance(PROMPT, original=None)

    assert len(vendor.asked) == OPENS_AFTER


async def test_one_at_a_time_finds_out_whether_it_works_again(pool):
    clock = Clock()
    vendor = ScriptedVendor([*[BUSY] * OPENS_AFTER, GOOD])
    model = remote(vendor, pool, clock=clock)
    await failing(model, OPENS_AFTER)

    clock.now = 60.0

    assert (await model.enhance(PROMPT, original=None)).provider == "scripted"
    assert (await model.enhance(PROMPT, original=None)).provider == "scripted"


async def test_nonsense_of_one_person_does_not_shut_everybody_out(pool):
    vendor = ScriptedVendor([*[Said(plan("I can't do that."), None)] * (2 * OPENS_AFTER), GOOD])
    model = remote(vendor, pool)

    await failing(model, 2 * OPENS_AFTER)

    assert (await model.enhance(PROMPT, original=None)).provider == "scripted"


async def test_answers_without_a_word_do_not_shut_anybody_out(pool):
    silent = Said("", None, ended="LANGUAGE")
    vendor = ScriptedVendor([*[silent] * (2 * OPENS_AFTER), GOOD])
    model = remote(vendor, pool)

    await failing(model, 2 * OPENS_AFTER)

    assert (await model.enhance(PROMPT, original=None)).provider == "scripted"


async def test_the_log_is_told_why_there_was_no_word(pool):
    silent = Said("", None, ended="LANGUAGE")

    with pytest.raises(TransientError, match="no text, ended with LANGUAGE"):
        await remote(ScriptedVendor([silent]), pool).enhance(PROMPT, original=None)


async def test_refusals_do_not_shut_anybody_out_either(pool):
    refusal = PermanentError(ErrorCode.CONTENT_MODERATED, "It declined.")
    vendor = ScriptedVendor([*[refusal] * (2 * OPENS_AFTER), GOOD])
    model = remote(vendor, pool)

    for _ in range(2 * OPENS_AFTER):
        with pytest.raises(PermanentError):
            await model.enhance(PROMPT, original=None)

    assert (await model.enhance(PROMPT, original=None)).provider == "scripted"
