"""What feedback does about questions."""

from contracts.analytics import FeedbackAnalytics, FeedbackAnalyticsQuestion
from contracts.queries import (
    FeedbackErased,
    FeedbackErasure,
    FeedbackGiven,
    FeedbackKept,
    FeedbackQuestion,
    GiveFeedback,
)
from services.feedback.domain.analytics import Analytics
from services.feedback.domain.ratings import Ratings, already_given, keepable, nothing_given


async def on_feedback_give(rating: GiveFeedback, *, ratings: Ratings) -> FeedbackKept:
    """Keep a rating. Raises RefusedError for an edit's second one, whatever it says.

    A caller waits 2 s and is refused after 1.5 s, which cancels the statement. A rating may still
    be kept though its caller was told 503: when it waited behind others for longer than that, when
    it was committed at the very moment of the refusal, or when the answer was lost. The first one
    stands then, and saying it again is answered with 409.
    """
    number = await ratings.add(keepable(rating))
    if number is None:
        raise already_given()
    return FeedbackKept(feedback_id=number)


async def on_feedback_read(question: FeedbackQuestion, *, ratings: Ratings) -> FeedbackGiven:
    """What was said of an edit. Raises RefusedError when nothing was."""
    given = await ratings.read(question.edit_uuid)
    if given is None:
        raise nothing_given()
    return given


async def on_feedback_erase(erasure: FeedbackErasure, *, ratings: Ratings) -> FeedbackErased:
    """Forget what was said of an edit, as often as asked."""
    rows = await ratings.forget(erasure.edit_uuid, keep_rating=erasure.keep_rating)
    return FeedbackErased(rows=rows)


async def on_feedback_analytics(
    question: FeedbackAnalyticsQuestion, *, analytics: Analytics
) -> FeedbackAnalytics:
    """What people said in the last days, all together."""
    return await analytics.analytics(question.days)
