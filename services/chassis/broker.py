"""The broker of a service, and how its handlers are put on durables.

Pull consumers, explicit ack, one message at a time; concurrency N is N pullers of one durable,
since a client that fetches ahead holds messages without a heartbeat.
"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any, Final, TypeVar

from faststream import AckPolicy
from faststream.nats import NatsBroker
from faststream.nats.annotations import NatsMessage
from faststream.nats.security import NatsCredentials
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from contracts.base import Message
from contracts.errors import ErrorCode
from contracts.events import TaskSubmitted
from contracts.queries import Presence, Reply
from contracts.subjects import PRESENCE_QUERY
from services.chassis.breaker import Breaker
from services.chassis.bus import READ_SECONDS, Bus
from services.chassis.collect import Collector, Look
from services.chassis.dead_letters import StreamDeadLetters
from services.chassis.delivery import Heartbeat, NatsDelivery
from services.chassis.errors import PermanentError
from services.chassis.failure import FailurePolicy, replied
from services.chassis.flow import pull_many
from services.chassis.handler import Handler, Task
from services.chassis.journal import JetStreamJournal
from services.chassis.loops import Loops
from services.chassis.metrics import measured
from services.chassis.pull import pull_one_by_one
from services.chassis.settings import ServiceSettings
from services.chassis.step import Step
from services.chassis.streams import durable_named
from services.chassis.telemetry import bound

GRACE_SECONDS: Final = 8.0
QUESTIONS_AT_ONCE: Final = 8
LOOKS_AT_ONCE: Final = 32
"""Collecting mostly waits for the provider; each may hold one result in memory."""
ANSWER_SHARE: Final = 0.75
"""Of the time that a caller waits: a question is refused before that is over."""

M = TypeVar("M", bound=Message)


class InvalidBodyError(PermanentError):
    """A body that does not validate; it never will."""


def make_broker(settings: ServiceSettings, name: str) -> NatsBroker:
    """A broker that reconnects for ever; not connected yet."""
    credentials = settings.nats_credentials_file
    broker = NatsBroker(
        settings.nats_url,
        name=name,
        max_reconnect_attempts=-1,
        reconnect_time_wait=0.5,  # type: ignore[arg-type]
        ping_interval=10,
        connect_timeout=3,
        graceful_timeout=GRACE_SECONDS,
        ack_policy=AckPolicy.MANUAL,
        decoder=_raw_body,
        logger=None,
        # What could not be sent must not be sent later, when nobody waits for it any more.
        pending_size=0,
        security=NatsCredentials(str(credentials)) if credentials else None,
    )
    _put_presence(broker, name)
    return broker


def bus_of(broker: NatsBroker) -> Bus:
    """The connection of the broker, for everything that FastStream does not do."""

    def connection() -> Client | None:
        state = broker.config.broker_config.connection_state
        return state.connection if state else None

    return Bus(connection)


def put_step(
    loops: Loops,
    bus: Bus,
    step: Step,
    task: Task,
    *,
    concurrency: int,
    breaker: Breaker | None = None,
) -> None:
    """Put a step's task on its durable; the handler rules and the failure policy are around it."""
    handler = Handler(step, JetStreamJournal(bus), bus)
    policy = FailurePolicy(StreamDeadLetters(bus, step.durable), step.durable)

    async def deliver(message: Msg) -> None:
        delivery = NatsDelivery(message)
        hold = handler.hold(delivery)

        async def work() -> None:
            event = parsed(step.event, message.data)
            with bound(job_id=str(event.job_id), request_id=event.request_id):
                await policy.guard_step(handler, hold, lambda: handler.handle(hold, event, task))

        with measured(step.durable, delivery):
            async with Heartbeat(delivery):
                await policy.guard(delivery, work)

    durable = durable_named(step.durable)
    pull_one_by_one(loops, bus, durable, deliver, concurrency=concurrency, breaker=breaker)


