"""Nothing outlives its owner: a watchman that ends every enlisted process once the owner is gone.

A plain script, run with `python -I -S` so that it starts in milliseconds and needs nothing
installed. `guard.py watch` reads lines "+pid signal" and "-pid" from its owner until the pipe
closes, which the kernel does however the owner died. `guard.py enlist fd signal command...`
writes the first kind of line about itself and then becomes the command, so that there is no
moment at which a process runs and the watchman does not know it.
"""

import os
import signal
import sys
import time
from collections.abc import Iterable
from typing import Final

GRACE_SECONDS: Final = 6.0
PAUSE_SECONDS: Final = 0.05


def watch(lines: Iterable[str]) -> None:
    """Keep the list of enlisted processes until the owner is gone, then end them all."""
    for refused in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(refused, signal.SIG_IGN)
    enlisted: dict[int, int] = {}
    for line in lines:
        pid, _, number = line[1:].partition(" ")
        if line.startswith("+"):
            enlisted[int(pid)] = int(number)
        else:
            enlisted.pop(int(pid), None)
    _end(enlisted)


def enlist(descriptor: int, number: int, command: list[str]) -> None:
    """Tell the watchman how this process is stopped, then become the command."""
    os.write(descriptor, f"+{os.getpid()} {number}\n".encode())
    os.close(descriptor)
    try:
        os.execvp(command[0], command)  # noqa: S606 - becoming the command is the point
    except OSError as error:
        sys.exit(f"cannot run {command[0]}: {error.strerror}")


def _end(enlisted: dict[int, int]) -> None:
    for pid, number in enlisted.items():
        _kill(pid, number)
    left, deadline = set(enlisted), time.monotonic() + GRACE_SECONDS
    while left and time.monotonic() < deadline:
        # What a process started is in its group, and has nobody to end it once it is gone.
        left -= {pid for pid in left if not _kill(pid, 0) and not _kill(-pid, signal.SIGKILL)}
        time.sleep(PAUSE_SECONDS)
    for pid in left:
        _kill(-pid, signal.SIGKILL)


def _kill(target: int, number: int) -> bool:
    """Whether there was somebody to receive it; a negative target is a group."""
    try:
        os.kill(target, number)
    except OSError:
        return False
    return True


if __name__ == "__main__":
    if sys.argv[1] == "watch":
        watch(sys.stdin)
    else:
        enlist(int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
