"""HTTP to Black Forest Labs: connections, deadlines, and bodies that are read within bounds."""

import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Final

import aiohttp
import httpx
from httpx_aiohttp import AiohttpTransport
from pydantic import SecretStr

from contracts.base import utcnow
from services.chassis.errors import TransientError
from services.chassis.hold import NotSubmittedError
from services.renderer.adapters.flux_answers import Answer
from services.renderer.domain.models import PROVIDER

MAX_ANSWER_BYTES: Final = 4 * 1024 * 1024
"""Of JSON: a few hundred bytes, but for a long prompt and a preview."""
MAX_RETRY_AFTER_SECONDS: Final = 60.0
"""Whatever is asked for: a task may not be left alone for longer."""
KEEP_ALIVE_SECONDS: Final = 30.0
"""Below the minute after which load balancers commonly close."""
CONNECTIONS: Final = 32
"""Of each kind: more than the handlers of a process ask for at once."""

_UPLOADS: Final[Mapping[str, str]] = {"content-type": "application/json"}
# Nothing is unpacked: JSON is small, pictures are packed, and a bomb stays what it is.
_EVERYWHERE: Final[Mapping[str, str]] = {"accept-encoding": "identity", "user-agent": "mizual"}

# These come before a connection stands. httpx's own classes do not tell: its ConnectTimeout is
# also what becomes of a connection that was cut in the middle.
_NEVER_SENT: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
# What the client raises: translated by the transport, or slipping through it.
_FAILURES: Final = (httpx.HTTPError, aiohttp.ClientError)


@dataclass(frozen=True, slots=True)
class Download:
    """A file; `is_whole` is False where its end cannot be told from a cut."""

    data: bytes
    is_whole: bool


class TooLongError(Exception):
    """A body beyond its bound."""


class FluxHttp:
    """Three clients: for submissions, for polls, and one without the key for results."""

    def __init__(
        self,
        *,
        submitting: httpx.AsyncClient,
        asking: httpx.AsyncClient,
        fetching: httpx.AsyncClient,
    ) -> None:
        self._submitting = submitting
        self._asking = asking
        self._fetching = fetching

    async def post(self, url: str, body: bytes) -> Answer:
        """The answer to a submission.

        Raises NotSubmittedError when no connection came about, TransientError when it broke.
        """
        try:
            async with self._submitting.stream(
                "POST", url, content=body, headers=_UPLOADS
            ) as response:
                return await _answer(response, may_be_cut=response.is_client_error)
        except _FAILURES as error:
            raise _broken("submit", error, unsent=NotSubmittedError) from None

    async def get(self, url: str) -> Answer:
        """The answer to a poll. Raises TransientError."""
        try:
            async with self._asking.stream("GET", url) as response:
                return await _answer(response)
        except _FAILURES as error:
            raise _broken("poll", error) from None

    async def download(self, url: str, *, max_bytes: int) -> Download | Answer:
        """The file, or the answer that was given instead of it.

        Raises TransientError for a broken transfer and TooLongError for a file beyond the bound.
        """
        try:
            async with self._fetching.stream("GET", url) as response:
                if response.status_code != httpx.codes.OK:
                    return Answer(response.status_code, retry_after=_retry_after(response))
                data = await _read(response, max_bytes)
                return Download(data, is_whole=_says_its_end(response))
        except _FAILURES as error:
            raise _broken("download", error) from None


@asynccontextmanager
async def open_http(key: SecretStr, *, connect_seconds: float) -> AsyncIterator[FluxHttp]:
    """The clients, until the block ends; so long for one connection, and for one to be free."""
    tls = _trusted()
    # No read deadline of its own: each call has a total one.
    timeout = httpx.Timeout(None, connect=connect_seconds, pool=2 * connect_seconds)
    with_key = {"x-key": key.get_secret_value()}
    async with (
        # A kept connection may be closing as it is used, and nobody could tell whether the
        # submission was read: each has its own, for one handshake more in some seconds.
        _client(tls, timeout, with_key, is_kept=False) as submitting,
        _client(tls, timeout, with_key) as asking,
        _client(tls, timeout, {}) as fetching,
    ):
        yield FluxHttp(submitting=submitting, asking=asking, fetching=fetching)


@cache
def _trusted() -> ssl.SSLContext:
    """The authorities that are trusted, read once: it takes as long as fifty polls."""
    return httpx.create_ssl_context()


def _client(
    tls: ssl.SSLContext,
    timeout: httpx.Timeout,
    headers: Mapping[str, str],
    *,
    is_kept: bool = True,
) -> httpx.AsyncClient:
    # Said aloud, so that the other side does not wait for more.
    ending = {} if is_kept else {"connection": "close"}

    def session() -> aiohttp.ClientSession:
        connector = (
            aiohttp.TCPConnector(limit=CONNECTIONS, ssl=tls, keepalive_timeout=KEEP_ALIVE_SECONDS)
            if is_kept
            else aiohttp.TCPConnector(limit=CONNECTIONS, ssl=tls, force_close=True)
        )
        return aiohttp.ClientSession(connector=connector, cookie_jar=aiohttp.DummyCookieJar())

    # Measured with 30 polls at once: 0.3 ms of CPU each, where httpx's own transport takes 1.0.
    transport = AiohttpTransport(verify=tls, client=session)
    return httpx.AsyncClient(
        transport=transport,
        headers={**_EVERYWHERE, **headers, **ending},
        timeout=timeout,
        trust_env=False,
        follow_redirects=False,
    )


async def _answer(response: httpx.Response, *, may_be_cut: bool = False) -> Answer:
    """The answer; a refusal is one whether or not its reasons arrive."""
    try:
        body = await _read(response, MAX_ANSWER_BYTES)
    except TooLongError:
        body = b""
    except _FAILURES:
        if not may_be_cut:
            raise
        body = b""
    return Answer(response.status_code, body, _retry_after(response))


async def _read(response: httpx.Response, max_bytes: int) -> bytes:
    if int(response.headers.get("content-length", 0)) > max_bytes:
        raise TooLongError
    chunks, size = [], 0
    async for chunk in response.aiter_raw():
        chunks.append(chunk)
        size += len(chunk)
        if size > max_bytes:
            raise TooLongError
    return b"".join(chunks)


def _says_its_end(response: httpx.Response) -> bool:
    return "content-length" in response.headers or "transfer-encoding" in response.headers


def _retry_after(response: httpx.Response) -> float | None:
    """Seconds, from either form of the header."""
    said = response.headers.get("retry-after", "").strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        until = parsedate_to_datetime(said)
    except ValueError:
        return None
    # RFC 9110: a date without a zone is meant in UTC.
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - utcnow()).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)


def _broken(
    operation: str, error: Exception, *, unsent: type[TransientError] = TransientError
) -> TransientError:
    """The class of what happened, and not its text, which has the URL in it."""
    cause = error.__cause__ or error
    kind = unsent if isinstance(cause, _NEVER_SENT) else TransientError
    return kind(f"{PROVIDER} {operation}: {type(cause).__name__}")
