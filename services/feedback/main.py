"""Feedback as a process: `uvicorn --factory services.feedback.main:build_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from faststream.asgi import AsgiFastStream
from faststream.nats import NatsBroker

from contracts.analytics import FeedbackAnalyticsQuestion
from contracts.queries import FeedbackErasure, FeedbackQuestion, GiveFeedback
from contracts.subjects import (
    FEEDBACK_ANALYTICS_QUERY,
    FEEDBACK_ERASE_QUERY,
    FEEDBACK_GIVE_QUERY,
    FEEDBACK_READ_QUERY,
)
from services.chassis.app import Check, bus_check, make_app
from services.chassis.broker import bus_of, make_broker, put_query
from services.chassis.database import open_pool
from services.chassis.inspection import put_inspection
from services.chassis.migrations import check_schema, load_migrations
from services.chassis.settings import load, schema_of
from services.chassis.telemetry import configure_logging
from services.feedback.adapters import PostgresRatings
from services.feedback.handlers import (
    on_feedback_analytics,
    on_feedback_erase,
    on_feedback_give,
    on_feedback_read,
)
from services.feedback.settings import FeedbackSettings


def build_app() -> AsgiFastStream:
    """The service as an ASGI app; raises SettingsError for settings that cannot be used."""
    settings = load(FeedbackSettings)
    configure_logging("feedback", settings.log_level)
    broker, migrations = make_broker(settings, "feedback"), load_migrations("feedback")
    checks: dict[str, Check] = {"bus": bus_check(bus_of(broker), settings, streams=())}

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        async with open_pool(settings, schema_of(settings, settings)) as database:
            checks["database"] = partial(check_schema, database, "feedback", migrations)
            put_questions(broker, PostgresRatings(database))
            put_inspection(broker, "feedback", database)
            yield

    return make_app(broker, checks, opened)


def put_questions(broker: NatsBroker, ratings: PostgresRatings) -> None:
    """Put what feedback is asked on the bus."""
    put_query(broker, FEEDBACK_GIVE_QUERY, GiveFeedback, partial(on_feedback_give, ratings=ratings))
    put_query(
        broker, FEEDBACK_READ_QUERY, FeedbackQuestion, partial(on_feedback_read, ratings=ratings)
    )
    erase = partial(on_feedback_erase, ratings=ratings)
    put_query(broker, FEEDBACK_ERASE_QUERY, FeedbackErasure, erase)
    on_analytics = partial(on_feedback_analytics, analytics=ratings)
    put_query(broker, FEEDBACK_ANALYTICS_QUERY, FeedbackAnalyticsQuestion, on_analytics)
