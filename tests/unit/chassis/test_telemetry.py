"""What reaches the log, and what never does."""

import logging
from collections.abc import Iterator

import pytest

from services.chassis.telemetry import configure_logging


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
