"""What operators count: errors by kind, deliveries by outcome."""

from dataclasses import dataclass
from uuid import uuid4

import pytest
from prometheus_client import REGISTRY

from contracts.errors import ErrorCode
from contracts.journal import JournalEntry
from services.chassis.errors import ObsoleteError, PermanentError, TransientError, UnavailableError
from services.chassis.failure import FailurePolicy
from services.chassis.metrics import measured


@dataclass
class MemoryDelivery:
    """A delivery that knows what became of it."""

    outcome: str = "unsettled"
    sequence = 1
    deliveries = 1

    async def ack(self) -> None:
        self.outcome = "acked"

    async def nak(self, delay: float) -> None:
        self.outcome = "retried"

    async def in_progress(self) -> None:
        return


class NoLetters:
    """Nothing is kept."""

    async def keep(self, delivery: object, error: Exception, *, job: JournalEntry | None) -> None:
        return


@pytest.mark.parametrize(
    ("error", "kind", "outcome"),
    [
        (UnavailableError("away"), "unavailable", "retried"),
        (TransientError("hiccup"), "transient", "retried"),
        (RuntimeError("a bug"), "unknown", "retried"),
        (PermanentError(ErrorCode.INVALID_REQUEST, "No."), "permanent", "acked"),
        (ObsoleteError("gone"), "obsolete", "acked"),
    ],
)
async def test_an_error_is_counted_by_its_kind_and_its_delivery_by_what_became_of_it(
    error: Exception, kind: str, outcome: str
) -> None:
    async def raises() -> None:
        raise error

    durable, delivery = f"durable_{uuid4().hex}", MemoryDelivery()
    with measured(durable, delivery):
        await FailurePolicy(NoLetters(), durable).guard(delivery, raises)

    labels = {"durable": durable}
    failures = REGISTRY.get_sample_value("mizual_handler_failures_total", {**labels, "kind": kind})
    ended = REGISTRY.get_sample_value("mizual_stage_seconds_count", {**labels, "outcome": outcome})
    assert (failures, ended) == (1, 1)
