"""Quota places on their streams."""

from contracts.journal import Slot
from services.chassis.bus import Bus
from services.chassis.limits import give_back


class StreamPlaces:
    """See Places."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def give_back(self, slot: Slot) -> None:
        """See Places."""
        await give_back(self._bus, slot)
