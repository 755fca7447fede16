"""The renderer, wired."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from faststream.asgi import AsgiFastStream

from contracts import subjects as s
from contracts.queries import AbilitiesQuestion
from services.chassis.app import Check, bus_check, make_app
from services.chassis.broker import bus_of, make_broker, put_collection, put_query, put_step
from services.chassis.loops import Loops
from services.chassis.settings import load
from services.chassis.telemetry import configure_logging
from services.renderer.adapters.offers import offered, streams_of
from services.renderer.adapters.opening import Breakers, open_workshop
from services.renderer.handlers import (
    abilities_of,
    collecting,
    on_edit_enhanced,
    on_edit_submitted,
    rendering,
)
from services.renderer.settings import RendererSettings

NAME = "renderer"
log = logging.getLogger(__name__)
DURABLES = (s.RENDERER_EDIT_ENHANCED, s.RENDERER_EDIT_SUBMITTED)


def build_app() -> AsgiFastStream:
    """The service as an ASGI app; raises SettingsError for settings that cannot be used."""
    settings = load(RendererSettings)
    models = offered(settings)
    configure_logging(NAME, settings.log_level)
    log.info("models_offered", extra={"models": [model.name for model in models]})
    broker = make_broker(settings, NAME)
    bus, loops, breakers = bus_of(broker), Loops(), Breakers()
    streams = (s.EVENTS, s.JOURNAL, *streams_of(models))
    checks: dict[str, Check] = {"bus": bus_check(bus, settings, streams=streams, durables=DURABLES)}
    put_query(broker, s.RENDERER_ABILITIES_QUERY, AbilitiesQuestion, abilities_of(models))

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        async with open_workshop(settings, models, bus, breakers) as (shop, store):
            checks["objects"] = store.check
            put_step(
                loops,
                bus,
                rendering(shop),
                partial(on_edit_enhanced, shop=shop),
                concurrency=settings.worker_concurrency,
                breaker=breakers.of_all(models),
            )
            put_collection(loops, bus, collecting(shop), partial(on_edit_submitted, shop=shop))
            yield

    return make_app(broker, checks, opened, loops=loops)
