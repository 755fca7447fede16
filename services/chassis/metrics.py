"""The figures that operators watch; labels never carry an id."""

from collections.abc import Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Final

from prometheus_client import Counter, Gauge, Histogram

STAGE_SECONDS: Final = Histogram(
    "mizual_stage_seconds",
    "Time from a delivery to its settlement",
    ["durable", "outcome"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300),
)
FAILURES: Final = Counter(
    "mizual_handler_failures_total", "Deliveries whose handler raised", ["durable", "kind"]
)
ENDINGS: Final = Counter("mizual_job_endings_total", "Jobs that ended", ["kind", "stage"])
PROJECTION_LAG: Final = Gauge(
    "mizual_projection_lag_entries", "Journal entries that the record does not have yet"
)
PIXEL_SECONDS: Final = Counter("mizual_pixel_seconds_total", "Seconds spent on pixels, in threads")
STREAMS_OPEN: Final = Gauge("mizual_sse_streams", "Open event streams")
IN_FLIGHT: Final = Gauge("mizual_deliveries_in_flight", "Deliveries being handled", ["durable"])


@contextmanager
def measured(durable: str) -> Iterator[dict[str, str]]:
    """Time a delivery; the body puts its outcome into the yielded mapping."""
    outcome = {"outcome": "settled"}
    started = perf_counter()
    IN_FLIGHT.labels(durable).inc()
    try:
        yield outcome
    finally:
        IN_FLIGHT.labels(durable).dec()
        STAGE_SECONDS.labels(durable, outcome["outcome"]).observe(perf_counter() - started)
