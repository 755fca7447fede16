"""HTTP itself, in front of a server that says anything: what is raised is of our kinds."""

import asyncio
import tracemalloc
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from email.utils import format_datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from services.chassis.errors import TransientError
from services.renderer.adapters.flux_answers import Answer
from services.renderer.adapters.flux_http import (
    MAX_RETRY_AFTER_SECONDS,
    Download,
    FluxHttp,
    open_http,
    wait_of,
)
from tests.unit.renderer.flux_opened import serving

Call = Callable[[FluxHttp, str], Awaitable[Answer]]

MEBIBYTE = bytes(2**20)
CALLS: dict[str, Call] = {
    "submit": lambda http, url: http.post(url, b"{}"),
    "poll": lambda http, url: http.get(url),
}
NUMBERS = st.integers(0, 10**20).map(str)
ZONES = st.builds("{}{}".format, st.sampled_from("+-"), NUMBERS)
DATES = st.datetimes().map(format_datetime)
WAITS = st.one_of(
    NUMBERS,
    st.text(max_size=40),
    DATES,
    st.builds("Mon, 20 Nov 2026 10:00:00 {}".format, ZONES),
    st.builds(
        "Mon, {} Nov {} {}:{}:{} {}".format, NUMBERS, NUMBERS, NUMBERS, NUMBERS, NUMBERS, ZONES
    ),
    st.lists(st.sampled_from(["Mon,", "Nov", "20", "2026", "10:00", "+0000", ",", "-", "a"])).map(
        " ".join
    ),
)
# What aiohttp takes for the value of a header, so that it arrives.
VALUES = WAITS.map(lambda said: said.encode("latin-1", "ignore").translate(None, b"\r\n\0"))
LINES = st.builds(
    b"%b: %b".__mod__,
    st.tuples(
        st.sampled_from([b"retry-after", b"content-length", b"content-type", b"location"])
        | st.binary(max_size=10),
        VALUES | st.binary(max_size=20),
    ),
)
REPLIES = st.builds(
    lambda status, lines, body: b"\r\n".join([b"HTTP/1.1 " + status, *lines, b"", body]),
    st.integers(100, 599).map(b"%d Well".__mod__) | st.binary(max_size=10),
    st.lists(LINES, max_size=3),
    st.binary(max_size=50),
)


@given(said=WAITS)
def test_a_wait_is_none_or_within_a_minute(said):
    wait = wait_of(said)

    assert wait is None or 0 <= wait <= MAX_RETRY_AFTER_SECONDS


async def answered(reply: bytes, call: Call) -> Answer | TransientError:
    """What comes of a call that is answered so."""
    async with serving(reply) as url, open_http(SecretStr("key"), connect_seconds=5) as http:
        try:
            async with asyncio.timeout(10):
                return await call(http, url)
        except TransientError as error:
            return error


@pytest.mark.parametrize("name", CALLS)
@settings(deadline=None)
@given(reply=REPLIES)
def test_whatever_is_answered_is_an_answer_or_one_of_our_errors(name, reply):
    found = asyncio.run(answered(reply, CALLS[name]))

    assert isinstance(found, Answer) or str(found).startswith(f"flux {name}: ")


@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize(
    "url",
    ["https://a..bfl.ai/x", f"https://{'a' * 70}.bfl.ai/", "http://[::::]/", "http://h:99999"],
)
async def test_what_is_no_address_is_one_of_our_errors_too(name, url):
    async with open_http(SecretStr("key"), connect_seconds=5) as http:
        with pytest.raises(TransientError):
            await CALLS[name](http, url)


@asynccontextmanager
async def streaming(mebibytes: int) -> AsyncIterator[str]:
    """A server of one file, which it never holds as a whole."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: %d\r\n\r\n" % (mebibytes * len(MEBIBYTE)))
        for _ in range(mebibytes):
            writer.write(MEBIBYTE)
            await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"


async def test_a_file_is_held_once_while_it_is_read():
    size = 32 * len(MEBIBYTE)
    async with streaming(32) as url, open_http(SecretStr("key"), connect_seconds=5) as http:
        tracemalloc.start()
        file = await http.download(url, max_bytes=size)
        _, most = tracemalloc.get_traced_memory()
        tracemalloc.stop()

    assert isinstance(file, Download)
    assert len(file.data) == size
    assert most < 1.5 * size
