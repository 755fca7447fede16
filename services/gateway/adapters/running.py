"""The gateway's insides, opened for the life of the process."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from faststream.nats import NatsBroker

from contracts.subjects import (
    COMMANDS,
    EVENTS,
    GATEWAY_JOB_CANCEL,
    GATEWAY_JOB_ERASE,
    GATEWAY_JOB_SUBMIT,
    JOURNAL,
    limit_stream,
)
from services.chassis.app import Check, bus_check
from services.chassis.broker import bus_of
from services.chassis.bus import Bus
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import raw_limits, upload_limits
from services.chassis.images.pool import PixelPool
from services.chassis.journal import JetStreamJournal
from services.chassis.keyring import Keyring
from services.chassis.limits import Quota, policies
from services.chassis.loops import Loops
from services.chassis.objects import ObjectStore, open_store
from services.chassis.settings import prefix_of, secret_keys
from services.gateway.adapters.answers import BusAnalytics, BusFeedback, BusRecord
from services.gateway.adapters.connection import connected
from services.gateway.adapters.databases import BusDatabases
from services.gateway.adapters.feed import PAUSE_SECONDS, JournalFeed
from services.gateway.adapters.moves import BusMoves
from services.gateway.adapters.remembered import RendererAbilities, StorageStyles
from services.gateway.adapters.services import BusServices
from services.gateway.adapters.shrinking import PoolShrinker
from services.gateway.adapters.signals import on_termination
from services.gateway.adapters.waiting import LOOK_SECONDS, Waiting
from services.gateway.domain.admission import Admission, Rules
from services.gateway.domain.chains import Chains
from services.gateway.domain.histories import Histories
from services.gateway.domain.history import History
from services.gateway.domain.hub import Hub
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.known import Known
from services.gateway.domain.links import Links
from services.gateway.domain.owners import Owners
from services.gateway.domain.parts import Parts
from services.gateway.domain.sources import Sources
from services.gateway.domain.status import StatusRenderer
from services.gateway.domain.streams import KEEPALIVE_SECONDS, KEEPALIVE_SLOTS, Streams
from services.gateway.domain.thumbs import Thumbs
from services.gateway.settings import GatewaySettings


@asynccontextmanager
async def open_parts(
    settings: GatewaySettings, broker: NatsBroker, loops: Loops
) -> AsyncIterator[Parts]:
    """Everything, on a broker that has not started. Raises SettingsError and UnavailableError."""
    bus = bus_of(broker)
    waiting = Waiting(bus, settings.job_deadline_seconds)
    loops.add("waiting", waiting.look, every_seconds=LOOK_SECONDS)
    async with open_store(settings, settings.mizual_home) as store:
        pool = PixelPool()
        try:
            yield _parts(settings, bus, store, pool=pool, waiting=waiting)
        finally:
            pool.close()


@asynccontextmanager
async def running(parts: Parts, broker: NatsBroker, loops: Loops) -> AsyncIterator[None]:
    """The bus connected, the journal followed, the streams kept alive, until the process ends."""
    feed = JournalFeed(bus_of(broker), parts.hub)
    loops.add("feed", feed.follow, every_seconds=PAUSE_SECONDS)
    streams = parts.hub.streams
    loops.add("keepalive", streams.keep_alive, every_seconds=KEEPALIVE_SECONDS / KEEPALIVE_SLOTS)
    draining: list[asyncio.Task[None]] = []

    def drain() -> None:
        if not draining:
            draining.append(asyncio.create_task(streams.drain()))

    async with connected(broker, loops):
        try:
            with on_termination(drain):
                yield
        finally:
            feed.stop()


def _parts(
    settings: GatewaySettings, bus: Bus, store: ObjectStore, *, pool: PixelPool, waiting: Waiting
) -> Parts:
    keyring = Keyring(secret_keys(settings))
    journal, known = JetStreamJournal(bus), Known()
    record = BusRecord(bus)
    jobs = Jobs(journal, record, known, connected=lambda: bus.is_connected)
    checker = ImageChecker(upload_limits(settings), pool)
    sources = Sources(store, checker, jobs, prefix_of(settings, settings))
    styles, links = StorageStyles(bus), Links(keyring)
    renderer = StatusRenderer(links)
    quota = Quota(bus, policies(settings))
    histories = Histories(journal.replay, partial(journal.last, leader=True), known)
    streams = Streams(per_client=settings.max_streams_per_client)
    hub = Hub(histories, renderer.json, streams)
    return Parts(
        admission=Admission(
            jobs=jobs,
            journal=journal,
            places=quota,
            sources=sources,
            styles=styles,
            image_service=RendererAbilities(bus),
            publisher=bus,
            job_ids=keyring.job_ids,
            rules=Rules(
                deadline_seconds=settings.job_deadline_seconds, chain_limit=settings.chain_limit
            ),
            overloaded=waiting.overloaded,
        ),
        jobs=jobs,
        eraser=record,
        sources=sources,
        styles=styles,
        hub=hub,
        owners=Owners(hub, BusMoves(bus)),
        store=store,
        thumbs=Thumbs(store, PoolShrinker(pool, raw_limits(settings.max_image_pixels))),
        chains=Chains(jobs, record),
        history=History(jobs, record),
        feedback=BusFeedback(bus),
        analytics=BusAnalytics(bus),
        services=BusServices(bus),
        databases=BusDatabases(bus),
        publisher=bus,
        keyring=keyring,
        links=links,
        renderer=renderer,
        checks={"bus": _bus_check(settings, bus, quota), "feed": hub.place.check},
    )


def _bus_check(settings: GatewaySettings, bus: Bus, quota: Quota) -> Check:
    # Without the object store edits can still be watched.
    limits = tuple(limit_stream(policy.name) for policy in quota.policies)
    return bus_check(
        bus,
        settings,
        streams=(EVENTS, JOURNAL, COMMANDS, *limits),
        durables=(GATEWAY_JOB_SUBMIT, GATEWAY_JOB_CANCEL, GATEWAY_JOB_ERASE),
    )
