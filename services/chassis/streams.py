"""Every stream and durable, created and updated by one idempotent command.

`python -m services.chassis.streams` makes them; `--check` only says what is missing or weaker than
configured. Services never declare any: a client library's defaults would overwrite these.
"""

import argparse
import asyncio
import json
import sys
import urllib.request
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

import nats
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DiscardPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import APIError, NotFoundError
from pydantic import Field

from contracts import subjects as s
from contracts.stages import Kind
from services.chassis.limits import account_policies, limit_config, policies
from services.chassis.settings import (
    AccountSettings,
    LimitSettings,
    SettingsError,
    load,
)

MIB: Final = 1024 * 1024
DAY: Final = 86_400.0
DEDUP_SECONDS: Final = 120.0
CONNECT_SECONDS: Final = 10.0
ACK_WAIT_SECONDS: Final = 10.0
POISON_DELIVERIES: Final = 1000
"""Backstop only: tries are counted in the journal."""
SYNC_PROOF: Final = "mizual-sync"
"""Stream metadata: the command saw the server write to disk before it confirms."""


class StreamSettings(LimitSettings, AccountSettings):
    """What the command needs to know."""

    nats_monitor_url: str | None = Field(default=None, pattern=r"^https?://")


@dataclass(frozen=True, slots=True)
class Durable:
    """A durable pull consumer and what it listens to."""

    stream: str
    name: str
    subject: str
    max_deliver: int = POISON_DELIVERIES
    max_ack_pending: int = 10_000

    def config(self) -> ConsumerConfig:
        """As the server keeps it."""
        return ConsumerConfig(
            durable_name=self.name,
            filter_subject=self.subject,
            ack_policy=AckPolicy.EXPLICIT,
            ack_wait=ACK_WAIT_SECONDS,
            max_deliver=self.max_deliver,
            max_ack_pending=self.max_ack_pending,
        )


PROJECTOR_BATCH: Final = 500
DURABLES: Final = (
    Durable(s.COMMANDS, s.GATEWAY_JOB_SUBMIT, s.JOB_SUBMIT),
    Durable(s.COMMANDS, s.GATEWAY_JOB_CANCEL, s.JOB_CANCEL),
    Durable(s.COMMANDS, s.GATEWAY_JOB_ERASE, s.JOB_ERASE),
    Durable(s.EVENTS, s.ENHANCER_EDIT_REQUESTED, s.EDIT_REQUESTED),
    Durable(s.EVENTS, s.RENDERER_EDIT_ENHANCED, s.EDIT_ENHANCED),
    # Collecting looks again until the job's deadline, so deliveries have no limit here.
    Durable(s.EVENTS, s.RENDERER_EDIT_SUBMITTED, s.EDIT_SUBMITTED, max_deliver=-1),
    Durable(s.EVENTS, s.STORAGE_EDIT_RENDERED, s.EDIT_RENDERED),
    Durable(s.EVENTS, s.ENHANCER_VARIATION_REQUESTED, s.VARIATION_REQUESTED),
    Durable(s.EVENTS, s.RENDERER_VARIATION_ENHANCED, s.VARIATION_ENHANCED),
    Durable(s.EVENTS, s.RENDERER_VARIATION_SUBMITTED, s.VARIATION_SUBMITTED, max_deliver=-1),
    Durable(s.EVENTS, s.STORAGE_VARIATION_RENDERED, s.VARIATION_RENDERED),
    Durable(s.EVENTS, s.RENDERER_CUTOUT_REQUESTED, s.CUTOUT_REQUESTED),
    Durable(s.EVENTS, s.STORAGE_CUTOUT_RENDERED, s.CUTOUT_RENDERED),
    Durable(s.EVENTS, s.ENHANCER_DESCRIPTION_REQUESTED, s.DESCRIPTION_REQUESTED),
    Durable(s.EVENTS, s.STORAGE_DESCRIPTION_WRITTEN, s.DESCRIPTION_WRITTEN),
    # As many entries out at a time as one batch holds, over all replicas: a bound, not an order.
    # Replicas share them out, and what comes again comes late; the record goes by sequences.
    Durable(s.JOURNAL, s.STORAGE_PROJECTOR, f"{s.JOURNAL_ROOT}.*", -1, PROJECTOR_BATCH),
    Durable(s.ADVISORIES, s.STORAGE_ADVISORY, f"{s.MAX_DELIVERIES_ROOT}.{s.EVENTS}.*"),
)


def durable_named(name: str) -> Durable:
    """The durable of that name. Raises StopIteration for one that there is not."""
    return next(durable for durable in DURABLES if durable.name == name)


