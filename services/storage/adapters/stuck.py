"""Messages in the events' stream that nobody will be given again."""

from typing import Final

from nats.js.errors import APIError, NotFoundError

from contracts.events import EVENT_SUBJECTS, JobEvent
from contracts.subjects import EVENTS
from services.chassis.broker import parsed
from services.chassis.bus import Bus, is_gone, translated

_CLASSES: Final = {subject: event for event, subject in EVENT_SUBJECTS.items()}


class StuckEvents:
    """See StuckMessages."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus

    async def load(self, sequence: int) -> JobEvent | None:
        """See StuckMessages."""
        with translated("load a stuck event"):
            try:
                message = await self._bus.js.get_msg(EVENTS, seq=sequence)
            except NotFoundError:
                return None
        event = _CLASSES.get(message.subject or "")
        return parsed(event, message.data or b"") if event else None

    async def delete(self, sequence: int) -> None:
        """See StuckMessages."""
        with translated("delete a stuck event"):
            try:
                await self._bus.js.delete_msg(EVENTS, sequence)
            except APIError as error:
                if not is_gone(error):
                    raise
