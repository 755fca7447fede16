"""What reaches the log, and what never does."""

import asyncio
import io
import json
import logging
from collections.abc import Iterator

import pytest
from pydantic import ValidationError

from contracts.base import Message
from contracts.commands import SubmitJob
from contracts.journal import JournalEntry
from services.chassis.dead_letters import reason_of
from services.chassis.failure import FailurePolicy, replied
from services.chassis.loops import Loops
from services.chassis.telemetry import JsonLines, configure_logging
from tests.samples import job

CANARY = "make my neighbour's canary yellow"


@pytest.fixture
def own_logging() -> Iterator[None]:
    """Logging as a test found it, again after the test."""
    names = (None, "services", "pyvips", "uvicorn", "uvicorn.error", "uvicorn.access")
    loggers = [logging.getLogger(name) for name in names]
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in loggers]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


@pytest.mark.usefixtures("own_logging")
def test_libvips_is_silent_at_every_level() -> None:
    logging.getLogger("pyvips").setLevel(logging.NOTSET)

    configure_logging("gateway", "DEBUG")

    assert not logging.getLogger("pyvips").isEnabledFor(logging.CRITICAL)


class MemoryDelivery:
    """A delivery that goes nowhere."""

    sequence = 1
    deliveries = 1

    async def ack(self) -> None:
        return

    async def nak(self, delay: float) -> None:
        return

    async def in_progress(self) -> None:
        return


class NoLetters:
    """Nothing is kept."""

    async def keep(self, delivery: object, error: Exception, *, job: JournalEntry | None) -> None:
        assert CANARY not in reason_of(error)


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """What a process would write."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(JsonLines("test"))
    logging.getLogger().addHandler(handler)
    yield written
    logging.getLogger().removeHandler(handler)


async def fails() -> Message:
    """As a library fails whose error quotes what it was given, and as ours around it."""
    try:
        places: dict[str, str] = {}
        places[CANARY]
    except KeyError as error:
        inner = RuntimeError(CANARY)
        inner.add_note(CANARY)
        raise ExceptionGroup(CANARY, [inner]) from error
    return Message()


async def test_a_handler_that_fails_quotes_nobody(log: io.StringIO) -> None:
    await FailurePolicy(NoLetters(), "test").guard(MemoryDelivery(), fails)

    line = json.loads(log.getvalue())
    assert line["event"] == "handler_failed"
    assert CANARY not in log.getvalue()


async def test_a_question_that_fails_quotes_nobody(log: io.StringIO) -> None:
    await replied(fails)

    assert json.loads(log.getvalue())["event"] == "handler_failed"
    assert CANARY not in log.getvalue()


async def test_a_loop_that_fails_quotes_nobody(log: io.StringIO) -> None:
    loops, begun = Loops(), asyncio.Event()

    async def cycle() -> None:
        begun.set()
        await fails()

    loops.add("work", cycle)
    await loops.start()
    await begun.wait()
    await loops.stop()

    assert json.loads(log.getvalue())["event"] == "loop_failed"
    assert CANARY not in log.getvalue()


async def test_a_task_that_nobody_awaits_quotes_nobody(log: io.StringIO) -> None:
    asyncio.get_running_loop().call_exception_handler(
        {"message": "Task exception was never retrieved", "future": KeyError(CANARY)}
    )

    assert json.loads(log.getvalue())["event"] == "Task exception was never retrieved"
    assert CANARY not in log.getvalue()


def test_a_message_that_is_not_valid_is_not_quoted() -> None:
    entry = job(prompt=CANARY).model_dump_json().replace('"index":0', '"index":-1')
    for kind, body in ((JournalEntry, entry), (SubmitJob, f'{{"prompt": ["{CANARY}"]}}')):
        with pytest.raises(ValidationError) as raised:
            kind.model_validate_json(body)

        assert CANARY not in str(raised.value)


async def test_a_traceback_says_the_classes_and_the_places(log: io.StringIO) -> None:
    await FailurePolicy(NoLetters(), "test").guard(MemoryDelivery(), fails)

    said = json.loads(log.getvalue())["traceback"].splitlines()
    assert [line for line in said if not line.startswith("  ")] == [
        "builtins.ExceptionGroup",
        "because of",
        "builtins.RuntimeError",
        "because of",
        "builtins.KeyError",
    ]
    assert any("test_telemetry.py:" in line and line.endswith(" in fails") for line in said)
