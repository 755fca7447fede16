"""Questions between services, and messages, over a real bus."""

import pytest
from nats.aio.msg import Msg

from contracts.base import utcnow
from contracts.events import DeadLetter
from contracts.queries import Abilities, AbilitiesQuestion
from contracts.subjects import RENDERER_ABILITIES_QUERY, dead_letter_subject
from services.chassis.bus import Bus
from services.chassis.errors import PermanentError, UnavailableError


@pytest.mark.parametrize("reply", [b"no json", b"{}", b'{"answer": {"models": []}}'])
async def test_an_answer_that_cannot_be_read_is_no_answer(empty_bus: Bus, reply: bytes):
    async def answer(message: Msg) -> None:
        await message.respond(reply)

    subscription = await empty_bus.client.subscribe(RENDERER_ABILITIES_QUERY, cb=answer)

    with pytest.raises(UnavailableError):
        await empty_bus.ask(RENDERER_ABILITIES_QUERY, AbilitiesQuestion(), Abilities)

    await subscription.unsubscribe()


async def test_a_message_that_the_bus_can_never_carry_is_not_tried_for_ever(empty_bus: Bus):
    most = empty_bus.client.max_payload
    letter = DeadLetter(
        durable="x", subject="x", sequence=1, deliveries=1, reason="x" * most, occurred_at=utcnow()
    )

    with pytest.raises(PermanentError):
        await empty_bus.publish(dead_letter_subject("x", None), letter, message_id="x")


async def test_a_question_that_nobody_takes_is_unavailable_at_once(empty_bus: Bus):
    with pytest.raises(UnavailableError):
        await empty_bus.ask(RENDERER_ABILITIES_QUERY, AbilitiesQuestion(), Abilities)
