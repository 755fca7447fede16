"""The desk behind the control API: how an emulator behaves now, and what it has seen."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from random import Random
from typing import Final, Generic, TypeVar

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from tests.emulators.core.calls import Call, Reply
from tests.emulators.core.faults import Fault, Faults
from tests.emulators.core.ledger import Ledger

KEY: Final = "emulated-key"

Answer = Callable[[Call], Reply]
Change = Callable[[Reply], Reply]
Action = Callable[[Mapping[str, JsonValue]], Awaitable[JsonValue]]


class Behaviour(BaseModel):
    """How an emulator behaves when nothing goes wrong."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    key: str = KEY
    latency_seconds: float = Field(default=0.0, ge=0)
    jitter: float = Field(default=0.0, ge=0, le=1)
    """The share by which the latency differs, evenly to both sides."""
    seed: int = 0
    """Of everything that is left to chance."""


B = TypeVar("B", bound=Behaviour)


class Clock:
    """The time of day, which a test may put forward."""

    def __init__(self) -> None:
        self.ahead_seconds = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self.ahead_seconds


class Gate:
    """Where held answers wait until they are released."""

    def __init__(self) -> None:
        self.waiting = 0
        self._released = asyncio.Event()

    async def wait(self) -> None:
        """Return with the next release."""
        self.waiting += 1
        try:
            await self._released.wait()
        finally:
            self.waiting -= 1

    def release(self) -> None:
        """Let everybody go who waits now."""
        self._released.set()
        self._released = asyncio.Event()


class Desk(Generic[B]):
    """Everything that the control API can see or change about one emulator."""

    def __init__(
        self,
        behaviour: B,
        *,
        operations: tuple[str, ...],
        answers: Mapping[str, Answer],
        changes: Mapping[str, Change] | None = None,
        fault_type: type[Fault] = Fault,
    ) -> None:
        self.behaviour = behaviour
        self.operations = operations
        self.answers = answers
        self.changes = changes or {}
        self.fault_type = fault_type
        self.actions: dict[str, Action] = {}
        self.clock, self.gate, self.ledger = Clock(), Gate(), Ledger()
        self._begin = behaviour
        self.random = Random(behaviour.seed)
        self.faults = Faults(self.random)

    def behave(self, changed: Mapping[str, JsonValue]) -> None:
        """Change what is named. Raises pydantic.ValidationError."""
        merged = self.behaviour.model_dump() | dict(changed)
        self.behaviour = type(self.behaviour).model_validate(merged)
        if "seed" in changed:
            self.random.seed(self.behaviour.seed)

    def arm(self, fault: Mapping[str, JsonValue]) -> None:
        """Queue a fault. Raises ValueError, so for an operation or preset that is not known."""
        armed = self.fault_type.model_validate(fault)
        presets = {*self.answers, *self.changes}
        if armed.operation not in self.operations:
            raise ValueError(f"operation is one of {', '.join(self.operations)}")
        if armed.preset is not None and armed.preset not in presets:
            raise ValueError(f"preset is one of {', '.join(sorted(presets))}")
        self.faults.add(armed)

    def latency(self) -> float:
        """Seconds that the next piece of work takes."""
        spread = self.behaviour.jitter * self.random.uniform(-1, 1)
        return self.behaviour.latency_seconds * (1 + spread)

    def reset(self) -> None:
        """As it was at the start; whoever is held goes on."""
        self.behaviour = self._begin
        self.random.seed(self.behaviour.seed)
        self.clock.ahead_seconds = 0.0
        self.faults.clear()
        self.ledger.clear()
        self.gate.release()
