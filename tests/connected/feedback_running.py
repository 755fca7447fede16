"""The feedback service in this process, on real servers."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.chassis.broker import make_broker
from services.chassis.database import Database
from services.chassis.settings import ServiceSettings
from services.feedback.adapters import PostgresRatings
from services.feedback.main import put_questions


@asynccontextmanager
async def feedback_running(url: str, tables: Database) -> AsyncIterator[None]:
    broker = make_broker(ServiceSettings(nats_url=url), "feedback")
    put_questions(broker, PostgresRatings(tables))
    await broker.start()
    try:
        yield
    finally:
        await broker.stop()
