"""Analytics from counts: how chains are used, and how jobs went."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Final

from contracts.analytics import ChainAnalytics, KindAnalytics, ProcessingAnalytics

MOST_STYLES: Final = 20
STEPS_PER_DOUBLING: Final = 4
"""Durations are counted in steps: step n ends at 2 ** (n / 4) milliseconds."""


@dataclass(frozen=True, slots=True)
class Count:
    """So many jobs of a kind have this value of a measure."""

    kind: str
    measure: str
    value: str
    jobs: int


def chain_analytics(edits_at: Mapping[int, int]) -> ChainAnalytics:
    """Figures of chains, from how many end at each position; at 1: roots that are followed."""
    lengths = {at: count for at, count in sorted(edits_at.items()) if at > 1 and count > 0}
    total = sum(lengths.values())
    edits = sum(length * count for length, count in lengths.items())
    return ChainAnalytics(
        total_chains=total,
        average_chain_length=round(edits / total, 2) if total else 0.0,
        longest_chain=max(lengths, default=0),
        branches=max(0, total - edits_at.get(1, 0)),
        lengths=lengths,
    )


def processing_analytics(
    counts: Iterable[Count], edits_per_day: Mapping[date, int], days: int
) -> ProcessingAnalytics:
    """Figures of jobs, from their counts."""
    measures: dict[str, Counter[str]] = {}
    kinds: dict[str, dict[str, Counter[str]]] = {}
    for count in counts:
        of_kind = kinds.setdefault(count.kind, {})
        for found in (measures, of_kind):
            found.setdefault(count.measure, Counter())[count.value] += count.jobs
    none: Counter[str] = Counter()
    return ProcessingAnalytics(
        days=days,
        jobs=measures.get("stage", none).total(),
        kinds={kind: _of_kind(found) for kind, found in sorted(kinds.items())},
        errors=dict(measures.get("error", none).most_common()),
        edits_per_day=dict(sorted(edits_per_day.items())),
        styles=dict(measures.get("style", none).most_common(MOST_STYLES)),
        prompt_classes=dict(measures.get("prompt_class", none).most_common()),
    )


def percentile(steps: Mapping[int, int], share: float) -> float | None:
    """The duration in seconds that this share of jobs stays within; None without jobs."""
    wanted, before = share * sum(steps.values()), 0
    for step, jobs in sorted(steps.items()):
        if jobs and before + jobs >= wanted:
            reached = step - 1 + (wanted - before) / jobs
            return round(2 ** (max(reached, 0) / STEPS_PER_DOUBLING) / 1000, 3)
        before += jobs
    return None


def _of_kind(measures: Mapping[str, Counter[str]]) -> KindAnalytics:
    stages = measures.get("stage", Counter())
    steps = {int(step): jobs for step, jobs in measures.get("duration", Counter()).items()}
    ended = stages["completed"] + stages["failed"]
    return KindAnalytics(
        stages=dict(stages),
        success_rate=round(stages["completed"] / ended, 4) if ended else None,
        p50_seconds=percentile(steps, 0.5),
        p95_seconds=percentile(steps, 0.95),
    )
