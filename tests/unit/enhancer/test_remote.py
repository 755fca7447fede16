"""Look, ask, check: what every vendor's model has around it."""

import pytest

from contracts.errors import ErrorCode
from services.chassis.breaker import OPENS_AFTER, Breaker
from services.chassis.errors import PermanentError, TransientError
from services.enhancer.adapters.remote import RemoteWriter
from services.enhancer.adapters.vendor import Said
from services.enhancer.domain.brief import Brief
from services.enhancer.domain.enhancing import LONGEST_PAUSE_SECONDS
from services.enhancer.domain.plan import material
from tests.unit.enhancer.models import ScriptedVendor, Sight
from tests.unit.enhancer.plans import plan

BRIEF = Brief(words="make the sky more dramatic")
GOOD = Said(plan(), "model-2")
BUSY = TransientError("busy")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def remote(vendor: ScriptedVendor, *, clock: Clock | None = None) -> RemoteWriter:
    return RemoteWriter(vendor, Sight(), Breaker("test", clock=clock or Clock()))


async def failing(model: RemoteWriter, times: int) -> None:
    for _ in range(times):
        with pytest.raises(TransientError):
            await model.write(BRIEF)


async def test_the_plan_becomes_the_instruction_under_the_name_of_the_model_that_wrote_it():
    vendor = ScriptedVendor([GOOD])

    found = await remote(vendor).write(BRIEF)

    assert found.instruction.startswith("Make the sky more dramatic")
    assert (found.provider, found.model, found.version) == ("scripted", "model-2", "edit-1")
    (asked,) = vendor.asked
    assert (asked.told.version, asked.material) == ("edit-1", material(BRIEF))


async def test_a_model_that_does_not_say_its_name_is_called_as_it_was_asked():
    vendor = ScriptedVendor([Said(plan(), None)])

    assert (await remote(vendor).write(BRIEF)).model == "scripted-1"


async def test_while_nothing_works_the_person_does_not_wait():
    vendor = ScriptedVendor([BUSY])
    model = remote(vendor)
    await failing(model, OPENS_AFTER)

    with pytest.raises(PermanentError) as refused:
        await model.write(BRIEF)

    assert refused.value.code is ErrorCode.PROVIDER_FAILED
    assert len(vendor.asked) == OPENS_AFTER


async def test_a_pause_that_is_longer_than_any_of_ours_is_not_waited_for():
    busy = TransientError("scripted: HTTP 429", retry_after=LONGEST_PAUSE_SECONDS + 0.1)
    model = remote(ScriptedVendor([busy]))

    with pytest.raises(PermanentError) as away:
        await model.write(BRIEF)

    assert away.value.code is ErrorCode.PROVIDER_FAILED
    assert str(away.value) == "scripted: HTTP 429"


async def test_a_pause_within_ours_is_waited_for():
    busy = TransientError("busy", retry_after=LONGEST_PAUSE_SECONDS)

    with pytest.raises(TransientError) as passing:
        await remote(ScriptedVendor([busy])).write(BRIEF)

    assert passing.value.retry_after == LONGEST_PAUSE_SECONDS


async def test_who_asks_for_long_pauses_is_soon_not_asked_any_more():
    vendor = ScriptedVendor([TransientError("busy", retry_after=60.0)])
    model = remote(vendor)

    for _ in range(2 * OPENS_AFTER):
        with pytest.raises(PermanentError):
            await model.write(BRIEF)

    assert len(vendor.asked) == OPENS_AFTER


async def test_one_at_a_time_finds_out_whether_it_works_again():
    clock = Clock()
    vendor = ScriptedVendor([*[BUSY] * OPENS_AFTER, GOOD])
    model = remote(vendor, clock=clock)
    await failing(model, OPENS_AFTER)

    clock.now = 60.0

    assert (await model.write(BRIEF)).provider == "scripted"
    assert (await model.write(BRIEF)).provider == "scripted"


async def test_nonsense_of_one_person_does_not_shut_everybody_out():
    vendor = ScriptedVendor([*[Said(plan("I can't do that."), None)] * (2 * OPENS_AFTER), GOOD])
    model = remote(vendor)

    await failing(model, 2 * OPENS_AFTER)

    assert (await model.write(BRIEF)).provider == "scripted"


async def test_answers_without_a_word_do_not_shut_anybody_out():
    silent = Said("", None, ended="LANGUAGE")
    vendor = ScriptedVendor([*[silent] * (2 * OPENS_AFTER), GOOD])
    model = remote(vendor)

    await failing(model, 2 * OPENS_AFTER)

    assert (await model.write(BRIEF)).provider == "scripted"


async def test_the_log_is_told_why_there_was_no_word():
    silent = Said("", None, ended="LANGUAGE")

    with pytest.raises(TransientError, match="no text, ended with LANGUAGE"):
        await remote(ScriptedVendor([silent])).write(BRIEF)


async def test_refusals_do_not_shut_anybody_out_either():
    refusal = PermanentError(ErrorCode.CONTENT_MODERATED, "It declined.")
    vendor = ScriptedVendor([*[refusal] * (2 * OPENS_AFTER), GOOD])
    model = remote(vendor)

    for _ in range(2 * OPENS_AFTER):
        with pytest.raises(PermanentError):
            await model.write(BRIEF)

    assert (await model.write(BRIEF)).provider == "scripted"
