"""The figures that operators watch; labels never carry an id."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final, Protocol

from prometheus_client import Counter, Gauge, Histogram

STAGE_SECONDS: Final = Histogram(
    "mizual_stage_seconds",
    "Time from a delivery to its end: acked, retried later, or left unsettled",
    ["durable", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
FAILURES: Final = Counter(
    "mizual_handler_failures_total", "Errors that handlers raised, by kind", ["durable", "kind"]
)
ENDINGS: Final = Counter("mizual_job_endings_total", "Jobs that ended", ["kind", "stage"])
PROJECTION_LAG: Final = Gauge(
    "mizual_projection_lag_entries", "Journal entries that the record does not have yet"
)
PIXEL_SECONDS: Final = Counter("mizual_pixel_seconds_total", "Seconds spent on pixels, in threads")
STREAMS_OPEN: Final = Gauge("mizual_sse_streams", "Open event streams")
IN_FLIGHT: Final = Gauge("mizual_deliveries_in_flight", "Deliveries being handled", ["durable"])

PROVIDER_CALLS: Final = Counter(
    "mizual_provider_calls_total",
    "Calls to providers; provider_auth, provider_credits and provider_setup need an operator",
    ["provider", "operation", "outcome"],
)
PROVIDER_SECONDS: Final = Histogram(
    "mizual_provider_seconds",
    "Time of a call to a provider",
    ["provider", "operation"],
    buckets=(0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120),
)
PROVIDER_CREDITS: Final = Counter(
    "mizual_provider_credits_total", "Cost of accepted tasks as told, in credits", ["provider"]
)
RESULTS_FOUND: Final = Counter(
    "mizual_provider_results_total",
    "Results of tasks, found by a `look` at its time or by a webhook's `wake_up`",
    ["provider", "by"],
)
BREAKER_OPEN: Final = Gauge(
    "mizual_breaker_open", "1 while a provider's operation is not worth trying", ["breaker"]
)


class Settled(Protocol):
    """Knows what became of a delivery."""

    @property
    def outcome(self) -> str:
        """`acked`, `retried`, or `unsettled` until then."""


@contextmanager
def measured(durable: str, delivery: Settled) -> Iterator[None]:
    """Time a delivery, and count it among those of its outcome."""
    started = perf_counter()
    IN_FLIGHT.labels(durable).inc()
    try:
        yield
    finally:
        IN_FLIGHT.labels(durable).dec()
        STAGE_SECONDS.labels(durable, delivery.outcome).observe(perf_counter() - started)
