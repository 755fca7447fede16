"""Structured logs, one JSON object a line, with the job's and the request's id on every line.

Event names are static; data goes in `extra`, identifiers only, never what a person wrote. The text
of an exception may hold that, so of exceptions only the classes and the places are said.
"""

import json
import logging
import logging.config
import re
import secrets
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import TracebackType
from typing import Final

_CONTEXT: ContextVar[dict[str, str]] = ContextVar("log_context", default={})  # noqa: B039
_RECORD_FIELDS: Final = frozenset(vars(logging.makeLogRecord({}))) | {"message", "taskName"}
# Its next lines are the representation of a task, with the text of what the task raised.
_ASYNCIO: Final = "asyncio"
_REQUEST_ID: Final = re.compile(r"[A-Za-z0-9._-]{1,128}")

ExcInfo = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


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
            "event": _event(record),
            "logger": record.name,
            **_CONTEXT.get(),
            **extra,
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)

    def formatException(self, ei: ExcInfo) -> str:  # noqa: N802 - logging's name
        """The classes of an exception and of its causes, and where they were raised; no text."""
        return "\n".join(_told(ei[1], seen=set())) if ei[1] else ""


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


def _event(record: logging.LogRecord) -> str:
    said = record.getMessage()
    return said.partition("\n")[0] if record.name == _ASYNCIO else said


def _told(error: BaseException, *, seen: set[int]) -> Iterator[str]:
    seen.add(id(error))
    yield f"{type(error).__module__}.{type(error).__qualname__}"
    for frame, line in traceback.walk_tb(error.__traceback__):
        yield f"  {frame.f_code.co_filename}:{line} in {frame.f_code.co_name}"
    inner = error.exceptions if isinstance(error, BaseExceptionGroup) else ()
    context = None if error.__suppress_context__ else error.__context__
    for cause in (*inner, error.__cause__ or context):
        if cause is not None and id(cause) not in seen:
            yield "because of"
            yield from _told(cause, seen=seen)
