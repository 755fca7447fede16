"""Who is at the other end is not for the server's command line to say."""

import asyncio
import ipaddress
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import httpx
import pytest
import uvicorn
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from deploy.local import ports
from services.chassis.keyring import Keyring
from services.gateway.domain.identity import Identities
from services.gateway.routes.peer import PeerApp
from services.gateway.routes.visit import House, Visit

LOOPBACK = "127.0.0.1"


def house(*proxies: str) -> House:
    return House(
        identities=Identities(Keyring((b"k" * 40,)), None),
        public_url=None,
        admin_token=None,
        proxies=tuple(ipaddress.ip_network(proxy) for proxy in proxies),
        cookie_name="session",
    )


@asynccontextmanager
async def serving(http: str, *proxies: str) -> AsyncIterator[str]:
    """A server that believes everybody, before an application that says whom it sees."""

    async def answer(request: Request) -> PlainTextResponse:
        return PlainTextResponse(Visit(request.scope, house(*proxies)).address)

    app = PeerApp()
    app.add_route("/", answer)
    config = uvicorn.Config(
        app,
        port=ports.free(),
        http=http,
        lifespan="off",
        log_config=None,
        proxy_headers=True,
        forwarded_allow_ips="*",
    )
    server = uvicorn.Server(config)
    task = asyncio.create_task(server.serve())
    try:
        async with asyncio.timeout(10):
            while not server.started:
                await asyncio.sleep(0.01)
        yield f"http://{LOOPBACK}:{config.port}"
    finally:
        server.should_exit = True
        await task


async def seen(url: str, forwarded: str) -> str:
    async with httpx.AsyncClient(trust_env=False) as client:
        return (await client.get(url, headers={"X-Forwarded-For": forwarded})).text


@pytest.mark.parametrize("http", ["httptools", "h11"])
@pytest.mark.parametrize("forwarded", ["9.9.9.9", "9.9.9.9:1234", "[2001:db8::1]:1234"])
async def test_a_forwarded_address_is_nothing_without_a_trusted_proxy(http: str, forwarded: str):
    async with serving(http) as url:
        assert await seen(url, forwarded) == LOOPBACK


async def test_a_trusted_proxy_is_believed_with_the_port_that_it_adds():
    async with serving("httptools", f"{LOOPBACK}/32") as url:
        assert await seen(url, "6.6.6.6:1, 9.9.9.9:1234") == "9.9.9.9"
