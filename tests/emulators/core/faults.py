"""What goes wrong, when, how often: a queue of faults that requests meet."""

from dataclasses import dataclass
from random import Random
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field, JsonValue

MAX_FAULTS: Final = 200


class Fault(BaseModel):
    """One way to fail; without `status`, `body` or `preset` the right answer is given, so or late.

    A request that gets another answer is not carried out, unless `processed`; then a fault with a
    status alone changes that status and leaves the body. Waiting comes after the work: whoever
    hangs up in the meantime has ordered it all the same.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    operation: str
    times: int | None = Field(default=1, ge=1)
    """How often it strikes; None is for ever."""
    share: float = Field(default=1.0, ge=0, le=1)
    """Of the requests that it could strike."""
    skip: int = Field(default=0, ge=0)
    """How many requests pass before it strikes at all."""
    match: str = ""
    """Strikes only requests with this in their path or query."""
    asking: str = ""
    """Strikes only requests with this in their body."""

    status: int | None = Field(default=None, ge=200, le=599)
    body: JsonValue = None
    """Text is sent as it is, anything else as JSON."""
    headers: dict[str, str] = Field(default_factory=dict)
    preset: str | None = None
    """A provider's answer by name."""
    processed: bool = False
    cut: Literal["before", "after", "midway"] | None = None
    """The connection ends before the work, after it without an answer, or in mid-body."""
    reset: bool = False
    """Cut with a reset instead of an orderly end."""
    delay_seconds: float = Field(default=0.0, ge=0)
    hold: bool = False
    """The answer waits until it is released."""
    bytes_per_second: int | None = Field(default=None, ge=1)

    @property
    def replaces(self) -> bool:
        """Whether it has an answer of its own."""
        return self.status is not None or self.body is not None or self.preset is not None


@dataclass(slots=True)
class _Armed:
    fault: Fault
    passed: int = 0
    struck: int = 0


class Faults:
    """The queue: a request meets the first fault that is meant for it."""

    def __init__(self, random: Random) -> None:
        self._armed: list[_Armed] = []
        self._random = random

    def add(self, fault: Fault) -> None:
        """Arm one more. Raises ValueError when there are too many."""
        if len(self._armed) >= MAX_FAULTS:
            raise ValueError(f"{MAX_FAULTS} faults are armed already")
        self._armed.append(_Armed(fault))

    def clear(self) -> None:
        """Disarm all."""
        self._armed.clear()

    def take(self, operation: str, target: str, body: bytes = b"") -> Fault | None:
        """The fault for one request, used up by it."""
        for armed in self._armed:
            if _is_meant(armed.fault, operation, target, body) and self._strikes(armed):
                self._use(armed)
                return armed.fault
        return None

    def _strikes(self, armed: _Armed) -> bool:
        fault = armed.fault
        if armed.passed < fault.skip:
            armed.passed += 1
            return False
        return fault.share == 1 or self._random.random() < fault.share

    def _use(self, armed: _Armed) -> None:
        armed.struck += 1
        if armed.struck == armed.fault.times:
            self._armed.remove(armed)


def _is_meant(fault: Fault, operation: str, target: str, body: bytes) -> bool:
    named = fault.operation == operation and fault.match in target
    return named and fault.asking.encode() in body
