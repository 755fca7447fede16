"""The server's word that a message used up its deliveries, and the message it speaks of."""

from typing import Protocol

from contracts.base import Message
from contracts.events import JobEvent


class MaxDeliveries(Message):
    """An advisory of the server: which message of which durable."""

    stream: str
    consumer: str
    stream_seq: int
    deliveries: int


class StuckMessages(Protocol):
    """Messages that nobody will be given again, but which still stand in their stream.

    Both methods raise UnavailableError.
    """

    async def load(self, sequence: int) -> JobEvent | None:
        """The event at that sequence; None when it is gone or no event that is known."""

    async def delete(self, sequence: int) -> None:
        """Remove it; gone already is fine."""
