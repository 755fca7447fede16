"""The failure policy: what becomes of a message whose handler raised.

After reading the journal again:

    ended or beyond            ack
    a later attempt holds it   same message: leave it alone; another copy: ack mine
    unavailable                a waiting entry, nak with a growing delay; uses no try
    tries left                 a retry entry, nak with the delay
    the fact is there          announce it, ack: never failed, whatever was raised
    otherwise                  dead letter first, then failed (or the step's fallback), then ack
"""

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any, Final, Protocol

from contracts.base import Message
from contracts.errors import ErrorCode
from contracts.journal import JournalEntry
from contracts.queries import QueryError, Reply
from services.chassis.collect import Collector
from services.chassis.errors import (
    MizualError,
    ObsoleteError,
    PermanentError,
    RefusedError,
    TransientError,
    UnavailableError,
)
from services.chassis.handler import Handler, sentence_of
from services.chassis.hold import Hold
from services.chassis.metrics import FAILURES
from services.chassis.step import Delivery, Retries

log = logging.getLogger(__name__)

WAIT_BASE_SECONDS: Final = 1.0
WAIT_MAX_SECONDS: Final = 10.0
LOOK_AGAIN_SECONDS: Final = 2.0
"""The pause after a look at a provider's task that brought an error; what has to be mended first
(an address that is not allowed, a key that is refused) takes longer, and is told less often.
"""
NO_RETRIES: Final = Retries(0, 1.0)
# Unavailable is a kind of transient: the narrower one comes first.
_KINDS: Final[dict[type[MizualError], str]] = {
    UnavailableError: "unavailable",
    TransientError: "transient",
    PermanentError: "permanent",
    ObsoleteError: "obsolete",
}
_UNAVAILABLE: Final = QueryError(
    status=503,
    code=ErrorCode.SERVICE_UNAVAILABLE,
    detail="This is not available at the moment. Please try again.",
)
_BROKEN: Final = QueryError(
    status=500, code=ErrorCode.INTERNAL_ERROR, detail="Something went wrong on our side."
)


class DeadLetters(Protocol):
    """Keeps a copy of what could not be handled, for operators."""

    async def keep(self, delivery: Delivery, error: Exception, *, job: JournalEntry | None) -> None:
        """Return once the copy is stored. Raises UnavailableError."""


