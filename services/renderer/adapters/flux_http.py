"""HTTP to Black Forest Labs: connections, deadlines, and bodies that are read within bounds."""

import os
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC
from email.utils import parsedate_to_datetime
from functools import cache
from io import BytesIO
from typing import Final

import certifi
from aiohttp import (
    ClientConnectorError,
    ClientError,
    ClientResponse,
    ClientSession,
    ClientTimeout,
    ConnectionTimeoutError,
    DummyCookieJar,
    TCPConnector,
)
from pydantic import SecretStr
from yarl import URL

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

# These come before a connection stands.
_NEVER_SENT: Final = (ClientConnectorError, ConnectionTimeoutError)
# The second for what is no address, or has a host that is no name.
_BROKEN: Final = (ClientError, ValueError)
# The second for numbers that no date or zone has room for.
_NO_DATE: Final = (ValueError, OverflowError)
_OK: Final = 200
_CLIENT_ERRORS: Final = range(400, 500)


@dataclass(frozen=True, slots=True)
class Download:
    """A file; `is_whole` is False where its end cannot be told from a cut."""

    data: bytes
    is_whole: bool


class TooLongError(Exception):
    """A body beyond its bound."""


class FluxHttp:
    """Three sessions: for submissions, for polls, and one without the key for results.

    Of aiohttp, for the sake of many polls: 0.1 ms of CPU each, where httpx takes 0.4 ms on top of
    aiohttp and 1.0 ms on its own.
    """

    def __init__(
        self, *, submitting: ClientSession, asking: ClientSession, fetching: ClientSession
    ) -> None:
        self._submitting = submitting
        self._asking = asking
        self._fetching = fetching

    async def post(self, url: str, body: bytes) -> Answer:
        """The answer to a submission.

        Raises NotSubmittedError when no connection came about, TransientError when it broke.
        """
        try:
            # As a file, which is sent in parts, and the loop goes on between them.
            async with self._submitting.post(
                _as_told(url), data=BytesIO(body), headers=_UPLOADS, allow_redirects=False
            ) as response:
                return await _answer(response, may_be_cut=response.status in _CLIENT_ERRORS)
        except _BROKEN as error:
            raise _broken("submit", error, unsent=NotSubmittedError) from None

    async def get(self, url: str) -> Answer:
        """The answer to a poll. Raises TransientError."""
        try:
            async with self._asking.get(_as_told(url), allow_redirects=False) as response:
                return await _answer(response)
        except _BROKEN as error:
            raise _broken("poll", error) from None

    async def download(self, url: str, *, max_bytes: int) -> Download | Answer:
        """The file, or the answer that was given instead of it.

        Raises TransientError for a broken transfer and TooLongError for a file beyond the bound.
        """
        try:
            async with self._fetching.get(_as_told(url), allow_redirects=False) as response:
                if response.status != _OK:
                    return Answer(response.status, retry_after=_retry_after(response))
                data = await _read(response, max_bytes)
                return Download(data, is_whole=_says_its_end(response))
        except _BROKEN as error:
            raise _broken("download", error) from None


@asynccontextmanager
async def open_http(
    key: SecretStr, *, connect_seconds: float, trusted: ssl.SSLContext | None = None
) -> AsyncIterator[FluxHttp]:
    """The clients, until the block ends; so long for one connection, and for one to be free."""
    trusted = trusted or _usual()
    # No read deadline of its own: each call has a total one.
    timeout = ClientTimeout(connect=2 * connect_seconds, sock_connect=connect_seconds)
    with_key = {"x-key": key.get_secret_value()}
    async with (
        # A kept connection may be closing as it is used, and nobody could tell whether the
        # submission was read: each has its own, for one handshake more in some seconds.
        _session(timeout, trusted, with_key, is_kept=False) as submitting,
        _session(timeout, trusted, with_key) as asking,
        _session(timeout, trusted, {}) as fetching,
    ):
        yield FluxHttp(submitting=submitting, asking=asking, fetching=fetching)


@cache
def _usual() -> ssl.SSLContext:
    """Read once: it takes as long as fifty polls."""
    return authorities(os.environ)


def authorities(environment: Mapping[str, str]) -> ssl.SSLContext:
    """Whose word is taken for a host: theirs that SSL_CERT_FILE or SSL_CERT_DIR names, else theirs
    that Mozilla trusts, since not every Python finds those of its system.
    """
    if file := environment.get("SSL_CERT_FILE"):
        return ssl.create_default_context(cafile=file)
    if folder := environment.get("SSL_CERT_DIR"):
        return ssl.create_default_context(capath=folder)
    return ssl.create_default_context(cafile=certifi.where())


def _session(
    timeout: ClientTimeout,
    trusted: ssl.SSLContext,
    headers: Mapping[str, str],
    *,
    is_kept: bool = True,
) -> ClientSession:
    connector = (
        TCPConnector(limit=CONNECTIONS, ssl=trusted, keepalive_timeout=KEEP_ALIVE_SECONDS)
        if is_kept
        else TCPConnector(limit=CONNECTIONS, ssl=trusted, force_close=True)
    )
    # Said aloud, so that the other side does not wait for more.
    ending = {} if is_kept else {"connection": "close"}
    return ClientSession(
        connector=connector,
        headers={**_EVERYWHERE, **headers, **ending},
        timeout=timeout,
        auto_decompress=False,
        cookie_jar=DummyCookieJar(),
    )


def _as_told(url: str) -> URL:
    """Byte for byte: a signature may be over the escapes as they are written."""
    return URL(url, encoded=True)


async def _answer(response: ClientResponse, *, may_be_cut: bool = False) -> Answer:
    """The answer; a refusal is one whether or not its reasons arrive."""
    try:
        body = await _read(response, MAX_ANSWER_BYTES)
    except TooLongError:
        body = b""
    except ClientError:
        if not may_be_cut:
            raise
        body = b""
    return Answer(response.status, body, _retry_after(response))


async def _read(response: ClientResponse, max_bytes: int) -> bytes:
    if (response.content_length or 0) > max_bytes:
        raise TooLongError
    # Unlike chunks that are joined, it holds what was read once, and gives it away as it is.
    body = BytesIO()
    async for chunk in response.content.iter_any():
        body.write(chunk)
        if body.tell() > max_bytes:
            raise TooLongError
    return body.getvalue()


def _says_its_end(response: ClientResponse) -> bool:
    return "content-length" in response.headers or "transfer-encoding" in response.headers


def _retry_after(response: ClientResponse) -> float | None:
    return wait_of(response.headers.get("retry-after", ""))


def wait_of(said: str) -> float | None:
    """Seconds, from either form of Retry-After, at most a minute; None for neither."""
    said = said.strip()
    if said.isascii() and said.isdigit():
        return min(float(said[:9]), MAX_RETRY_AFTER_SECONDS)
    try:
        until = parsedate_to_datetime(said)
    except _NO_DATE:
        return None
    # RFC 9110: a date without a zone is meant in UTC.
    until = until if until.tzinfo else until.replace(tzinfo=UTC)
    return min(max((until - utcnow()).total_seconds(), 0.0), MAX_RETRY_AFTER_SECONDS)


def _broken(
    operation: str,
    error: ClientError | ValueError,
    *,
    unsent: type[TransientError] = TransientError,
) -> TransientError:
    """The class of what happened, and not its text, which has the URL in it."""
    kind = unsent if isinstance(error, _NEVER_SENT) else TransientError
    return kind(f"{PROVIDER} {operation}: {type(error).__name__}")
