"""How the services are doing: who is there, and what waits for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """One service: its processes, and the messages of its durables."""

    replicas: int = 0
    pending: int = 0
    in_flight: int = 0
    oldest: float | None = None
    """How long the message at the head of the line has waited, in seconds."""


def together(replicas: int, lines: Sequence[Load]) -> Load:
    """One service out of its durables."""
    return Load(
        replicas=replicas,
        pending=sum(line.pending for line in lines),
        in_flight=sum(line.in_flight for line in lines),
        oldest=max((line.oldest for line in lines if line.oldest is not None), default=None),
    )


def overview(loads: Mapping[str, Load]) -> dict[str, Any]:
    """What `/health/workers` answers; degraded where a service has no process."""
    missing = any(not load.replicas for load in loads.values())
    return {
        "status": "degraded" if missing else "ok",
        "worker_count": sum(load.replicas for load in loads.values()),
        "workers": {
            service: {
                "replicas": load.replicas,
                "pending": load.pending,
                "in_flight": load.in_flight,
                "oldest_pending_seconds": load.oldest,
            }
            for service, load in loads.items()
        },
    }
