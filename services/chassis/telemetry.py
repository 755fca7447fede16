"""Structured logs, one JSON object a line, with the job's and the request's id on every line.

Event names are static; data goes in `extra`, identifiers only, never what a person wrote.
"""

import json
import logging
import logging.config
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Final

_CONTEXT: ContextVar[dict[str, str]] = ContextVar("log_context", default={})  # noqa: B039
_RECORD_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")


class JsonLines(logging.Formatter):
    """A record as one line of JSON."""

    def __init__(self, service: str) -> None:
        super().__init__()
        self._service = service

    def format(self, record: logging.LogRecord) -> str:
        """The line, without a newline in it."""
        extra = {k: v for k, v in vars(record).items() if k not in _RECORD_FIELDS}
        line = {
            "at": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "service": self._service,
            "event": record.getMessage(),
            "logger": record.name,
            **_CONTEXT.get(),
            **extra,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def configure_logging(service: str, level: str) -> None:
    """Send everything to standard output as JSON lines; libraries from WARNING up.

    libvips stays silent: its warnings are as many as the sender of a picture likes.
    """
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines(service))
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)
    logging.getLogger("services").setLevel(level)
    logging.getLogger("pyvips").setLevel(logging.CRITICAL + 1)
    for noisy in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(noisy)
        logger.handlers.clear()
        logger.propagate = True
        logger.setLevel(logging.WARNING)


@contextmanager
def bound(**values: str | None) -> Iterator[None]:
    """Put these fields on every line logged inside, in this task and those it starts."""
    added = {k: v for k, v in values.items() if v is not None}
    token = _CONTEXT.set({**_CONTEXT.get(), **added})
    try:
        yield
    finally:
        _CONTEXT.reset(token)


def request_id_of(presented: str | None) -> str:
    """The caller's request id when it is a plain token of 1 to 128 characters, else a fresh one."""
    if presented and _REQUEST_ID.fullmatch(presented):
        return presented
    return secrets.token_hex(16)
