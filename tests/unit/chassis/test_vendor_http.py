"""The HTTP client that is given to a vendor's SDK."""

from services.chassis.vendor_http import CONNECT_SECONDS, vendor_client


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
