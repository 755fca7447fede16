"""The gateway's insides, opened for the life of the process."""

import asyncio
from collections.abc import AsyncIterator, Coroutine
from contextlib import AsyncExitStack, asynccontextmanager, suppress

from faststream.nats import NatsBroker

from contracts.subjects import COMMANDS, EVENTS, JOURNAL, limit_stream
from services.chassis.app import Check, bus_check
from services.chassis.broker import bus_of
from services.chassis.bus import Bus
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.journal import JetStreamJournal
from services.chassis.limits import Quota, policies
from services.chassis.loops import Loops
from services.chassis.objects import ObjectStore, open_store
from services.chassis.settings import prefix_of, secret_keys
from services.gateway.adapters.answers import BusFeedback, BusRecord
from services.gateway.adapters.connection import connected
from services.gateway.adapters.feed import JournalFeed
from services.gateway.adapters.signals import on_termination
from services.gateway.adapters.waiting import Waiting
from services.gateway.domain.admission import Admission, Rules
from services.gateway.domain.hub import Hub
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.keyring import Keyring
from services.gateway.domain.known import Known
from services.gateway.domain.links import Links
from services.gateway.domain.parts import Parts
from services.gateway.domain.sources import Sources
from services.gateway.domain.status import StatusRenderer
from services.gateway.settings import GatewaySettings


@asynccontextmanager
async def open_parts(settings: GatewaySettings, broker: NatsBroker) -> AsyncIterator[Parts]:
    """Everything, on a broker that has not started. Raises SettingsError and UnavailableError."""
    bus = bus_of(broker)
    waiting = Waiting(bus, settings.job_deadline_seconds)
    async with open_store(settings, settings.mizual_home) as store, _beside(waiting.run()):
        pool = PixelPool()
        try:
            yield _parts(settings, bus, store, pool=pool, waiting=waiting)
        finally:
            pool.close()


@asynccontextmanager
async def running(parts: Parts, broker: NatsBroker, loops: Loops) -> AsyncIterator[None]:
    """The bus connected, the journal followed, the streams kept alive, until the process ends."""
    bus = bus_of(broker)
    draining: list[asyncio.Task[None]] = []

    def drain() -> None:
        if not draining:
            draining.append(asyncio.create_task(parts.hub.drain()))

    async with AsyncExitStack() as stack:
        await stack.enter_async_context(connected(broker, loops))
        await stack.enter_async_context(_beside(JournalFeed(bus, parts.hub).run()))
        await stack.enter_async_context(_beside(parts.hub.keep_alive()))
        stack.enter_context(on_termination(drain))
        yield


def _parts(
    settings: GatewaySettings, bus: Bus, store: ObjectStore, *, pool: PixelPool, waiting: Waiting
) -> Parts:
    keyring = Keyring(secret_keys(settings))
    journal, known = JetStreamJournal(bus), Known()
    jobs = Jobs(journal, BusRecord(bus), known, connected=lambda: bus.is_connected)
    checker = ImageChecker(_image_limits(settings), pool)
    sources = Sources(store, checker, jobs, prefix_of(settings, settings))
    links = Links(keyring)
    renderer = StatusRenderer(links)
    quota = Quota(bus, policies(settings, production=settings.production))
    hub = Hub(journal.replay, renderer.json, known, per_client=settings.max_streams_per_client)
    return Parts(
        admission=Admission(
            jobs=jobs,
            journal=journal,
            places=quota,
            sources=sources,
            publisher=bus,
            job_ids=keyring.job_ids,
            rules=Rules(
                deadline_seconds=settings.job_deadline_seconds, chain_limit=settings.chain_limit
            ),
            overloaded=waiting.overloaded,
        ),
        jobs=jobs,
        sources=sources,
        hub=hub,
        store=store,
        feedback=BusFeedback(bus),
        publisher=bus,
        keyring=keyring,
        links=links,
        renderer=renderer,
        checks=_checks(settings, bus, store, quota) | {"feed": hub.check},
    )


def _checks(
    settings: GatewaySettings, bus: Bus, store: ObjectStore, quota: Quota
) -> dict[str, Check]:
    limits = tuple(limit_stream(policy.name) for policy in quota.policies)
    return {
        "bus": bus_check(bus, settings, streams=(EVENTS, JOURNAL, COMMANDS, *limits)),
        "objects": store.check,
    }


def _image_limits(settings: GatewaySettings) -> ImageLimits:
    return ImageLimits(
        max_upload_bytes=settings.max_upload_bytes,
        max_image_pixels=settings.max_image_pixels,
        unsupported_types=frozenset(settings.unsupported_image_types),
    )


@asynccontextmanager
async def _beside(work: Coroutine[None, None, None]) -> AsyncIterator[None]:
    task = asyncio.create_task(work)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