def put_collection(loops: Loops, bus: Bus, step: Step, look: Look) -> None:
    """Put a collecting step on its durable: one look at the provider's task a delivery.

    No breaker stops it, for tasks may be asked for at several places: the look knows which.
    """
    collector = Collector(Handler(step, JetStreamJournal(bus), bus), look)
    policy = FailurePolicy(StreamDeadLetters(bus, step.durable), step.durable)

    async def deliver(message: Msg) -> None:
        delivery = NatsDelivery(message)
        hold = collector.handler.hold(delivery)

        async def work() -> None:
            event = parsed(step.event, message.data)
            assert isinstance(event, TaskSubmitted)
            with bound(job_id=str(event.job_id), request_id=event.request_id):
                await policy.guard_collection(
                    collector, hold, lambda: collector.collect(hold, event)
                )

        with measured(step.durable, delivery):
            async with Heartbeat(delivery):
                await policy.guard(delivery, work)

    pull_many(loops, bus, durable_named(step.durable), deliver, at_once=LOOKS_AT_ONCE)


def put_command(
    loops: Loops,
    bus: Bus,
    durable: str,
    kind: type[M],
    handle: Callable[[M], Awaitable[None]],
    *,
    concurrency: int = 1,
) -> None:
    """Put a command's handler on its durable: acked when it returns, else the failure policy."""

    async def only_message(message: M, _: NatsDelivery) -> None:
        await handle(message)

    put_delivered(loops, bus, durable, kind, only_message, concurrency=concurrency)


def put_delivered(
    loops: Loops,
    bus: Bus,
    durable: str,
    kind: type[M],
    handle: Callable[[M, NatsDelivery], Awaitable[None]],
    *,
    concurrency: int = 1,
) -> None:
    """The same for a handler that also needs to know which delivery it is; it settles nothing."""
    policy = FailurePolicy(StreamDeadLetters(bus, durable), durable)

    async def deliver(message: Msg) -> None:
        delivery = NatsDelivery(message)

        async def work() -> None:
            await handle(parsed(kind, message.data), delivery)
            await delivery.ack()

        with measured(durable, delivery):
            async with Heartbeat(delivery):
                await policy.guard(delivery, work)

    pull_one_by_one(loops, bus, durable_named(durable), deliver, concurrency=concurrency)


def put_query(
    broker: NatsBroker,
    subject: str,
    kind: type[M],
    answer: Callable[[M], Awaitable[Message]],
    *,
    asked_within: float = READ_SECONDS,
) -> None:
    """Answer questions on a core subject, shared by the replicas; errors go back typed.

    `asked_within` is for how many seconds callers wait.
    """
    group = subject.split(".")[2]

    async def answered(message: NatsMessage) -> Message:
        async with asyncio.timeout(asked_within * ANSWER_SHARE):
            return await answer(parsed(kind, message.raw_message.data))

    async def reply(message: NatsMessage) -> Reply[Any]:
        return await replied(lambda: answered(message))

    # More than one at a time, so that a question that waits holds up nobody else's.
    broker.subscriber(subject, queue=group, max_workers=QUESTIONS_AT_ONCE)(reply)


def parsed(kind: type[M], body: bytes) -> M:
    """The body as a message. Raises InvalidBodyError, which names the fields and not the input."""
    try:
        return kind.model_validate_json(body)
    except ValidationError as error:
        fields = {
            ".".join(map(str, e["loc"])): e["type"] for e in error.errors(include_input=False)
        }
        raise InvalidBodyError(
            ErrorCode.INVALID_REQUEST, "The message is not valid.", reason=f"{fields}"
        ) from None


def _put_presence(broker: NatsBroker, name: str) -> None:
    """Let every process say that it is there: no queue group, so each one answers."""

    async def present(_: NatsMessage) -> Reply[Presence]:
        return Reply[Presence](answer=Presence(service=name))

    broker.subscriber(PRESENCE_QUERY)(present)


async def _raw_body(message: Any) -> bytes:
    # Decoding is ours: a body that is no JSON must reach the failure policy, not the framework.
    return bytes(message.body)
