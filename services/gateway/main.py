"""The gateway as a process: `uvicorn --factory services.gateway.main:build_app`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from services.chassis.broker import bus_of, make_broker
from services.chassis.loops import Loops
from services.chassis.settings import load
from services.chassis.telemetry import configure_logging
from services.gateway.adapters.running import open_parts, running
from services.gateway.domain.parts import Parts
from services.gateway.handlers import put_handlers
from services.gateway.routes.app import make_app
from services.gateway.settings import GatewaySettings


def build_app() -> FastAPI:
    """The application, configured from the environment. Raises SettingsError."""
    settings = load(GatewaySettings)
    configure_logging("gateway", settings.log_level)

    @asynccontextmanager
    async def opened() -> AsyncIterator[Parts]:
        broker, loops = make_broker(settings, "gateway"), Loops()
        async with open_parts(settings, broker, loops) as parts:
            put_handlers(loops, bus_of(broker), parts)
            async with running(parts, broker, loops):
                yield parts

    return make_app(settings, opened)
