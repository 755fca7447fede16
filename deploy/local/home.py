"""The folder in which a stack keeps its data: one stack at a time uses it."""

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from deploy.local import guard
from deploy.local.errors import StackError

# A stack that was killed leaves its watchman, which holds the lock until all is ended.
WAIT_FOR_WATCHMAN_SECONDS: Final = guard.GRACE_SECONDS + 2
PAUSE_SECONDS: Final = 0.1


@contextlib.contextmanager
def occupied(path: Path) -> Iterator[int]:
    """Make the folder and keep it locked; yields the lock's descriptor.

    Raises StackError when it cannot be written or another stack uses it.
    """
    _make(path)
    descriptor = os.open(path / "lock", os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _lock(descriptor, path)
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        yield descriptor
    finally:
        os.close(descriptor)


def _make(path: Path) -> None:
    try:
        path.mkdir(parents=True, exist_ok=True)
        belongings = [path, *path.iterdir()]
    except OSError as error:
        raise StackError(f"cannot use {path} ({error.strerror}): choose another MIZUAL_HOME") from (
            None
        )
    if foreign := [entry for entry in belongings if not os.access(entry, os.W_OK)]:
        raise StackError(
            f"{foreign[0]} belongs to another user: start as that user,"
            " or choose another MIZUAL_HOME"
        )


def _lock(descriptor: int, path: Path) -> None:
    deadline = time.monotonic() + WAIT_FOR_WATCHMAN_SECONDS
    while not _locked(descriptor):
        holder = os.pread(descriptor, 20, 0).decode() or "0"
        if _lives(int(holder)) or time.monotonic() > deadline:
            raise StackError(
                f"another stack (process {holder}) already runs in {path}: stop it,"
                " or choose another MIZUAL_HOME and GATEWAY_PORT"
            )
        time.sleep(PAUSE_SECONDS)


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _lives(pid: int) -> bool:
    if pid == 0:
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
