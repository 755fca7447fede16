"""Figures from counts."""

from datetime import date

import pytest

from services.storage.domain.analytics import (
    Count,
    chain_analytics,
    percentile,
    processing_analytics,
)


def test_without_jobs_there_are_no_figures() -> None:
    chains, processing = chain_analytics({}), processing_analytics([], {}, 30)

    assert (chains.total_chains, chains.average_chain_length, chains.longest_chain) == (0, 0.0, 0)
    assert (processing.days, processing.jobs, processing.kinds) == (30, 0, {})


def test_a_chain_begins_at_two_edits_and_may_branch() -> None:
    # One root: follow-ups that end at 2 and at 4. Another root: one that ends at 3.
    chains = chain_analytics({1: 2, 2: 1, 3: 1, 4: 1, 5: 0})

    assert (chains.total_chains, chains.average_chain_length, chains.longest_chain) == (3, 3.0, 4)
    assert chains.branches == 1
    assert chains.lengths == {2: 1, 3: 1, 4: 1}


def test_jobs_are_told_by_kind_and_all_together() -> None:
    counts = [
        Count("edit", "stage", "completed", 3),
        Count("edit", "stage", "failed", 1),
        Count("edit", "stage", "cancelled", 5),
        Count("edit", "error", "TIMED_OUT", 1),
        Count("edit", "style", "ink", 2),
        Count("cutout", "stage", "pending", 1),
        Count("cutout", "style", "ink", 1),
        Count("cutout", "prompt_class", "remove", 1),
    ]

    told = processing_analytics(counts, {date(2026, 11, 2): 4, date(2026, 11, 1): 5}, 7)

    assert told.jobs == 10
    assert told.kinds["edit"].stages == {"completed": 3, "failed": 1, "cancelled": 5}
    assert told.kinds["edit"].success_rate == 0.75
    assert told.kinds["cutout"].success_rate is None
    assert (told.errors, told.styles) == ({"TIMED_OUT": 1}, {"ink": 3})
    assert told.prompt_classes == {"remove": 1}
    assert list(told.edits_per_day) == [date(2026, 11, 1), date(2026, 11, 2)]


@pytest.mark.parametrize("seconds", [0.004, 0.25, 4.2, 31.0, 880.0])
def test_a_duration_is_told_to_within_a_fifth(seconds: float) -> None:
    step = next(n for n in range(200) if 2 ** (n / 4) >= seconds * 1000)

    told = percentile({step: 10}, 0.5)

    assert told == pytest.approx(seconds, rel=0.2)


def test_a_percentile_leaves_the_slowest_out() -> None:
    quick_and_slow = {40: 94, 60: 6}

    assert percentile(quick_and_slow, 0.5) == pytest.approx(2**10 / 1000, rel=0.2)
    assert percentile(quick_and_slow, 0.95) == pytest.approx(2**15 / 1000, rel=0.2)
    assert percentile({}, 0.5) is None
