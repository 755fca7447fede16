"""The renderer, wired."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from faststream.asgi import AsgiFastStream

from contracts import subjects as s
from contracts.queries import AbilitiesQuestion
from contracts.stages import Kind
from services.chassis.app import Check, bus_check, make_app
from services.chassis.breaker import Breaker
from services.chassis.broker import bus_of, make_broker, put_collection, put_query, put_step
from services.chassis.bus import Bus
from services.chassis.loops import Loops
from services.chassis.settings import load
from services.chassis.telemetry import configure_logging
from services.renderer.adapters.cutters import chosen, open_cutter
from services.renderer.adapters.offers import every_model, offered, quick_model, streams_of
from services.renderer.adapters.opening import Breakers, open_workshop
from services.renderer.domain.cutting import Cutter
from services.renderer.domain.workshop import Workshop
from services.renderer.handlers.steps import (
    abilities_of,
    collections,
    cuttings,
    durables_of,
    makes_pictures,
    renderings,
)
from services.renderer.settings import RendererSettings

NAME = "renderer"
log = logging.getLogger(__name__)


def put_steps(
    loops: Loops,
    bus: Bus,
    shop: Workshop,
    cutter: Cutter | None,
    *,
    settings: RendererSettings,
    breaker: Breaker | None,
) -> None:
    """Put the steps of this process's kinds on the bus."""
    at_once = settings.worker_concurrency
    for step, task in renderings(shop, settings.kinds):
        put_step(loops, bus, step, task, concurrency=at_once, breaker=breaker)
    for step, look in collections(shop, settings.kinds):
        put_collection(loops, bus, step, look)
    for step, task in cuttings(shop, cutter):
        put_step(loops, bus, step, task, concurrency=at_once)


def build_app() -> AsgiFastStream:
    """The service as an ASGI app; raises SettingsError for settings that cannot be used."""
    settings = load(RendererSettings)
    models = offered(settings)
    choice = chosen(settings) if Kind.CUTOUT in settings.kinds else None
    configure_logging(NAME, settings.log_level)
    log.info("models_offered", extra={"models": [model.name for model in models]})
    broker = make_broker(settings, NAME)
    bus, loops, breakers = bus_of(broker), Loops(), Breakers()
    streams = (s.EVENTS, s.JOURNAL, *streams_of(every_model(settings, models)))
    durables = durables_of(settings.kinds)
    checks: dict[str, Check] = {"bus": bus_check(bus, settings, streams=streams, durables=durables)}
    if makes_pictures(settings.kinds):
        quick = quick_model(settings)
        answer = abilities_of(models, quick.name if quick else None)
        put_query(broker, s.RENDERER_ABILITIES_QUERY, AbilitiesQuestion, answer)

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        async with (
            open_workshop(settings, models, bus, breakers) as (shop, store),
            open_cutter(settings, choice) as cutter,
        ):
            checks["objects"] = store.check
            checks.update({"cutter": cutter.check} if cutter else {})
            breaker = breakers.of_all(models)
            put_steps(loops, bus, shop, cutter, settings=settings, breaker=breaker)
            yield

    return make_app(broker, checks, opened, loops=loops)
