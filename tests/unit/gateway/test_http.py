"""The head of a request is bounded in bytes, fields and time."""

import asyncio

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from services.gateway.adapters import http
from services.gateway.adapters.http import BoundedHttp


async def answering(scope, receive, send) -> None:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    headers = [(b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": body})


@pytest.fixture
async def connection():
    config = Config(answering, log_level="critical", ws="none", lifespan="off")
    config.load()
    state = ServerState()
    server = await asyncio.get_running_loop().create_server(
        lambda: BoundedHttp(config, state, {}), "127.0.0.1", 0
    )
    reader, writer = await asyncio.open_connection(*server.sockets[0].getsockname())
    yield reader, writer
    writer.close()
    server.close()
    await server.wait_closed()


async def status(reader) -> int:
    return int((await asyncio.wait_for(reader.readline(), 5)).split()[1])


async def rest(reader) -> bytes:
    return await asyncio.wait_for(reader.read(), 5)


async def test_one_connection_carries_many_requests_with_bodies(connection):
    reader, writer = connection
    for size in (0, 10, 200_000):
        writer.write(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: %d\r\n\r\n" % size)
        writer.write(b"x" * size)

        assert await status(reader) == 200
        await reader.readuntil(b"\r\n\r\n")
        assert await reader.readexactly(size) == b"x" * size


async def test_a_field_without_an_end_is_refused(connection):
    reader, writer = connection
    writer.write(b"GET / HTTP/1.1\r\nX: " + b"a" * (http.MAX_HEAD_BYTES + 1))

    assert await status(reader) == 431
    assert (await rest(reader)).endswith(b"\r\n\r\n")


async def test_too_many_fields_are_refused(connection):
    reader, writer = connection
    writer.write(b"GET / HTTP/1.1\r\n" + b"X: a\r\n" * (http.MAX_FIELDS + 1) + b"\r\n")

    assert await status(reader) == 431
    await rest(reader)


@pytest.mark.parametrize("begun", [b"", b"GET / HTTP/1.1\r\nHost: a\r\n"])
async def test_a_head_that_does_not_come_is_not_waited_for(monkeypatch, connection, begun):
    monkeypatch.setattr(http, "HEAD_SECONDS", 0.05)
    reader, writer = connection
    host, port = writer.get_extra_info("peername")
    reader, other = await asyncio.open_connection(host, port)
    other.write(begun)

    assert await rest(reader) == b""
    other.close()
