"""The HTTP client that is given to a vendor's SDK."""

import asyncio

from services.chassis.vendor_http import CONNECT_SECONDS, MAX_CONNECTIONS, vendor_client
from tests.emulators.running import Emulator


async def ask(emulator: Emulator, *, times: int, at_once: int) -> int:
    """How many connections so many requests took."""
    room = asyncio.Semaphore(at_once)
    async with vendor_client(max_answer_bytes=10_000) as client:

        async def one() -> None:
            async with room:
                await client.post(f"{emulator.url}/v1/responses", json={})

        await asyncio.gather(*(one() for _ in range(times)))
    return int(emulator.counters()["connections"])


async def test_there_are_no_more_connections_than_the_bound_and_they_are_used_again(openai):
    openai.fault("respond", delay_seconds=0.05, body="{}", times=None)

    used = await ask(openai, times=3 * MAX_CONNECTIONS, at_once=3 * MAX_CONNECTIONS)

    assert 1 < used <= MAX_CONNECTIONS


async def test_one_request_after_another_takes_one_connection(openai):
    assert await ask(openai, times=5, at_once=1) == 1


async def test_connecting_has_a_limit_of_its_own_whatever_the_sdk_allows_the_whole():
    async with vendor_client(max_answer_bytes=1) as client:
        request = client.build_request("POST", "http://127.0.0.1:9", timeout=90)
        for hook in client.event_hooks["request"]:
            await hook(request)

    assert request.extensions["timeout"]["connect"] == CONNECT_SECONDS
    assert request.extensions["timeout"]["read"] == 90


async def test_a_shorter_time_is_not_made_longer():
    async with vendor_client(max_answer_bytes=1) as client:
        request = client.build_request("POST", "http://127.0.0.1:9", timeout=1)
        for hook in client.event_hooks["request"]:
            await hook(request)

    assert request.extensions["timeout"]["connect"] == 1
