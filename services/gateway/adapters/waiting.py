"""How long new work would wait: what the durables hold, over the best pace seen lately."""

from collections import deque
from typing import Final

from nats.js.api import ConsumerInfo

from contracts import subjects as s
from contracts.stages import Kind
from services.chassis.bus import Bus, translated

STAGES: Final = {
    Kind.EDIT: (s.ENHANCER_EDIT_REQUESTED, s.RENDERER_EDIT_ENHANCED, s.STORAGE_EDIT_RENDERED),
    Kind.VARIATION: (
        s.ENHANCER_VARIATION_REQUESTED,
        s.RENDERER_VARIATION_ENHANCED,
        s.STORAGE_VARIATION_RENDERED,
    ),
    Kind.CUTOUT: (s.RENDERER_CUTOUT_REQUESTED, s.STORAGE_CUTOUT_RENDERED),
    Kind.DESCRIPTION: (s.ENHANCER_DESCRIPTION_REQUESTED, s.STORAGE_DESCRIPTION_WRITTEN),
}
"""Whose work a new job of a kind waits behind. Not the collecting: a task that a provider works on
waits for nobody here, and one that the account has no place for still waits to be submitted.
"""

LOOK_SECONDS: Final = 2.0
REMEMBERED_LOOKS: Final = 300
"""Ten minutes: a pace that was reached lately can be reached again."""

SLOWEST_PER_SECOND: Final = 1.0
"""Assumed before any pace was seen, so that a quiet system takes a burst."""


Floor = tuple[int, int]
"""Up to where everything is acknowledged: the durable's own number, and the stream's."""


class Pace:
    """One stage: what waits for it, and how fast it acknowledges."""

    def __init__(self) -> None:
        self._waiting = 0
        self._floor: Floor | None = None
        self._looks = 0
        self._paces: deque[float] = deque(maxlen=REMEMBERED_LOOKS)

    def look(self, waiting: int, floor: Floor) -> None:
        """Take in the state after another look."""
        before, self._waiting = self._floor or floor, waiting
        self._looks += 1
        # Redeliveries count in the one number, other subjects in the other, work in both.
        acknowledged = min(now - then for now, then in zip(floor, before, strict=True))
        self._paces.append(max(0, acknowledged) / (self._looks * LOOK_SECONDS))
        if acknowledged or self._floor is None:
            # One that takes long holds the floor back: what it hid took all that time.
            self._floor, self._looks = floor, 0

    @property
    def seconds(self) -> float:
        """How long the last of those that wait will wait."""
        return self._waiting / max(SLOWEST_PER_SECOND, *self._paces, 0.0)


class Waiting:
    """Looks at the stages beside the requests, which only read the result."""

    def __init__(self, bus: Bus, deadline_seconds: float) -> None:
        self._bus = bus
        self._deadline = deadline_seconds
        self._paces = {stage: Pace() for stages in STAGES.values() for stage in stages}

    def overloaded(self, kind: Kind) -> bool:
        """Whether a job accepted now would run into its deadline before its turn."""
        return sum(self._paces[stage].seconds for stage in STAGES[kind]) > self._deadline

    async def look(self) -> None:
        """Look once; called every `LOOK_SECONDS`. Raises UnavailableError."""
        for stage, pace in self._paces.items():
            with translated("look at a durable"):
                pace.look(*_counts(await self._bus.js.consumer_info(s.EVENTS, stage)))


def _counts(info: ConsumerInfo) -> tuple[int, Floor]:
    waiting = (info.num_pending or 0) + (info.num_ack_pending or 0)
    floor = info.ack_floor
    return waiting, (floor.consumer_seq, floor.stream_seq) if floor else (0, 0)
