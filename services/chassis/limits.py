"""Limits that hold across replicas: a stream per policy whose messages are the used places.

Publishing to `limit.<policy>.<client>` fails exactly when the sliding window is full; a place
frees up when its message expires or is deleted.
"""

import asyncio
import hashlib
import json
import math
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from nats.js.api import DiscardPolicy, Header, PubAck, StorageType, StreamConfig
from nats.js.errors import APIError, NotFoundError

from contracts.journal import Slot
from contracts.subjects import LIMIT_ROOT, limit_stream, limit_subject
from services.chassis.bus import PUBLISH_SECONDS, Bus, is_code, is_gone, translated
from services.chassis.errors import UnavailableError
from services.chassis.settings import AccountSettings, LimitSettings

DAY_SECONDS: Final = 86_400.0
PREVIEW_DAILY: Final = 50
PRODUCTION_DAILY: Final = 3
PRODUCTION_BURST_SECONDS: Final = 10.0
ACTIVE_JOBS: Final = "active"
"""Policy of the jobs under way: its places are free again whenever a job ends."""
PREVIEW_ACTIVE: Final = 50
PRODUCTION_ACTIVE: Final = 5
ACTIVE_WAIT_SECONDS: Final = 10.0
"""After this it is worth asking again: edits end all the time."""
MAX_MESSAGES_PER_SUBJECT: Final = 10077
"""err_code of a publish to a full subject; its class also means that JetStream is away."""
STREAM_NOT_FOUND: Final = 10059
"""err_code of a policy that is not in force any more."""
NO_MESSAGES: Final = "404"
"""Status of a direct get that finds nothing."""
EXPIRY_LAG_SECONDS: Final = 0.35
"""The server expires by a timer: a place frees up this much late (measured, file storage)."""
FLUX_TASKS: Final = "flux"
"""Policy of all tasks of the account."""
KONTEXT_MAX_TASKS: Final = 6
"""The account's limit for flux-kontext-max alone, as its provider documents it."""
LOST_PLACE_SECONDS: Final = 60.0
STANDING_SECONDS: Final = 0.25
"""What a client is told beside its answer is not worth a longer wait."""
TASK_REPEAT_SECONDS: Final = 60.0
"""A renderer that died between taking a place and noting it is followed by another within this."""


@dataclass(frozen=True, slots=True)
class Policy:
    """At most `places` in any window of `window_seconds`, per client."""

    name: str
    places: int
    window_seconds: float
    repeat_seconds: float = 10.0
    """How long the same token takes the same place."""
    longest_wait_seconds: float = math.inf
    """A place may be given back long before its window has passed."""


class LimitExceededError(Exception):
    """The window is full; `retry_after` is the whole seconds until a place is free."""

    def __init__(self, policy: Policy, retry_after: int) -> None:
        super().__init__(policy.name)
        self.policy = policy
        self.retry_after = retry_after


def policies(settings: LimitSettings) -> tuple[Policy, ...]:
    """The quota of job-creating calls in force; a value of 0 switches one off.

    The soonest free comes first: who is refused has held, for that moment, no place of a day.
    """
    production = settings.production
    daily = settings.rate_limit_daily_images
    if daily is None:
        daily = PRODUCTION_DAILY if production else PREVIEW_DAILY
    burst = settings.rate_limit_burst_seconds
    if burst is None:
        burst = PRODUCTION_BURST_SECONDS if production else 0.0
    wanted = (
        _active(settings),
        Policy("burst", 1 if burst else 0, burst),
        Policy("daily", daily, DAY_SECONDS),
    )
    return tuple(policy for policy in wanted if policy.places)


def _active(settings: LimitSettings) -> Policy:
    places = settings.max_active_jobs_per_owner
    if places is None:
        places = PRODUCTION_ACTIVE if settings.production else PREVIEW_ACTIVE
    # No job outlives its deadline: a place that nobody gave back is free after it.
    window = settings.job_deadline_seconds + LOST_PLACE_SECONDS
    return Policy(ACTIVE_JOBS, places, window, longest_wait_seconds=ACTIVE_WAIT_SECONDS)


def account_policies(settings: AccountSettings) -> tuple[Policy, ...]:
    """How many tasks the image provider's account may have under way: in all, then of kontext-max.

    A place that nobody gave back is free again once its task must have ended.
    """
    window = settings.flux_timeout_seconds + LOST_PLACE_SECONDS
    few = min(KONTEXT_MAX_TASKS, settings.flux_max_active_tasks)
    return (
        Policy(FLUX_TASKS, settings.flux_max_active_tasks, window, TASK_REPEAT_SECONDS),
        Policy("flux_kontext_max", few, window, TASK_REPEAT_SECONDS),
    )


def limit_config(policy: Policy, *, replicas: int) -> StreamConfig:
    """The stream that counts a policy's places."""
    return StreamConfig(
        name=limit_stream(policy.name),
        subjects=[f"{LIMIT_ROOT}.{policy.name}.*"],
        storage=StorageType.FILE,
        max_msgs_per_subject=policy.places,
        discard=DiscardPolicy.NEW,
        discard_new_per_subject=True,
        max_age=policy.window_seconds,
        max_bytes=64 * 1024 * 1024,
        duplicate_window=min(policy.repeat_seconds, policy.window_seconds),
        allow_direct=True,
        num_replicas=replicas,
    )


