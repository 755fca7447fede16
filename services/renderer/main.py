"""The renderer, wired."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, closing
from functools import partial

from faststream.asgi import AsgiFastStream

from contracts.subjects import EVENTS, JOURNAL, RENDERER_EDIT_ENHANCED
from services.chassis.app import Check, bus_check, make_app
from services.chassis.broker import bus_of, make_broker, put_step
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.loops import Loops
from services.chassis.objects import open_store
from services.chassis.settings import load, prefix_of
from services.chassis.telemetry import configure_logging
from services.renderer.adapters import LocalLibvips
from services.renderer.handlers import RENDERING, on_edit_enhanced
from services.renderer.settings import RendererSettings

NAME = "renderer"


def build_app() -> AsgiFastStream:
    """The service as an ASGI app; raises SettingsError for settings that cannot be used."""
    settings = load(RendererSettings)
    configure_logging(NAME, settings.log_level)
    broker = make_broker(settings, NAME)
    needs = {"streams": (EVENTS, JOURNAL), "durables": (RENDERER_EDIT_ENHANCED,)}
    bus, loops = bus_of(broker), Loops()
    checks: dict[str, Check] = {"bus": bus_check(bus, settings, **needs)}

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        limits = ImageLimits(max_image_pixels=settings.max_image_pixels)
        prefix = prefix_of(settings, settings)
        with closing(PixelPool()) as pool:
            async with open_store(settings, settings.mizual_home) as store:
                checks["objects"] = store.check
                editor = LocalLibvips(limits, pool)
                task = partial(on_edit_enhanced, editor=editor, store=store, prefix=prefix)
                put_step(loops, bus, RENDERING, task, concurrency=settings.worker_concurrency)
                yield

    return make_app(broker, checks, opened, loops=loops)