def stream_configs(settings: StreamSettings) -> list[StreamConfig]:
    """Every stream as configured."""
    retention = settings.journal_retention_days * DAY
    kinds = [f"mizual.v1.{kind}.*" for kind in Kind]
    feed = [s.JOB_ACCEPTED, s.JOB_COMPLETED, s.JOB_FAILED, s.JOB_CANCELLED, s.SUBMISSION_REJECTED]
    work, keep = RetentionPolicy.WORK_QUEUE, RetentionPolicy.LIMITS
    new, old = DiscardPolicy.NEW, DiscardPolicy.OLD
    configs = [
        _stream(
            s.COMMANDS, [s.JOB_SUBMIT, s.JOB_CANCEL, s.JOB_ERASE], work, new, 64 * MIB, retention
        ),
        _stream(s.EVENTS, kinds, work, new, 256 * MIB, retention),
        _stream(s.JOURNAL, [f"{s.JOURNAL_ROOT}.*"], keep, new, 2048 * MIB, retention),
        _stream(s.FEED, feed, keep, old, 256 * MIB, retention),
        _stream(s.DEAD_LETTERS, [f"{s.DEAD_LETTER_ROOT}.>"], keep, old, 64 * MIB, 30 * DAY),
        _stream(s.ADVISORIES, [f"{s.MAX_DELIVERIES_ROOT}.>"], keep, old, 16 * MIB, retention),
    ]
    limits = (*policies(settings), *account_policies(settings))
    configs += [limit_config(policy, replicas=settings.nats_replicas) for policy in limits]
    for config in configs:
        config.num_replicas = settings.nats_replicas
        config.metadata = {SYNC_PROOF: "always" if settings.sync_required else "default"}
    return configs


def _stream(
    name: str,
    subjects: list[str],
    retention: RetentionPolicy,
    discard: DiscardPolicy,
    max_bytes: int,
    max_age: float,
) -> StreamConfig:
    return StreamConfig(
        name=name,
        subjects=subjects,
        retention=retention,
        discard=discard,
        max_bytes=max_bytes,
        max_age=max_age,
        storage=StorageType.FILE,
        duplicate_window=min(DEDUP_SECONDS, max_age),
        allow_direct=True,
        allow_rollup_hdrs=name == s.JOURNAL,
    )


async def ensure(js: JetStreamContext, settings: StreamSettings) -> None:
    """Create what is missing, update what differs. Raises the server's APIError when it refuses."""
    for config in stream_configs(settings):
        try:
            await js.add_stream(config)
        except APIError:
            await js.update_stream(config)
    for durable in DURABLES:
        await js.add_consumer(durable.stream, durable.config())


async def missing(
    js: JetStreamContext,
    *,
    streams: Iterable[str],
    durables: Iterable[str] = (),
    replicas: int = 1,
    sync: bool = False,
) -> list[str]:
    """What of this is not there, or weaker than configured, in words."""
    problems: list[str] = []
    for name in streams:
        problems += await _stream_problems(js, name, replicas=replicas, sync=sync)
    for durable in (d for d in DURABLES if d.name in set(durables)):
        try:
            await js.consumer_info(durable.stream, durable.name)
        except NotFoundError:
            problems.append(f"durable {durable.name} is missing")
    return problems


async def _stream_problems(
    js: JetStreamContext, name: str, *, replicas: int, sync: bool
) -> list[str]:
    try:
        config = (await js.stream_info(name)).config
    except NotFoundError:
        return [f"stream {name} is missing"]
    problems = []
    if (config.num_replicas or 1) < replicas:
        problems.append(f"stream {name} has {config.num_replicas} of {replicas} replicas")
    if sync and (config.metadata or {}).get(SYNC_PROOF) != "always":
        problems.append(f"stream {name} does not write to disk before it confirms")
    return problems


def _require_sync(settings: StreamSettings) -> None:
    if not settings.sync_required:
        return
    if settings.nats_monitor_url is None:
        raise SettingsError("NATS_MONITOR_URL: needed to prove NATS_REQUIRE_SYNC")
    with urllib.request.urlopen(f"{settings.nats_monitor_url}/varz", timeout=5) as answer:  # noqa: S310
        jetstream = json.load(answer).get("jetstream", {})
    if not jetstream.get("config", {}).get("sync_always"):
        raise SettingsError("NATS_REQUIRE_SYNC: the server's sync_interval is not `always`")


async def _unheard(_: Exception) -> None:
    """What stands in the way is said once, in the end."""


async def _run(settings: StreamSettings, *, check: bool) -> int:
    credentials = settings.nats_credentials_file
    async with asyncio.timeout(CONNECT_SECONDS):
        client = await nats.connect(
            settings.nats_url,
            user_credentials=str(credentials) if credentials else None,
            allow_reconnect=False,
            error_cb=_unheard,
        )
    try:
        js = client.jetstream(timeout=10)
        if not check:
            _require_sync(settings)
            await ensure(js, settings)
        names = [config.name for config in stream_configs(settings) if config.name]
        problems = await missing(
            js,
            streams=names,
            durables=[d.name for d in DURABLES],
            replicas=settings.nats_replicas,
            sync=settings.sync_required,
        )
    finally:
        await client.close()
    print("\n".join(problems) or f"streams and durables are there: {', '.join(names)}")  # noqa: T201
    return 1 if problems else 0


def main() -> int:
    """The command; 0 when everything is as configured."""
    parser = argparse.ArgumentParser(prog="python -m services.chassis.streams", description=__doc__)
    parser.add_argument("--check", action="store_true", help="change nothing, say what is missing")
    check = parser.parse_args().check
    try:
        return asyncio.run(_run(load(StreamSettings), check=check))
    except TimeoutError:
        print(f"NATS_URL: nobody answered within {CONNECT_SECONDS:g} s", file=sys.stderr)  # noqa: T201
        return 1
    except (NatsError, OSError) as error:
        print(f"NATS_URL: {error!r}", file=sys.stderr)  # noqa: T201
        return 1


if __name__ == "__main__":
    sys.exit(main())
