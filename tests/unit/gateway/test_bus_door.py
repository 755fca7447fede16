"""What a command becomes before it is admitted."""

from dataclasses import dataclass
from typing import cast

import pytest

from contracts.commands import PlatformOwner, SubmitJob
from services.chassis.bus import to_bytes
from services.chassis.delivery import NatsDelivery
from services.gateway.domain.identity import platform_caller
from services.gateway.domain.problems import RefusalError
from services.gateway.handlers import _applicant, _command, _Letter, _sender

OWNER = PlatformOwner(user_id="ada")
LETTER = {"owner": {"user_id": "ada"}, "prompt": "make it blue", "image_id": "no id"}


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


def letter(**fields: object) -> _Letter:
    return _Letter.model_validate({**LETTER, **fields})


def test_a_letter_that_is_valid_is_the_command():
    command = SubmitJob(owner=OWNER, prompt="x", correlation_id="c", request_id="r")

    received = _Letter.model_validate_json(to_bytes(command))

    assert _command(received) == command
    assert received.request_id == "r"


def test_what_is_wrong_with_a_letter_is_named():
    with pytest.raises(RefusalError) as refused:
        _command(letter())

    assert refused.value.status == 422
    assert [error.field for error in refused.value.errors] == ["image_id"]


@pytest.mark.parametrize(
    ("given", "sender"), [("c-1", "c-1"), (None, None), (7, None), ("two words", None)]
)
def test_a_letter_is_answered_if_it_says_to_whom(given: object, sender: str | None):
    assert _sender(letter(correlation_id=given)) == sender
