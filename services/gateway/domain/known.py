"""The newest entries that this process has seen, for when the bus is away or a replica lags."""

from collections import OrderedDict
from typing import Final
from uuid import UUID

from contracts.journal import JournalEntry
from services.chassis.bus import to_bytes
from services.chassis.journal import Recorded

MAX_KNOWN: Final = 20_000
"""About 1.5 KB each, as bytes: parsed entries would take five times that."""


class Known:
    """Last entries by job, the least recently touched forgotten first."""

    def __init__(self, most: int = MAX_KNOWN) -> None:
        self.most = most
        self._entries: OrderedDict[str, tuple[int, bytes]] = OrderedDict()

    def put(self, job: str, sequence: int, data: bytes) -> None:
        """Remember an entry unless a newer one is known."""
        if sequence <= self.sequence(job):
            return
        self._entries[job] = (sequence, data)
        self._entries.move_to_end(job)
        if len(self._entries) > self.most:
            self._entries.popitem(last=False)

    def note(self, recorded: Recorded) -> None:
        """Remember an entry that was read."""
        job = str(recorded.entry.job_id)
        if recorded.sequence > self.sequence(job):
            self.put(job, recorded.sequence, to_bytes(recorded.entry))

    def sequence(self, job: str) -> int:
        """The sequence of the newest entry known of a job, 0 for none."""
        return self._entries.get(job, (0, b""))[0]

    def last(self, job_id: UUID) -> Recorded | None:
        """The newest entry known of a job."""
        found = self._entries.get(str(job_id))
        if found is None:
            return None
        return Recorded(JournalEntry.model_validate_json(found[1]), found[0])

    def forget(self) -> None:
        """Drop everything: the journal went back behind what we saw."""
        self._entries.clear()

    def __len__(self) -> int:
        return len(self._entries)