def client_key(client: str) -> str:
    """A client's name as a subject token: addresses and owners hold dots and worse."""
    return hashlib.sha256(client.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Taken:
    """The places of a token, and those of them that this taking made and may give back."""

    slots: tuple[Slot, ...] = ()
    own: tuple[Slot, ...] = ()


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a client stands: places that are left, and whole seconds until one more is free."""

    policy: Policy
    left: int
    seconds: int


class Quota:
    """Takes and gives back places under every policy at once."""

    def __init__(self, bus: Bus, policies: tuple[Policy, ...]) -> None:
        self._bus = bus
        self.policies = policies

    async def take(self, client: str, *, token: str) -> Taken:
        """One place of each policy. The same token within seconds takes the same places.

        Raises LimitExceededError and UnavailableError; what was taken until then is given back.
        """
        taken = Taken()
        try:
            for policy in self.policies:
                slot, own = await self._take(policy, client, token)
                taken = Taken((*taken.slots, slot), (*taken.own, *([slot] if own else [])))
        except BaseException:
            # Another request that shares the token keeps the places that it made itself.
            with suppress(UnavailableError):
                await self.give_back(taken.own)
            raise
        return taken

    async def give_back(self, slots: tuple[Slot, ...]) -> None:
        """Free the places; one that is free already is fine. Raises UnavailableError."""
        for slot in slots:
            await give_back(self._bus, slot)

    async def standings(self, client: str) -> tuple[Standing, ...]:
        """Where the client stands under each policy. Raises UnavailableError."""
        looks = (self._standing(policy, client_key(client)) for policy in self.policies)
        return tuple(await asyncio.gather(*looks))

    async def _standing(self, policy: Policy, key: str) -> Standing:
        # A direct get tells the oldest place and how many follow it, without the stream's leader.
        oldest = {"next_by_subj": limit_subject(policy.name, key), "seq": 1, "batch": 1}
        subject = f"$JS.API.DIRECT.GET.{limit_stream(policy.name)}"
        with translated(f"look at places of {policy.name}"):
            reply = await self._bus.client.request(
                subject, json.dumps(oldest).encode(), timeout=STANDING_SECONDS
            )
        told = reply.headers or {}
        if told.get("Status") == NO_MESSAGES:
            return Standing(policy, policy.places, 0)
        if not {"Nats-Time-Stamp", "Nats-Num-Pending"} <= set(told):
            raise UnavailableError(f"look at places of {policy.name}: {told.get('Status')}")
        used = 1 + int(told["Nats-Num-Pending"])
        stored = datetime.fromisoformat(told["Nats-Time-Stamp"]).timestamp()
        return Standing(policy, max(0, policy.places - used), _seconds_until_free(policy, stored))

    async def _take(self, policy: Policy, client: str, token: str) -> tuple[Slot, bool]:
        subject = limit_subject(policy.name, client_key(client))
        with translated(f"take a place of {policy.name}"):
            try:
                ack = await self._publish(policy, subject, token)
                while ack.duplicate and not await is_held(self._bus, _slot(policy, ack)):
                    # The place was given back meanwhile: the token must pay again.
                    ack = await self._publish(policy, subject, f"{token}:{ack.seq}")
            except APIError as error:
                if not is_code(error, MAX_MESSAGES_PER_SUBJECT):
                    raise
                raise LimitExceededError(policy, await self._wait(policy, subject)) from None
        return _slot(policy, ack), not ack.duplicate

    async def _publish(self, policy: Policy, subject: str, token: str) -> PubAck:
        return await self._bus.js.publish(
            subject,
            b"",
            timeout=PUBLISH_SECONDS,
            stream=limit_stream(policy.name),
            headers={Header.MSG_ID: token},
        )

    async def _wait(self, policy: Policy, subject: str) -> int:
        try:
            oldest = await self._bus.js.get_msg(
                limit_stream(policy.name), seq=1, subject=subject, direct=True, next=True
            )
        except NotFoundError:
            return 1
        stored = oldest.time.timestamp() if oldest.time else time.time()
        return _seconds_until_free(policy, stored)


async def is_held(bus: Bus, slot: Slot) -> bool:
    """Whether the place is still taken: neither given back nor expired. Raises UnavailableError."""
    with translated("look at a place"):
        try:
            await bus.js.get_msg(limit_stream(slot.policy), seq=slot.sequence)
        except NotFoundError:
            return False
    return True


async def give_back(bus: Bus, slot: Slot) -> None:
    """Free one place; gone already is fine. Raises UnavailableError."""
    with translated("give a place back"):
        try:
            await bus.js.delete_msg(limit_stream(slot.policy), slot.sequence)
        except APIError as error:
            if not (is_gone(error) or is_code(error, STREAM_NOT_FOUND)):
                raise


def _seconds_until_free(policy: Policy, stored: float) -> int:
    wait = stored + policy.window_seconds + EXPIRY_LAG_SECONDS - time.time()
    return max(1, math.ceil(min(wait, policy.longest_wait_seconds)))


def _slot(policy: Policy, ack: PubAck) -> Slot:
    return Slot(policy=policy.name, sequence=ack.seq)
