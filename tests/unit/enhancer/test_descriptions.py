"""The step of descriptions: fetched, looked at, written down, or failed with a sentence."""

from dataclasses import dataclass, field

import pytest

from contracts.errors import ErrorCode
from contracts.events import DescriptionWritten
from contracts.journal import Kind, Stage, Written
from services.chassis.announce import announcement
from services.chassis.errors import PermanentError, TransientError, UnavailableError
from services.chassis.objects import MissingObjectError
from services.enhancer.domain.description import USELESS_SENTENCE, Shown, useless
from services.enhancer.handlers import describing, on_description_requested
from tests.samples import job
from tests.unit.chassis.rules.world import MESSAGE, Actor, World

TEXT = "A red mug on a table."


@dataclass(slots=True)
class ScriptedDescriber:
    """Raises what it is told to, each once or for ever; else says the same of every picture."""

    looking: Exception | None = None
    describing: list[Exception] = field(default_factory=list)
    provider: str = "scripted"
    model: str = "scripted-1"
    seen: int = 0

    async def look(self, original):
        if self.looking:
            raise self.looking
        return Shown(b"picture", 1)

    async def describe(self, shown):
        self.seen += 1
        if self.describing:
            raise self.describing.pop(0)
        return Written(text=TEXT, provider="scripted", model="scripted-2", version="v")


def world(describer: ScriptedDescriber, **work) -> World:
    async def task(hold):
        await on_description_requested(hold, describer=describer)

    return World(describing(), job(kind=Kind.DESCRIPTION, prompt="", **work), lambda _: task)


async def test_what_the_picture_shows_is_written_down_with_its_origin():
    there = world(ScriptedDescriber())

    await there.deliver(Actor("only"))

    assert there.last.facts.written.text == TEXT
    assert there.last.facts.written.version == "v"
    assert (there.last.public.provider, there.last.public.model) == ("scripted", "scripted-2")
    assert TEXT not in there.last.public.model_dump_json()
    assert announcement(there.last) is DescriptionWritten
    assert MESSAGE in there.acked


async def test_the_stages_are_shown_in_order_and_who_looks():
    there = world(ScriptedDescriber())

    await there.deliver(Actor("only"))

    entries = there.journal.entries(there.job_id)
    assert [entry.stage for entry in entries] == [
        Stage.PENDING,
        Stage.FETCHING_IMAGE,
        Stage.DESCRIBING,
        Stage.DESCRIBING,
    ]
    assert entries[2].public.model == "scripted-1"


async def test_a_bad_answer_is_tried_again():
    describer = ScriptedDescriber(describing=[useless("no"), useless("no")])
    there = world(describer)

    await there.until_acked()

    assert describer.seen == 3
    assert there.delays == [3.0, 6.0]
    assert there.last.facts.written.text == TEXT


async def test_three_bad_answers_are_a_failure_with_a_sentence():
    there = world(ScriptedDescriber(describing=[useless("no")] * 3))

    await there.until_acked()

    assert there.last.stage is Stage.FAILED
    assert there.last.public.message == USELESS_SENTENCE
    assert there.last.public.error_code is ErrorCode.PROVIDER_FAILED
    assert len(there.letters) == 1


async def test_an_outage_is_tried_twice_more():
    describer = ScriptedDescriber(describing=[TransientError("busy")] * 3)
    there = world(describer)

    await there.until_acked()

    assert (describer.seen, there.last.stage) == (3, Stage.FAILED)


async def test_a_refusal_is_final_and_says_whose():
    declined = PermanentError(ErrorCode.CONTENT_MODERATED, "The language service declined this.")
    describer = ScriptedDescriber(describing=[declined])
    there = world(describer)

    await there.deliver(Actor("only"))

    assert describer.seen == 1
    assert there.last.public.error_code is ErrorCode.CONTENT_MODERATED
    assert there.last.public.message == declined.sentence


async def test_a_picture_that_cannot_be_read_is_told_of_before_anybody_is_asked():
    describer = ScriptedDescriber(looking=PermanentError(ErrorCode.INVALID_IMAGE, "It is damaged."))
    there = world(describer)

    await there.deliver(Actor("only"))

    assert describer.seen == 0
    assert there.last.public.error_code is ErrorCode.INVALID_IMAGE


async def test_a_picture_that_is_missing_is_looked_for_twice_more():
    there = world(ScriptedDescriber(looking=MissingObjectError("gone")))

    await there.until_acked()

    assert there.delays == [5.0, 10.0]
    assert there.last.stage is Stage.FAILED


async def test_a_store_that_is_away_is_waited_for_without_a_try():
    describer = ScriptedDescriber(looking=UnavailableError("the store is away"))
    there = world(describer)

    for _ in range(5):
        await there.deliver(Actor("waiting"))
    assert (there.last.facts.tries, there.last.stage) == (0, Stage.FETCHING_IMAGE)

    describer.looking = None
    await there.until_acked()
    assert there.last.facts.written is not None


async def test_without_a_picture_there_is_nothing_to_describe():
    there = world(ScriptedDescriber(), original=None)

    await there.deliver(Actor("only"))

    assert there.last.public.error_code is ErrorCode.INVALID_IMAGE


@pytest.mark.parametrize("crash", range(1, 12))
async def test_a_crash_anywhere_costs_no_description_and_no_second_ending(crash: int):
    there = world(ScriptedDescriber())
    await there.deliver(Actor("first", crash_after=crash))

    await there.until_acked()

    facts = [entry.facts.written for entry in there.journal.entries(there.job_id)]
    assert {fact.text for fact in facts if fact} == {TEXT}
    assert there.announced
