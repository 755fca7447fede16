"""Questions about all jobs and ratings together; answers name nobody and quote no prompt."""

from datetime import date

from pydantic import Field

from contracts.base import Message


class ChainsQuestion(Message):
    """To storage: how do people use follow-ups?"""


class ChainAnalytics(Message):
    """Of all chains: paths of completed edits, from a root to an edit that none follows.

    A chain has two edits or more; two chains may share their beginning.
    """

    total_chains: int
    average_chain_length: float
    longest_chain: int
    branches: int
    """Chains that leave another one on their way, instead of having a root of their own."""
    lengths: dict[int, int]
    """How many chains have that many edits."""


class ProcessingQuestion(Message):
    """To storage: how did the jobs of the last days go?"""

    days: int = Field(default=30, ge=1, le=365)


class KindAnalytics(Message):
    """How the jobs of one kind went."""

    stages: dict[str, int]
    """How many stand at each stage now, erased ones included."""
    success_rate: float | None = None
    """Completed among those that completed or failed."""
    p50_seconds: float | None = None
    p95_seconds: float | None = None
    """From acceptance to completion, to within a fifth."""


class ProcessingAnalytics(Message):
    """Jobs by the day (UTC) on which they were accepted, today included."""

    days: int
    jobs: int
    kinds: dict[str, KindAnalytics]
    errors: dict[str, int]
    edits_per_day: dict[date, int]
    styles: dict[str, int]
    """The most used ones."""
    prompt_classes: dict[str, int]
    """What the first words of prompts are about; never the words."""


class FeedbackAnalyticsQuestion(Message):
    """To feedback: what did people say in the last days?"""

    days: int = Field(default=30, ge=1, le=365)


class RatingCount(Message):
    """Thumbs up and down, and the share of those that are up."""

    good: int
    bad: int
    good_share: float | None = None
    """Between 0 and 1; None where there is no rating."""


class FeedbackAnalytics(Message):
    """Ratings by the day (UTC) on which they were given, today included."""

    days: int
    total: int
    by_rating: dict[int, int]
    by_day: dict[date, RatingCount]
    by_model: dict[str, RatingCount]
    by_style: dict[str, RatingCount]
    complaint_words: dict[str, int]
    """How many of the complaints that were read have this word, which several have."""
    complaints_read: int
