"""What ratings say together: counts, and the words that several complaints share."""

import re
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final, Protocol, TypeVar

from contracts.analytics import FeedbackAnalytics, RatingCount

MAX_COMPLAINTS: Final = 1000
"""The latest ones are read for their words, and of each the beginning."""
COMPLAINT_CHARACTERS: Final = 300
MOST_WORDS: Final = 30
MOST_NAMES: Final = 20
"""Models and styles, the most rated first."""
FEWEST_COMPLAINTS: Final = 2
"""A word that one person said may name somebody."""

_WORD: Final = re.compile(r"[^\W\d_]{3,40}")
_COMMON: Final = """
    the and for you your yours was were are not but has have had his her hers him she they them
    this that these those with from all any can could would should will just than then too very
    what when where which who why how its our ours out off into onto over under only own same some
    such there their here about after again also because been before being between both did does
    doing don didn doesn isn wasn won wouldn couldn down during each few get got more most much nor
    now once other please really still until upon use used using want wanted way well
"""
STOP_WORDS: Final = frozenset(_COMMON.split())


@dataclass(frozen=True, slots=True)
class RatingRow:
    """So many ratings of one day, of one model, or of one style; the other two are None."""

    rating: int
    day: date | None
    model: str | None
    style: str | None
    ratings: int


class Analytics(Protocol):
    """Figures of ratings."""

    async def analytics(self, days: int) -> FeedbackAnalytics:
        """Of the last days. Raises UnavailableError while the database is away."""


def analytics_of(
    rows: Sequence[RatingRow], complaints: Sequence[str], days: int
) -> FeedbackAnalytics:
    """Figures from counted ratings and the latest complaints."""
    by_rating: Counter[int] = Counter()
    for row in rows:
        by_rating[row.rating] += row.ratings if row.day else 0
    return FeedbackAnalytics(
        days=days,
        total=by_rating.total(),
        by_rating={rating: by_rating[rating] for rating in (0, 1)},
        by_day=dict(sorted(_grouped(rows, lambda row: row.day).items())),
        by_model=_most_rated(_grouped(rows, lambda row: row.model)),
        by_style=_most_rated(_grouped(rows, lambda row: row.style)),
        complaint_words=shared_words(complaints),
        complaints_read=len(complaints),
    )


def shared_words(complaints: Iterable[str]) -> dict[str, int]:
    """The most frequent words, and how many complaints have each."""
    found: Counter[str] = Counter()
    for text in complaints:
        found.update(set(_WORD.findall(text.lower())) - STOP_WORDS)
    # By word within the same count, so that the same complaints give the same answer.
    ranked = sorted(found.items(), key=lambda item: (-item[1], item[0]))[:MOST_WORDS]
    return {word: count for word, count in ranked if count >= FEWEST_COMPLAINTS}


K = TypeVar("K", bound=Hashable)


def _grouped(
    rows: Iterable[RatingRow], name_of: Callable[[RatingRow], K | None]
) -> dict[K, RatingCount]:
    """The counts by name; what has none, as a rating without a style, is left out."""
    good: Counter[K] = Counter()
    bad: Counter[K] = Counter()
    for row in rows:
        if name := name_of(row):
            (good if row.rating else bad)[name] += row.ratings
    return {name: _count(good[name], bad[name]) for name in good | bad}


def _count(good: int, bad: int) -> RatingCount:
    total = good + bad
    return RatingCount(good=good, bad=bad, good_share=round(good / total, 4) if total else None)


def _most_rated(counts: dict[str, RatingCount]) -> dict[str, RatingCount]:
    ranked = sorted(counts.items(), key=lambda item: (-item[1].good - item[1].bad, item[0]))
    return dict(ranked[:MOST_NAMES])
