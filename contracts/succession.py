"""The state machine that the entries of a job's journal obey."""

from contracts.journal import PROGRESS, JournalEntry, Stage


def check_successor(before: JournalEntry | None, after: JournalEntry) -> None:
    """Raise ValueError when `after` may not follow `before` (None: nothing was before)."""
    if before is None:
        # Of what the journal no longer holds, an erasure is all that may still be written.
        begins = after.index == 0 or after.stage is Stage.ERASED
        _require(begins, "a journal begins with index 0")
        return
    _require(not before.terminal or after.stage is Stage.ERASED, "nothing follows an ending")
    _require(before.stage is not Stage.ERASED, "nothing follows an erasure")
    _require(after.job_id == before.job_id, "a journal belongs to one job")
    _require(after.index == before.index + 1, "index counts by one")
    _require(
        after.public.progress_percent >= before.public.progress_percent, "progress never steps back"
    )
    if not after.terminal:
        _require(PROGRESS[after.stage] >= PROGRESS[before.stage], "stage never steps back")


def _require(holds: bool, rule: str) -> None:  # noqa: FBT001
    if not holds:
        raise ValueError(rule)
