"""The ASGI shell of a worker: liveness, readiness and metrics around its broker."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Final

from faststream.asgi import AsgiFastStream, AsgiResponse, get
from faststream.nats import NatsBroker
from prometheus_client import make_asgi_app

from services.chassis.bus import Bus, translated
from services.chassis.errors import MizualError, UnavailableError
from services.chassis.loops import Loops
from services.chassis.settings import ServiceSettings
from services.chassis.streams import missing

CHECK_SECONDS: Final = 2.0

Check = Callable[[], Awaitable[None]]
"""Raises a MizualError that says what is missing."""
Json = {"content-type": "application/json"}


def make_app(
    broker: NatsBroker,
    checks: Mapping[str, Check],
    lifespan: Callable[[], AbstractAsyncContextManager[None]] | None = None,
    *,
    loops: Loops | None = None,
) -> AsgiFastStream:
    """A worker: its broker, its loops, `/health`, `/health/ready`, `/metrics`."""

    @get
    async def live(_: Any) -> AsgiResponse:
        return AsgiResponse(b'{"status": "ok", "message": "Service is running"}', 200, headers=Json)

    @get
    async def ready(_: Any) -> AsgiResponse:
        problems = await problems_of(checks)
        body = readiness_json(problems)
        return AsgiResponse(body, 503 if problems else 200, headers=Json)

    @asynccontextmanager
    async def opened(*_: Any, **__: Any) -> AsyncIterator[None]:
        if lifespan is None:
            yield
            return
        async with lifespan():
            yield

    app = AsgiFastStream(
        broker,
        lifespan=opened,
        logger=None,
        asgi_routes=[
            ("/health", live),
            ("/health/ready", ready),
            ("/metrics", make_asgi_app()),
        ],
    )
    if loops is not None:
        app.after_startup(loops.start)
        app.on_shutdown(loops.stop)
    return app


def bus_check(
    bus: Bus, settings: ServiceSettings, *, streams: tuple[str, ...], durables: tuple[str, ...] = ()
) -> Check:
    """Ready when the bus answers and what is needed of it is there, as strong as configured."""

    async def check() -> None:
        with translated("the bus"):
            # Also when nothing is needed of it but that it answers.
            await bus.js.account_info()
            problems = await missing(
                bus.js,
                streams=streams,
                durables=durables,
                replicas=settings.nats_replicas,
                sync=settings.sync_required,
            )
        if problems:
            raise UnavailableError("; ".join(problems))

    return check


async def problems_of(checks: Mapping[str, Check]) -> dict[str, str]:
    """What is missing, by the name of the check."""
    results = await asyncio.gather(*(_problem(check) for check in checks.values()))
    return {name: problem for name, problem in zip(checks, results, strict=True) if problem}


def readiness_json(problems: Mapping[str, str]) -> bytes:
    """The body of `/health/ready`."""
    status = "unavailable" if problems else "ok"
    return json.dumps({"status": status, "missing": dict(problems)}).encode()


async def _problem(check: Check) -> str | None:
    try:
        async with asyncio.timeout(CHECK_SECONDS):
            await check()
    except (MizualError, TimeoutError) as error:
        # What a client library says may name hosts; what we say ourselves does not.
        ours = isinstance(error, MizualError) and error.__cause__ is None
        return str(error) if ours else "not reachable"
    return None
