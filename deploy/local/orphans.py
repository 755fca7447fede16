"""What is left of a Postgres whose owner died: its processes, and a stale claim on the data."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Final

from deploy.local.errors import StackError

# Fast shutdown, immediate shutdown, and the end: each is given its time in seconds.
STEPS: Final = ((signal.SIGINT, 5.0), (signal.SIGQUIT, 3.0), (signal.SIGKILL, 2.0))
PAUSE_SECONDS: Final = 0.05


def end(data: Path) -> None:
    """End every Postgres process that works in the folder, and drop a claim whose owner is gone.

    Only for whoever has locked the folder's home. Raises StackError when a process stays.
    """
    for number, seconds in STEPS:
        if not _gone_within(data, seconds, number):
            continue
        _drop_foreign_claim(data)
        return
    raise StackError(f"processes {_workers(data)} hold {data} and do not end: end them first")


def _gone_within(data: Path, seconds: float, number: signal.Signals) -> bool:
    for pid in _workers(data):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
    deadline = time.monotonic() + seconds
    while _workers(data):
        if time.monotonic() > deadline:
            return False
        time.sleep(PAUSE_SECONDS)
    return True


def _workers(data: Path) -> list[int]:
    """Every Postgres process changes into its data folder; where that cannot be seen, ask ps."""
    if not sys.platform.startswith("linux"):
        claim = _claim(data)
        return [claim] if claim and _is_postgres(claim) else []
    pids = (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
    return [pid for pid in pids if _folder_of(pid) == str(data.resolve())]


def _folder_of(pid: int) -> str:
    try:
        return str(Path(f"/proc/{pid}/cwd").readlink())
    except OSError:
        return ""


def _drop_foreign_claim(data: Path) -> None:
    """Postgres judges a dead owner itself, but takes a number that was given anew for a rival."""
    claim = _claim(data)
    if claim and _lives(claim):
        (data / "postmaster.pid").unlink(missing_ok=True)


def _claim(data: Path) -> int:
    try:
        return int((data / "postmaster.pid").read_text().splitlines()[0])
    except (FileNotFoundError, IndexError, ValueError):
        return 0


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _is_postgres(pid: int) -> bool:
    asked = subprocess.run(
        ("/bin/ps", "-o", "comm=", "-p", str(pid)),
        capture_output=True,
        check=False,
        text=True,
        timeout=5,
    )
    return asked.stdout.strip().endswith("postgres")
