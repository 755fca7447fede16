"""The client of Flux, opened on an emulator, and what its tests say often."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, closing, suppress
from datetime import timedelta
from ssl import SSLContext
from typing import Any

from pydantic import SecretStr

from contracts.base import utcnow
from contracts.journal import Handle, Options
from services.chassis.breaker import Breaker
from services.chassis.images.pool import PixelPool
from services.chassis.providers import Provider
from services.renderer.adapters.doors import Doors
from services.renderer.adapters.flux import Deadlines, Flux, open_flux
from services.renderer.adapters.hosts import place_of
from services.renderer.domain.editing import Edited, Ready, Running, Source, Wish
from tests.emulators.running import Emulator
from tests.pictures import plain

MODEL = "flux-2-pro"
PROMPT = "paint the secret garden blue"
WAIT_SECONDS = 10
PICTURE = plain(96, 64)


def source(data: bytes = PICTURE, width: int = 96, height: int = 64) -> Source:
    return Source(data=data, content_type="image/jpeg", width_pixels=width, height_pixels=height)


def wish(model: str = MODEL, *, webhook_url: str | None = None, **options: object) -> Wish:
    return Wish(
        prompt=PROMPT,
        instruction=PROMPT,
        model=model,
        options=Options(**options),
        webhook_url=webhook_url,
    )


def handle(task_id: str = "0b7c", *, age: float = 0.0, **fields: Any) -> Handle:
    """A task that was submitted `age` seconds ago."""
    submitted = utcnow() - timedelta(seconds=age)
    return Handle(provider="flux", task_id=task_id, model=MODEL, submitted_at=submitted, **fields)


def loopback(url: str) -> tuple[str, ...]:
    """Both names of the emulator's host, at its port."""
    place = place_of(url)
    assert place is not None
    return f"127.0.0.1:{place.port}", f"localhost:{place.port}"


@asynccontextmanager
async def opened(
    url: str,
    *,
    key: str = Emulator.key,
    hosts: tuple[str, ...] | None = None,
    deadlines: Deadlines | None = None,
    doors: Doors | None = None,
    max_image_pixels: int = 50_000_000,
) -> AsyncIterator[Flux]:
    """A client of whatever answers at the URL."""
    with closing(PixelPool()) as pool:
        async with open_flux(
            base_url=url,
            key=SecretStr(key),
            allowed_hosts=loopback(url) if hosts is None else hosts,
            safety_tolerance=2,
            submissions=Provider("flux", Breaker("flux-submissions")),
            doors=doors or Doors("flux"),
            max_image_pixels=max_image_pixels,
            pool=pool,
            deadlines=deadlines or Deadlines(),
        ) as flux:
            yield flux


async def ordered(flux: Flux, asked: Wish | None = None, pictured: Source | None = None) -> Handle:
    """A task, prepared and handed in."""
    asked = asked or wish()
    body = await flux.prepare(pictured or source(), asked)
    return await flux.submit(body, model=asked.model)


async def until(
    flux: Flux, task: Handle, found: Callable[[Running | Ready], bool]
) -> Running | Ready:
    """The state of the task once it is so."""
    async with asyncio.timeout(WAIT_SECONDS):
        while not found(state := await flux.poll(task)):
            await asyncio.sleep(0.01)
    return state


async def ready(flux: Flux, task: Handle) -> Ready:
    """The result's place, once there is one."""
    state = await until(flux, task, lambda state: isinstance(state, Ready))
    assert isinstance(state, Ready)
    return state


async def edited(flux: Flux, asked: Wish | None = None, pictured: Source | None = None) -> Edited:
    """The whole way of one picture."""
    task = await ordered(flux, asked, pictured)
    return await flux.download(task, await ready(flux, task))


@asynccontextmanager
async def serving(answer: bytes, *, tls: SSLContext | None = None) -> AsyncIterator[str]:
    """A server that answers everything so and hangs up."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(answer)
        writer.close()
        # Whoever asked may have had enough in the middle.
        with suppress(ConnectionError):
            await writer.wait_closed()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