class FailurePolicy:
    """Decides about a delivery of one durable whose handler raised."""

    def __init__(self, dead_letters: DeadLetters, durable: str) -> None:
        self._dead_letters = dead_letters
        self._durable = durable

    async def guard(self, delivery: Delivery, work: Callable[[], Awaitable[object]]) -> None:
        """Run work that has no journal (commands, projections): retried, or dead-lettered."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the one place that is for it
            self._tell(error)
            await self._without_journal(delivery, error)

    async def guard_step(
        self, handler: Handler, hold: Hold, work: Callable[[], Awaitable[object]]
    ) -> None:
        """Run a step's work; what it raises is settled with the journal."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the one place that is for it
            self._tell(error)
            if hold.attempt == 0:
                await hold.delivery.nak(waiting(hold.delivery))
                return
            await self._with_journal(handler, hold, error)

    async def guard_collection(
        self, collector: Collector, hold: Hold, work: Callable[[], Awaitable[object]]
    ) -> None:
        """Run one look at a provider's task: what may pass is looked at again, uncounted."""
        try:
            await work()
        except Exception as error:  # noqa: BLE001 - the one place that is for it
            self._tell(error)
            if isinstance(error, PermanentError) and hold.last is not None:
                await self._collected_nothing(collector, hold, error)
                return
            usual = WAIT_MAX_SECONDS if isinstance(error, UnavailableError) else LOOK_AGAIN_SECONDS
            delay = getattr(error, "retry_after", None) or usual
            await collector.look_again(hold, after_seconds=delay)

    async def _collected_nothing(
        self, collector: Collector, hold: Hold, error: PermanentError
    ) -> None:
        # Failed against the entry that was judged: whoever was faster may have the result.
        await self._dead_letters.keep(hold.delivery, error, job=hold.job)
        if await hold.append(hold.job.fail(error.code, error.sentence)):
            await collector.handler.acknowledge(hold, has_ended=True)
        else:
            await hold.delivery.nak(LOOK_AGAIN_SECONDS)

    def _tell(self, error: Exception) -> None:
        FAILURES.labels(self._durable, kind_of(error)).inc()
        _log(error)

    async def _without_journal(self, delivery: Delivery, error: Exception) -> None:
        if isinstance(error, ObsoleteError):
            await delivery.ack()
        elif isinstance(error, PermanentError):
            await self._dead_letters.keep(delivery, error, job=None)
            await delivery.ack()
        else:
            await delivery.nak(waiting(delivery))

    async def _with_journal(self, handler: Handler, hold: Hold, error: Exception) -> None:
        job_id = hold.job.job_id
        await hold.read(job_id, leader=True)
        while not await handler.settled(hold):
            if hold.fenced:
                await self._stand_aside(hold)
                return
            if await self._decide(handler, hold, error):
                return

    async def _stand_aside(self, hold: Hold) -> None:
        # Acking the message that the newer worker holds would take it away from that worker.
        if hold.job.facts.trigger != hold.delivery.sequence:
            await hold.delivery.ack()

    async def _decide(self, handler: Handler, hold: Hold, error: Exception) -> bool:
        """Append what follows from the error and settle the message; False after a lost race."""
        if hold.job.facts.submitting is not None and not isinstance(error, PermanentError):
            # Its outcome is unknown: the next delivery waits for the deadline and decides.
            await hold.delivery.nak(waiting(hold.delivery))
            return True
        if isinstance(error, UnavailableError):
            return await self._again(handler, hold, error, used=0)
        retries = handler.step.retries.get(hold.job.stage, NO_RETRIES)
        if not isinstance(error, PermanentError) and hold.job.facts.tries < retries.more:
            return await self._again(handler, hold, error, used=1)
        return await self._give_up(handler, hold, error)

    async def _again(self, handler: Handler, hold: Hold, error: Exception, *, used: int) -> bool:
        tries = hold.job.facts.tries + used
        retries = handler.step.retries.get(hold.job.stage, NO_RETRIES)
        delay = retries.delay(tries) if used else waiting(hold.delivery)
        delay = getattr(error, "retry_after", None) or delay
        entry = hold.job.follow(
            public={
                "message": f"{handler.step.who} is busy, trying again in {_seconds(delay)}",
                "retry_at": hold.now() + timedelta(seconds=delay),
                "retry_reason": "retrying" if used else "waiting",
                "attempt": tries + 1,
            },
            work={"tries": tries},
        )
        if not await hold.append(entry):
            return False
        await hold.delivery.nak(delay)
        return True

    async def _give_up(self, handler: Handler, hold: Hold, error: Exception) -> bool:
        if handler.step.fallback is not None:
            # Whatever this leads to (done, ended, fenced), the caller judges it again.
            await hold.append(hold.job.follow(**await handler.step.fallback(hold.job)))
            return False
        await self._dead_letters.keep(hold.delivery, error, job=hold.job)
        if not await hold.append(hold.job.fail(*sentence_of(error))):
            return False
        await handler.acknowledge(hold)
        return True


async def replied(work: Callable[[], Awaitable[Message]]) -> Reply[Any]:
    """The answer to a question, or why there is none: nobody is left with a timeout alone."""
    try:
        return Reply[Any](answer=await work())
    except Exception as error:  # noqa: BLE001 - the one place that is for it
        return Reply[Any](error=_refusal(error))


def _refusal(error: Exception) -> QueryError:
    if isinstance(error, RefusedError):
        return QueryError(status=error.status, code=error.code, detail=error.sentence)
    _log(error)
    if isinstance(error, PermanentError):
        return QueryError(status=400, code=error.code, detail=error.sentence)
    if isinstance(error, (TransientError, TimeoutError)):
        return _UNAVAILABLE
    return _BROKEN


def _log(error: Exception) -> None:
    # The text of an error that is not ours may hold anything; its class and place do not.
    ours = isinstance(error, MizualError)
    code = error.code if isinstance(error, PermanentError) else None
    reason = str(error) if isinstance(error, TransientError) else None
    if isinstance(error, PermanentError):
        reason = error.reason or None
    log.warning(
        "handler_failed",
        extra={"error": type(error).__name__, "code": code, "reason": reason},
        exc_info=None if ours else error,
    )


def kind_of(error: Exception) -> str:
    """Which of our kinds an error is; `unknown` is handled as transient."""
    return next((name for kind, name in _KINDS.items() if isinstance(error, kind)), "unknown")


def _seconds(delay: float) -> str:
    whole = max(round(delay), 1)
    return "1 second" if whole == 1 else f"{whole} seconds"


def waiting(delivery: Delivery) -> float:
    """The pause in seconds while something is away: it grows with the deliveries."""
    return float(min(WAIT_BASE_SECONDS * 1.5 ** min(delivery.deliveries - 1, 20), WAIT_MAX_SECONDS))
