"""Feedback on a real bus and a real Postgres."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID, uuid4

import pytest

from contracts.analytics import FeedbackAnalytics, FeedbackAnalyticsQuestion
from contracts.base import utcnow
from contracts.errors import ErrorCode
from contracts.queries import (
    FeedbackErased,
    FeedbackErasure,
    FeedbackGiven,
    FeedbackKept,
    FeedbackQuestion,
    GiveFeedback,
    QueryError,
    Reply,
)
from contracts.subjects import (
    FEEDBACK_ANALYTICS_QUERY,
    FEEDBACK_ERASE_QUERY,
    FEEDBACK_GIVE_QUERY,
    FEEDBACK_READ_QUERY,
)
from services.chassis.bus import Bus
from services.chassis.database import Database
from services.chassis.errors import RefusedError, UnavailableError
from tests.buses import connected
from tests.connected.feedback_running import feedback_running
from tests.connected.places import eventually
from tests.connected.processes import admin, answers, service
from tests.servers import NatsServer, PostgresServer


@pytest.fixture
async def feedback(own_nats: NatsServer, feedback_tables: Database) -> AsyncIterator[Bus]:
    """A bus with feedback on it."""
    async with feedback_running(own_nats.url, feedback_tables), connected(own_nats.url) as bus:
        yield bus


async def test_a_rating_is_kept_and_read_again(feedback: Bus) -> None:
    edit = uuid4()

    kept = await _give(feedback, edit, rating=0, feedback_text="too blue")
    given = await feedback.ask(FEEDBACK_READ_QUERY, FeedbackQuestion(edit_uuid=edit), FeedbackGiven)

    assert kept.feedback_id > 0
    assert (given.edit_uuid, given.rating, given.feedback_text) == (edit, 0, "too blue")
    assert abs((given.created_at - utcnow()).total_seconds()) < 60


async def test_of_many_ratings_at_once_exactly_one_is_kept(
    feedback: Bus, own_nats: NatsServer, feedback_tables: Database
) -> None:
    edit = uuid4()
    async with feedback_running(own_nats.url, feedback_tables):
        gives = (_give(feedback, edit, rating=at % 2) for at in range(50))
        results = await asyncio.gather(*gives, return_exceptions=True)

    refused = [result for result in results if isinstance(result, RefusedError)]
    assert len(refused) == 49
    assert {(error.status, error.code) for error in refused} == {(409, ErrorCode.FEEDBACK_EXISTS)}
    assert await feedback_tables.fetchval("SELECT count(*) FROM feedback") == 1


async def test_an_edit_without_feedback_is_not_found(feedback: Bus) -> None:
    with pytest.raises(RefusedError) as refused:
        await feedback.ask(FEEDBACK_READ_QUERY, FeedbackQuestion(edit_uuid=uuid4()), FeedbackGiven)

    assert (refused.value.status, refused.value.sentence) == (404, "Feedback not found")


async def test_a_question_that_does_not_validate_is_answered(feedback: Bus) -> None:
    raw = await feedback.client.request(FEEDBACK_GIVE_QUERY, b'{"rating": 7}', timeout=2)

    reply: Reply[FeedbackKept] = Reply[FeedbackKept].model_validate_json(raw.data)
    assert isinstance(reply.error, QueryError)
    assert (reply.error.status, reply.error.code) == (400, ErrorCode.INVALID_REQUEST)


async def test_without_a_database_the_caller_learns_so(
    feedback: Bus, own_postgres: PostgresServer
) -> None:
    own_postgres.stop()
    try:
        with pytest.raises(UnavailableError, match="not available"):
            await _give(feedback, uuid4(), rating=1)
    finally:
        own_postgres.start()

    assert (await _give(feedback, uuid4(), rating=1)).feedback_id


async def test_a_database_that_hangs_is_no_reason_to_wait_for_ever(
    feedback: Bus, feedback_tables: Database
) -> None:
    edit = uuid4()
    async with feedback_tables.transaction() as session:
        await session.execute("LOCK TABLE feedback IN ACCESS EXCLUSIVE MODE")
        with pytest.raises(UnavailableError, match="not available"):
            await _give(feedback, edit, rating=1)

    # Nothing of it was kept: the same person may say it again.
    assert (await _give(feedback, edit, rating=1)).feedback_id


async def test_an_exact_address_is_never_kept(feedback: Bus, feedback_tables: Database) -> None:
    await _give(feedback, uuid4(), rating=1, client_network="203.0.113.77")

    assert await feedback_tables.fetchval("SELECT client_network FROM feedback") == "203.0.113.0/24"


async def test_analytics_tell_what_was_said(feedback: Bus) -> None:
    for at in range(3):
        await _give(feedback, uuid4(), rating=0, feedback_text=f"blurry {at}", model="flux-2-pro")
    await _give(feedback, uuid4(), rating=1, model="flux-2-pro", style="ink")

    told = await feedback.ask(
        FEEDBACK_ANALYTICS_QUERY, FeedbackAnalyticsQuestion(days=1), FeedbackAnalytics
    )

    assert (told.total, told.by_rating) == (4, {0: 3, 1: 1})
    assert told.by_day[utcnow().date()].good_share == 0.25
    assert told.by_model["flux-2-pro"].bad == 3
    assert told.by_style["ink"].good == 1
    assert (told.complaint_words, told.complaints_read) == ({"blurry": 3}, 3)


async def test_what_is_older_than_the_days_is_not_told(
    feedback: Bus, feedback_tables: Database
) -> None:
    await _give(feedback, uuid4(), rating=0, feedback_text="blurry")
    await feedback_tables.execute("UPDATE feedback SET created_at = now() - interval '7 days'")

    week, more = [
        await feedback.ask(
            FEEDBACK_ANALYTICS_QUERY, FeedbackAnalyticsQuestion(days=days), FeedbackAnalytics
        )
        for days in (7, 8)
    ]

    assert (week.total, week.complaints_read) == (0, 0)
    assert (more.total, more.complaints_read) == (1, 1)


async def test_the_service_becomes_ready_once_its_tables_are_there(
    empty_bus: Bus, settings: dict[str, str]
) -> None:
    admin("feedback", settings, "migrate", "up")
    admin("feedback", settings, "migrate", "down")
    with service("feedback", settings) as url:
        await eventually(lambda: answers(url, 503, "admin migrate up"))
        admin("feedback", settings, "migrate", "up")
        await eventually(lambda: answers(url, 200, "ok"))
        assert (await _give(empty_bus, uuid4(), rating=1)).feedback_id


async def test_the_service_is_not_ready_while_the_bus_is_away(
    empty_bus: Bus, own_nats: NatsServer, settings: dict[str, str]
) -> None:
    admin("feedback", settings, "migrate", "up")
    with service("feedback", settings) as url:
        await eventually(lambda: answers(url, 200, "ok"))
        own_nats.stop()
        try:
            await eventually(lambda: answers(url, 503, "bus"))
        finally:
            own_nats.start()
        await eventually(lambda: answers(url, 200, "ok"))


@pytest.mark.parametrize(
    ("keep_rating", "left"), [(False, []), (True, [(0, None, None)])], ids=["all", "words"]
)
async def test_what_was_said_is_forgotten(
    feedback: Bus, feedback_tables: Database, keep_rating: bool, left: list[object]
) -> None:
    edit = uuid4()
    await _give(feedback, edit, rating=0, feedback_text="too blue", client_network="192.0.2.0/24")
    erasure = FeedbackErasure(edit_uuid=edit, keep_rating=keep_rating)

    rows = [
        (await feedback.ask(FEEDBACK_ERASE_QUERY, erasure, FeedbackErased)).rows for _ in range(2)
    ]

    assert rows == [1, 0]
    found = await feedback_tables.fetch(
        "SELECT rating, feedback_text, client_network FROM feedback"
    )
    assert [tuple(row.values()) for row in found] == left


async def _give(bus: Bus, edit: UUID, **said: object) -> FeedbackKept:
    rating = GiveFeedback.model_validate({"edit_uuid": edit, **said})
    return await bus.ask(FEEDBACK_GIVE_QUERY, rating, FeedbackKept)
