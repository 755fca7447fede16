"""Providers whose address nobody answers at: words are done without, a picture is waited for."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass

import httpx
import pytest

from deploy.local import ports
from tests import api
from tests.e2e.failing import outcomes_at
from tests.emulated import emulated_stack
from tests.emulators.running import Emulator, running
from tests.pictures import plain
from tests.stack import RealStack

LIBVIPS = "libvips"
PICTURE = plain(320, 240)
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Lonely:
    """A system and the port at which it looks for Gemini in vain."""

    system: RealStack
    port: int


@pytest.fixture(scope="module")
def lonely(tmp_path_factory) -> Iterator[Lonely]:
    port = ports.free()
    settings = {
        "GEMINI_API_KEY": Emulator.key,
        "GEMINI_BASE_URL": f"http://127.0.0.1:{port}",
        "LLM_PROVIDER": "gemini",
        "IMAGE_PROVIDER": "gemini",
        "ALLOWED_MODELS": LIBVIPS,
    }
    with emulated_stack(tmp_path_factory.mktemp("lonely"), **settings) as stack:
        yield Lonely(stack.system, port)


@pytest.fixture
async def gateway(lonely: Lonely) -> AsyncIterator[httpx.AsyncClient]:
    async with api.client(lonely.system.url) as client:
        yield client


async def until_it_waits(gateway: httpx.AsyncClient, job: str) -> None:
    async with asyncio.timeout(PATIENCE_SECONDS):
        while (await api.status(gateway, job))["retry_reason"] != "waiting":
            await asyncio.sleep(0.02)


async def test_without_a_language_service_the_persons_own_words_are_used(lonely, gateway):
    answer = await api.submit(gateway, "make it blue", picture=PICTURE, model=LIBVIPS)

    final = await api.followed(gateway, answer["edit_id"])

    assert (final["status"], final["enhanced_prompt"]) == ("completed", None)
    port = lonely.system.parts["enhancer"].environment["OPS_PORT"]
    assert (await outcomes_at(gateway, port))["enhance:transient"] == 3


async def test_a_picture_waits_for_its_service_and_is_asked_for_once(lonely, gateway):
    answer = await api.submit(gateway, "make it blue", picture=PICTURE, enhance="false")
    await until_it_waits(gateway, answer["edit_id"])

    with running("gemini", port=lonely.port) as there:
        final = await api.followed(gateway, answer["edit_id"])

        assert (final["status"], final["provider"]) == ("completed", "gemini")
        assert there.counters()["received"] == {"generate": 1}
