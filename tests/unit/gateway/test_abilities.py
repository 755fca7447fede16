"""Asking the renderer what it can: seldom, one at a time, and living with silence."""

import asyncio
from typing import cast

import pytest

from contracts.base import Message
from contracts.errors import ErrorCode
from contracts.queries import Abilities, AbilitiesQuestion, ModelAbilities, QueryError
from contracts.subjects import RENDERER_ABILITIES_QUERY
from services.chassis.bus import Bus
from services.chassis.errors import RefusedError, UnavailableError
from services.gateway.adapters.remembered import (
    ABILITIES_SECONDS,
    PAUSE_SECONDS,
    RendererAbilities,
)
from services.gateway.domain.problems import PostponedError, trouble_of


def offered(name: str) -> Abilities:
    return Abilities(models=(ModelAbilities(name=name, provider="p"),))


class Renderer:
    """The other end of the bus, and the clock."""

    def __init__(self) -> None:
        self.answer: Abilities | Exception = offered("first")
        self.asked = self.at_once = self.most_at_once = 0
        self.clock = 1000.0
        self.may_answer = asyncio.Event()
        self.may_answer.set()

    async def ask(self, subject: str, question: Message, _: type[Abilities]) -> Abilities:
        assert (subject, question) == (RENDERER_ABILITIES_QUERY, AbilitiesQuestion())
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await self.may_answer.wait()
        finally:
            self.at_once -= 1
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def silent(self) -> None:
        self.answer = UnavailableError("no answer")


@pytest.fixture
def renderer() -> Renderer:
    return Renderer()


@pytest.fixture
def known(renderer: Renderer) -> RendererAbilities:
    return RendererAbilities(cast("Bus", renderer), now=lambda: renderer.clock)


async def model(known: RendererAbilities) -> str:
    return (await known.abilities()).models[0].name


async def test_an_answer_is_kept_for_a_while_and_then_asked_for_again(
    known: RendererAbilities, renderer: Renderer
):
    assert await model(known) == "first"
    renderer.answer = offered("second")
    renderer.clock += ABILITIES_SECONDS - 1

    assert await model(known) == "first"
    renderer.clock += 1
    assert await model(known) == "second"
    assert renderer.asked == 2


async def test_many_wait_for_one_answer(known: RendererAbilities, renderer: Renderer):
    renderer.may_answer.clear()
    many = [asyncio.create_task(model(known)) for _ in range(50)]
    while not renderer.asked:
        await asyncio.sleep(0)
    renderer.may_answer.set()

    assert set(await asyncio.gather(*many)) == {"first"}
    assert (renderer.asked, renderer.most_at_once) == (1, 1)


async def test_many_share_one_silence_too(known: RendererAbilities, renderer: Renderer):
    renderer.silent()

    found = await asyncio.gather(*(model(known) for _ in range(50)), return_exceptions=True)

    assert {type(one) for one in found} == {PostponedError}
    assert renderer.asked == 1


async def test_who_gives_up_waiting_takes_the_answer_from_nobody(
    known: RendererAbilities, renderer: Renderer
):
    renderer.may_answer.clear()
    first, second = (asyncio.create_task(model(known)) for _ in range(2))
    while not renderer.asked:
        await asyncio.sleep(0)

    first.cancel()
    renderer.may_answer.set()

    assert await second == "first"


async def test_the_last_word_holds_while_the_renderer_is_away(
    known: RendererAbilities, renderer: Renderer
):
    await model(known)
    renderer.silent()
    renderer.clock += 100 * ABILITIES_SECONDS

    assert await model(known) == "first"
    assert await model(known) == "first"
    assert renderer.asked == 2  # and its silence is not waited for each time


async def test_a_renderer_that_comes_back_is_heard_after_the_pause(
    known: RendererAbilities, renderer: Renderer
):
    renderer.silent()
    with pytest.raises(PostponedError):
        await model(known)

    renderer.answer = offered("first")
    renderer.clock += PAUSE_SECONDS

    assert await model(known) == "first"


REFUSED = RefusedError(QueryError(status=500, code=ErrorCode.INTERNAL_ERROR, detail="broken"))


async def test_a_refusal_is_a_silence(known: RendererAbilities, renderer: Renderer):
    renderer.answer = REFUSED

    with pytest.raises(PostponedError):
        await model(known)


async def test_who_has_to_wait_reads_what_for_and_how_long(
    known: RendererAbilities, renderer: Renderer
):
    renderer.silent()

    with pytest.raises(PostponedError) as postponed:
        await model(known)

    trouble = trouble_of(postponed.value, "r")
    assert (trouble.status, trouble.problem.error_code) == (503, "SERVICE_UNAVAILABLE")
    assert trouble.headers["Retry-After"] == "2"
    assert "leave them out" in trouble.problem.detail
