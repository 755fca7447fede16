"""The enhancer, wired."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from faststream.asgi import AsgiFastStream

from contracts.subjects import ENHANCER_EDIT_REQUESTED, EVENTS, JOURNAL
from services.chassis.app import bus_check, make_app
from services.chassis.broker import bus_of, make_broker, put_step
from services.chassis.loops import Loops
from services.chassis.settings import load
from services.chassis.telemetry import configure_logging
from services.enhancer.adapters import asked, open_model
from services.enhancer.handlers import enhancing, on_edit_requested
from services.enhancer.settings import EnhancerSettings

NAME = "enhancer"
log = logging.getLogger(__name__)


def build_app() -> AsgiFastStream:
    """The service as an ASGI app; raises SettingsError for settings that cannot be used."""
    settings = load(EnhancerSettings)
    configure_logging(NAME, settings.log_level)
    if chosen := asked(settings):
        log.info("language_model_chosen", extra=chosen)
    broker = make_broker(settings, NAME)
    step = enhancing(enabled=settings.enable_prompt_enhancement)
    bus, loops = bus_of(broker), Loops()
    needs = {"streams": (EVENTS, JOURNAL), "durables": (ENHANCER_EDIT_REQUESTED,)}

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        async with open_model(settings) as model:
            task = partial(on_edit_requested, model=model)
            put_step(loops, bus, step, task, concurrency=settings.worker_concurrency)
            yield

    return make_app(broker, {"bus": bus_check(bus, settings, **needs)}, opened, loops=loops)
