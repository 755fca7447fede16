"""Questions between services over a real bus."""

import pytest
from nats.aio.msg import Msg

from contracts.queries import Abilities, AbilitiesQuestion
from contracts.subjects import RENDERER_ABILITIES_QUERY
from services.chassis.bus import Bus
from services.chassis.errors import UnavailableError


@pytest.mark.parametrize("reply", [b"no json", b"{}", b'{"answer": {"models": []}}'])
async def test_an_answer_that_cannot_be_read_is_no_answer(empty_bus: Bus, reply: bytes):
    async def answer(message: Msg) -> None:
        await message.respond(reply)

    subscription = await empty_bus.client.subscribe(RENDERER_ABILITIES_QUERY, cb=answer)

    with pytest.raises(UnavailableError):
        await empty_bus.ask(RENDERER_ABILITIES_QUERY, AbilitiesQuestion(), Abilities)

    await subscription.unsubscribe()


async def test_a_question_that_nobody_takes_is_unavailable_at_once(empty_bus: Bus):
    with pytest.raises(UnavailableError):
        await empty_bus.ask(RENDERER_ABILITIES_QUERY, AbilitiesQuestion(), Abilities)
