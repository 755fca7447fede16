"""Small real processes for the tests of the supervisor, and questions about processes."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from deploy.local.supervisor import Part

DEADLINE_SECONDS: Final = 20.0
PAUSE_SECONDS: Final = 0.02

SLEEPS: Final = "import time; print('here', flush=True); time.sleep(600)"
# Tells where its own child is, so that a test can look for it.
HAS_A_CHILD: Final = """
import pathlib, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
pathlib.Path(sys.argv[1]).write_text(str(child.pid))
time.sleep(600)
"""
IGNORES_SIGTERM: Final = """
import pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(sys.argv[1]).write_text("ignoring")
time.sleep(600)
"""


def part(
    name: str,
    code: str,
    *arguments: str,
    ready: Callable[[int], bool] = lambda _: True,
    why_not: Callable[[], str] = str,
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,),
) -> Part:
    """A part of the stack that is a few lines of Python."""
    return Part(
        name=name,
        launch=lambda: (sys.executable, "-c", code, *arguments),
        environment=os.environ,
        ready=ready,
        why_not=why_not,
        stop_signals=stop_signals,
    )


def wait_for(condition: Callable[[], bool], what: str) -> None:
    """Wait until it holds; fail by name when it does not within 20 s."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(PAUSE_SECONDS)


def lives(pid: int) -> bool:
    """Whether the process runs; one that has ended and waits for its parent does not."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    status = Path(f"/proc/{pid}/stat")
    return not status.exists() or status.read_text().rpartition(")")[2].split()[0] != "Z"


def assert_all_end(pids: list[int]) -> None:
    """Wait until none of them lives; one that does not end is killed, and the test fails."""
    try:
        wait_for(lambda: not any(map(lives, pids)), "the end of everybody")
    finally:
        for pid in filter(lives, pids):
            os.kill(pid, signal.SIGKILL)


def number_in(file: Path) -> int:
    """The number that a process wrote there, once it has."""
    wait_for(lambda: file.exists() and bool(file.read_text()), f"a number in {file.name}")
    return int(file.read_text())
