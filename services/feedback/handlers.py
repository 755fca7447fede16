"""What feedback does about questions."""

from contracts.queries import FeedbackGiven, FeedbackKept, FeedbackQuestion, GiveFeedback
from services.feedback.domain import Ratings, already_given, keepable, nothing_given


async def on_feedback_give(rating: GiveFeedback, *, ratings: Ratings) -> FeedbackKept:
    """Keep a rating. Raises RefusedError for an edit's second one."""
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
