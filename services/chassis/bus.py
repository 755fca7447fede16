"""The seam to NATS: the connection, its errors translated, confirmed publishing, and questions."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from typing import Final, Protocol, TypeVar

from nats.aio.client import Client
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.errors import MaxPayloadError
from nats.js import JetStreamContext
from nats.js.api import Header
from nats.js.errors import APIError
from pydantic import ValidationError

from contracts.base import Message
from contracts.errors import ErrorCode
from contracts.queries import QueryError, Reply
from services.chassis.errors import PermanentError, RefusedError, UnavailableError

A = TypeVar("A", bound=Message)

PUBLISH_SECONDS: Final = 4.0
"""Deadline of one publish, confirmation included."""

LOOK_SECONDS: Final = 0.05
MOMENT_SECONDS: Final = 0.001

READ_SECONDS: Final = 2.0
"""Deadline of one read."""

WRONG_LAST_SEQUENCE: Final = 10071
"""err_code of an append whose expectation does not hold (server's errors.json)."""

TOO_LARGE_SENTENCE: Final = "This is too large for our records."

GONE: Final = frozenset({10057, 10043})
"""err_codes of deleting a message that is gone: at an end of its stream, or between others."""


class Publisher(Protocol):
    """Stores a message on a stream, or says that it could not."""

    async def publish(self, subject: str, message: Message, *, message_id: str) -> None:
        """Return once the message is stored; the same id within the window is stored once.

        Raises UnavailableError.
        """


class Bus:
    """The connection of a process; usable once its broker has started."""

    def __init__(self, connection: Callable[[], Client | None]) -> None:
        self._connection = connection
        self._js: JetStreamContext | None = None

    @property
    def client(self) -> Client:
        """The core connection. Raises UnavailableError before the first connect."""
        client = self._connection()
        if client is None:
            raise UnavailableError("the bus is not connected yet")
        return client

    @property
    def js(self) -> JetStreamContext:
        """JetStream on that connection. Raises UnavailableError before the first connect."""
        if self._js is None:
            self._js = self.client.jetstream(timeout=READ_SECONDS)
        return self._js

    @property
    def is_connected(self) -> bool:
        """Whether a question has a chance right now."""
        client = self._connection()
        return client is not None and client.is_connected

    async def connected(self, *, within: float) -> bool:
        """Whether the bus is there, waiting for so many seconds while it is not."""
        deadline = asyncio.get_running_loop().time() + within
        clock = asyncio.get_running_loop().time
        while not self.is_connected and clock() < deadline:  # noqa: ASYNC110 - no event tells
            await asyncio.sleep(LOOK_SECONDS)
        return self.is_connected

    async def publish(self, subject: str, message: Message, *, message_id: str) -> None:
        """See Publisher. While the bus is away for a moment this waits and sends nothing."""
        await self.connected(within=PUBLISH_SECONDS)
        with translated(f"publish {subject}"):
            await self.js.publish(
                subject,
                to_bytes(message),
                timeout=PUBLISH_SECONDS,
                headers={Header.MSG_ID: message_id, "content-type": "application/json"},
            )

    async def ask(
        self, subject: str, question: Message, answer: type[A], *, within: float = READ_SECONDS
    ) -> A:
        """Ask another service, for so many seconds.

        Raises UnavailableError, or RefusedError with its typed error.
        """
        with translated(f"ask {subject}"):
            raw = await self.client.request(subject, to_bytes(question), timeout=within)
        try:
            reply: Reply[A] = Reply[answer].model_validate_json(raw.data)  # type: ignore[valid-type]
        except ValidationError:
            # A replica of another version: the next question may go to one that we understand.
            raise UnavailableError(f"{subject} answered what cannot be read") from None
        if reply.error is not None:
            raise _error_of(subject, reply.error)
        if reply.answer is None:
            raise UnavailableError(f"{subject} answered nothing")
        return reply.answer

    async def ask_all(
        self, subject: str, question: Message, answer: type[A], *, within: float, most: int
    ) -> list[A]:
        """Ask everybody who listens; what was answered within so many seconds, `most` at the most.

        Raises UnavailableError when the question cannot be sent.
        """
        with translated(f"ask {subject}"):
            inbox = await self.client.subscribe(self.client.new_inbox())
            try:
                await self.client.publish(subject, to_bytes(question), reply=inbox.subject)
                return [kept async for kept in _answers(inbox, answer, within, most)]
            finally:
                await inbox.unsubscribe()


async def _answers(
    inbox: Subscription, answer: type[A], within: float, most: int
) -> AsyncIterator[A]:
    clock = asyncio.get_running_loop().time
    deadline = clock() + within
    for _ in range(most):
        try:
            message = await inbox.next_msg(timeout=max(deadline - clock(), MOMENT_SECONDS))
            reply: Reply[A] = Reply[answer].model_validate_json(message.data)  # type: ignore[valid-type]
        except TimeoutError:
            return
        except ValidationError:
            # A replica of another version, or the server's word that nobody listens.
            continue
        if reply.answer is not None:
            yield reply.answer


def _error_of(subject: str, error: QueryError) -> UnavailableError | RefusedError:
    # Whom we asked lacks something itself: that passes, and is no refusal.
    if error.code is ErrorCode.SERVICE_UNAVAILABLE:
        return UnavailableError(f"ask {subject}: {error.detail}")
    return RefusedError(error)


def to_bytes(message: Message) -> bytes:
    """The message on the wire: JSON without absent fields."""
    return message.model_dump_json(exclude_none=True).encode()


@contextmanager
def translated(action: str) -> Iterator[None]:
    """Turn the client's errors into UnavailableError: the bus is away, full, or not set up.

    A message that is too large for it will never pass: PermanentError.
    """
    try:
        yield
    except MaxPayloadError as error:
        raise PermanentError(ErrorCode.INTERNAL_ERROR, TOO_LARGE_SENTENCE, reason=action) from error
    except (NatsError, OSError, TimeoutError) as error:
        raise UnavailableError(f"{action}: {error!r}") from error


def is_gone(error: APIError) -> bool:
    """Whether what was to be deleted was not there (any more)."""
    return error.err_code in GONE


def is_code(error: APIError, err_code: int) -> bool:
    """Whether the server refused with this err_code; the class alone does not tell."""
    return error.err_code == err_code
