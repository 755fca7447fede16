"""The knobs of this emulator, and the faults that a task itself can have."""

from typing import Final, Literal

from pydantic import Field, JsonValue

from tests.emulators.core.calls import Call
from tests.emulators.core.desk import Behaviour
from tests.emulators.core.faults import Fault


class BflBehaviour(Behaviour):
    """How tasks run and end when nothing goes wrong."""

    latency_seconds: float = Field(default=1.0, ge=0)
    """From the submission to the end of a task."""
    progress: Literal["none", "linear"] = "none"

    polling_host: str | None = None
    """The host name of polling URLs, without port; None: localhost and 127.0.0.1 change places."""
    sample_host: str | None = None
    """The same for samples."""
    polling_url_with_webhook: bool = False
    """Whether a submission with a webhook is told its polling URL too."""
    costs_are_told: bool = True
    """Whether cost, input_mp and output_mp are numbers; they may be null."""

    active_limit: int = Field(default=24, ge=0)
    kontext_max_limit: int = Field(default=6, ge=0)
    credits: float = 1_000_000.0
    """Before anything was paid."""
    sample_seconds: float | None = Field(default=None, ge=0)
    """How long a sample's address is good; None: ten minutes, an hour for FLUX 3."""
    failed_status: int = 200
    """The HTTP status with a task that failed; FLUX 3 was seen to say 503."""
    not_found_status: int = 404
    """The HTTP status with an unknown task; documents promise 200 alone."""

    webhooks: Literal["none", "a", "b"] = "none"
    """Which of the two payloads is posted when a task ends."""
    webhook_signed: bool = True
    """X-BFL-Signature, where the submission had a secret."""
    webhook_copies: int = Field(default=1, ge=1, le=100)
    webhook_early: bool = False
    """Tasks end at once, and their webhooks arrive before the submission is answered."""
    webhook_late_seconds: float = Field(default=0.0, ge=0)


class BflFault(Fault):
    """On a submission an outcome is that of its task; on a poll it is what this poll says."""

    outcome: str | None = None
    """A status. One that is no ending stays for ever."""
    reasons: tuple[str, ...] = ()
    """Of a moderated task."""
    picture_type: Literal["jpeg", "png", "webp"] | None = None
    """A download is of this type, whatever was asked."""
    then: tuple[dict[str, JsonValue], ...] = ()
    """On a submission: further faults, for polls and downloads of its task alone."""


def fault_of(call: Call) -> BflFault:
    """What the request met, or a fault that says nothing."""
    return call.fault if isinstance(call.fault, BflFault) else _NONE


_NONE: Final = BflFault(operation="")
