"""The frozen, tolerant base of every message and the instants in it."""

from datetime import UTC, datetime
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, PlainSerializer

CONTRACT_VERSION = "1.0"
"""Raised additively within `v1`; `/version` tells it."""


def _rfc3339(instant: datetime) -> str:
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


Instant = Annotated[AwareDatetime, PlainSerializer(_rfc3339, when_used="json")]
"""A moment in UTC, on the wire as RFC 3339 with milliseconds and `Z`."""


class Message(BaseModel):
    """Anything that travels: frozen once built, unknown fields ignored on the way in.

    What a person wrote is in it, so an error about it does not quote it.
    """

    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True)


def utcnow() -> datetime:
    """Now, in UTC, cut to the milliseconds that the wire carries."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
