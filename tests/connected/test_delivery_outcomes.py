"""What became of a delivery is known where it is counted."""

from contracts.commands import CancelJob, PlatformOwner
from contracts.subjects import COMMANDS, GATEWAY_JOB_CANCEL, JOB_CANCEL
from services.chassis.bus import Bus, to_bytes
from services.chassis.delivery import NatsDelivery
from services.chassis.pull import Pull
from services.chassis.streams import DURABLES
from tests.samples import job


async def test_a_delivery_knows_how_it_was_settled(empty_bus: Bus) -> None:
    command = CancelJob(owner=PlatformOwner(user_id="ada", tenant_id="acme"), job_id=job().job_id)
    await empty_bus.js.publish(JOB_CANCEL, to_bytes(command), stream=COMMANDS)
    pull = Pull(empty_bus, next(d for d in DURABLES if d.name == GATEWAY_JOB_CANCEL))

    (first,) = map(NatsDelivery, await pull.fetch())
    assert first.outcome == "unsettled"
    await first.nak(0.01)
    assert first.outcome == "retried"

    (second,) = map(NatsDelivery, await pull.fetch())
    await second.ack()
    assert second.outcome == "acked"
    await pull.close()
