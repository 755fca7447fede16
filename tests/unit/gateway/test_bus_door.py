"""What a command becomes before it is admitted."""

from dataclasses import dataclass
from typing import cast

import pytest

from contracts.commands import PlatformOwner, SubmitJob
from services.chassis.delivery import NatsDelivery
from services.gateway.domain.identity import platform_caller
from services.gateway.handlers import _applicant

OWNER = PlatformOwner(user_id="ada")


@dataclass(frozen=True)
class Delivered:
    identity: str


def applicant(command: SubmitJob, identity: str):
    return _applicant(command, cast("NatsDelivery", Delivered(identity)), "request")


def test_a_key_is_the_callers_own_whatever_message_brings_it():
    command = SubmitJob(owner=OWNER, prompt="x", idempotency_key="key")

    assert applicant(command, "one") == applicant(command, "another")
    assert applicant(command, "one").caller == platform_caller(OWNER)


@pytest.mark.parametrize(("other", "same"), [("one", True), ("another", False)])
def test_without_a_key_the_message_itself_is_the_key(other: str, same: bool):
    command = SubmitJob(owner=OWNER, prompt="x")

    assert (applicant(command, "one") == applicant(command, other)) is same


def test_a_messages_name_is_no_key_that_a_caller_could_send():
    unkeyed = applicant(SubmitJob(owner=OWNER, prompt="x"), "one")
    keyed = applicant(SubmitJob(owner=OWNER, prompt="x", idempotency_key="one"), "two")

    assert unkeyed.caller.scope != keyed.caller.scope
    assert unkeyed.caller.owner == keyed.caller.owner
