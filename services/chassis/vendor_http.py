"""The HTTP client under a vendor's SDK: bounded in connections, in bytes read, in time to connect.

The SDKs read a whole answer into memory before anybody sees it, and set no time for connecting
apart from that of the whole call.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Final

from httpx2 import (
    AsyncByteStream,
    AsyncClient,
    ConnectError,
    ConnectTimeout,
    Limits,
    PoolTimeout,
    ProxyError,
    ReadError,
    Request,
    Response,
    Timeout,
)

CONNECT_SECONDS: Final = 5.0
"""A host that is there takes up a connection within a second, from anywhere."""
MAX_CONNECTIONS: Final = 16
"""Twice the most handlers of a process, so none waits for another's connection to close."""
MAX_RETRY_AFTER_SECONDS: Final = 60.0
"""What a provider asks for beyond that is no pause but an outage, which is found out anew."""
_KEPT_CONNECTIONS: Final = 4
_MILLISECONDS: Final = "retry-after-ms"

NOT_SENT: Final = (ConnectError, ConnectTimeout, PoolTimeout, ProxyError)
"""Errors after which the provider has certainly not seen the request."""


class TooLongAnswerError(ReadError):
    """More bytes than an answer may have, or packed ones, whose size nobody knows."""


@asynccontextmanager
async def vendor_client(*, max_answer_bytes: int) -> AsyncIterator[AsyncClient]:
    """A client to give to an SDK, closed with the block; it follows no redirect.

    An answer of more than `max_answer_bytes` raises TooLongAnswerError while it is read.
    """

    async def bounded(response: Response) -> None:
        _refuse_packed(response)
        response.stream = _Counted(response, max_answer_bytes)

    async with AsyncClient(
        timeout=Timeout(None, connect=CONNECT_SECONDS),
        limits=Limits(max_connections=MAX_CONNECTIONS, max_keepalive_connections=_KEPT_CONNECTIONS),
        # A hook and no transport of our own: with one, the proxies of the environment are ignored.
        event_hooks={"request": [_connect_quickly], "response": [bounded]},
        headers={"accept-encoding": "identity"},
    ) as client:
        yield client


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The pause in seconds that an answer asks for, at most a minute; None where it names none."""
    milliseconds, seconds = headers.get(_MILLISECONDS), headers.get("retry-after")
    if milliseconds is not None:
        return pause(milliseconds, per_second=1000)
    return pause(seconds) if seconds is not None else None


def pause(number: str, *, per_second: int = 1) -> float | None:
    """A number as a pause of 0 to 60 seconds; None for what is no number (a date, say)."""
    try:
        seconds = float(number) / per_second
    except ValueError:
        return None
    # A comparison with "nan" is false, which makes that no number too.
    return min(seconds, MAX_RETRY_AFTER_SECONDS) if seconds >= 0 else None


class _Counted(AsyncByteStream):
    """The bytes of an answer, up to a limit."""

    def __init__(self, response: Response, max_bytes: int) -> None:
        assert isinstance(response.stream, AsyncByteStream)
        self._inner = response.stream
        self._left = max_bytes

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for chunk in self._inner:
            self._left -= len(chunk)
            if self._left < 0:
                raise TooLongAnswerError("the answer is too long")
            yield chunk

    async def aclose(self) -> None:
        await self._inner.aclose()


async def _connect_quickly(request: Request) -> None:
    # The SDKs give each request one time for everything, connecting included.
    times = request.extensions.get("timeout", {})
    connect = times.get("connect")
    times["connect"] = min(connect, CONNECT_SECONDS) if connect else CONNECT_SECONDS


def _refuse_packed(response: Response) -> None:
    if response.headers.get("content-encoding", "identity") != "identity":
        raise TooLongAnswerError("the answer is packed, which was not asked for")
