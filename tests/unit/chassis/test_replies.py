"""A question is always answered: with what was asked for, or with why not."""

from contracts.errors import ErrorCode
from contracts.queries import FeedbackKept, QueryError
from services.chassis.errors import PermanentError, RefusedError, TransientError, UnavailableError
from services.chassis.failure import replied


async def error_for(error: Exception) -> QueryError:
    async def work() -> FeedbackKept:
        raise error

    reply = await replied(work)
    assert reply.answer is None
    assert reply.error is not None
    return reply.error


async def test_an_answer_goes_back() -> None:
    async def work() -> FeedbackKept:
        return FeedbackKept(feedback_id=1)

    assert (await replied(work)).answer == FeedbackKept(feedback_id=1)


async def test_a_refusal_goes_back_as_it_is() -> None:
    refusal = QueryError(status=409, code=ErrorCode.FEEDBACK_EXISTS, detail="Given.")

    assert await error_for(RefusedError(refusal)) == refusal


async def test_what_passes_is_unavailable() -> None:
    for error in (UnavailableError("host db-1 is away"), TransientError("lost"), TimeoutError()):
        told = await error_for(error)
        assert (told.status, told.code) == (503, ErrorCode.SERVICE_UNAVAILABLE)
        assert "db-1" not in told.detail


async def test_a_bad_question_is_the_callers() -> None:
    bad = PermanentError(ErrorCode.INVALID_REQUEST, "Not valid.", reason="the password is x")

    assert await error_for(bad) == QueryError(
        status=400, code=ErrorCode.INVALID_REQUEST, detail="Not valid."
    )


async def test_a_mistake_of_ours_tells_nothing_of_itself() -> None:
    told = await error_for(KeyError("secret"))

    assert (told.status, told.code) == (500, ErrorCode.INTERNAL_ERROR)
    assert "secret" not in told.detail
