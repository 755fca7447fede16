"""The enhancer, wired."""

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from faststream.asgi import AsgiFastStream

from contracts import subjects as s
from services.chassis.app import Check, bus_check, make_app
from services.chassis.broker import bus_of, make_broker, put_step
from services.chassis.loops import Loops
from services.chassis.settings import load
from services.chassis.telemetry import configure_logging
from services.enhancer.adapters.opening import chosen, open_enhancer
from services.enhancer.handlers import describing, on_description_requested, writings
from services.enhancer.settings import EnhancerSettings

NAME = "enhancer"
DURABLES = (
    s.ENHANCER_EDIT_REQUESTED,
    s.ENHANCER_VARIATION_REQUESTED,
    s.ENHANCER_DESCRIPTION_REQUESTED,
)
log = logging.getLogger(__name__)


def build_app() -> AsgiFastStream:
    """The service as an ASGI app; raises SettingsError for settings that cannot be used."""
    settings = load(EnhancerSettings)
    configure_logging(NAME, settings.log_level)
    log.info("language_model_chosen", extra=chosen(settings))
    broker = make_broker(settings, NAME)
    bus, loops = bus_of(broker), Loops()
    streams = (s.EVENTS, s.JOURNAL)
    checks: dict[str, Check] = {"bus": bus_check(bus, settings, streams=streams, durables=DURABLES)}

    @asynccontextmanager
    async def opened() -> AsyncIterator[None]:
        async with open_enhancer(settings) as there:
            checks["objects"] = there.store.check
            put = partial(put_step, loops, bus, concurrency=settings.worker_concurrency)
            for step, task in writings(there.desk, enabled=settings.enable_prompt_enhancement):
                put(step, task)
            describe = partial(on_description_requested, describer=there.describer)
            put(describing(), describe, breaker=there.describing)
            yield

    return make_app(broker, checks, opened, loops=loops)
