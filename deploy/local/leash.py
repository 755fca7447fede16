"""Ties processes to this one, so that they end with it however it ends."""

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Final

from deploy.local import guard

SCRIPT: Final = Path(guard.__file__)
# Longer than the watchman's own grace, so that closing never leaves it behind.
CLOSE_SECONDS: Final = guard.GRACE_SECONDS + 2


class Leash:
    """One watchman process and what it knows; `close` ends whatever is still enlisted."""

    def __init__(self, *, keep_open: tuple[int, ...] = ()) -> None:
        self._keep_open = keep_open
        self._held: dict[int, signal.Signals] = {}
        self._hire()

    @property
    def descriptor(self) -> int:
        """What a new process inherits (`pass_fds`) to enlist itself."""
        return self._pipe

    def command(self, command: tuple[str, ...], stop: signal.Signals) -> tuple[str, ...]:
        """The command line that enlists itself; start it in a session of its own."""
        self.renew()
        script = (sys.executable, "-I", "-S", str(SCRIPT))
        return (*script, "enlist", str(self._pipe), str(int(stop)), *command)

    def hold(self, pid: int, stop: signal.Signals) -> None:
        """Remember a process that was started, in case the watchman has to be replaced."""
        self._held[pid] = stop

    def forget(self, pid: int) -> None:
        """Release a process that has ended: its number may be somebody else's soon."""
        self._held.pop(pid, None)
        self.renew()
        self._tell(f"-{pid}\n")

    def renew(self) -> None:
        """Replace a watchman that died and tell the new one of every process held."""
        if self._watchman.poll() is None:
            return
        os.close(self._pipe)
        self._hire()
        for pid, stop in self._held.items():
            self._tell(f"+{pid} {int(stop)}\n")

    def close(self) -> None:
        """End what is still enlisted, and the watchman."""
        os.close(self._pipe)
        try:
            self._watchman.wait(CLOSE_SECONDS)
        except subprocess.TimeoutExpired:
            self._watchman.kill()
            self._watchman.wait()

    def _hire(self) -> None:
        reading, self._pipe = os.pipe()
        self._watchman = subprocess.Popen(
            [sys.executable, "-I", "-S", str(SCRIPT), "watch"],
            stdin=reading,
            stdout=subprocess.DEVNULL,
            pass_fds=self._keep_open,
            start_new_session=True,
        )
        os.close(reading)

    def _tell(self, line: str) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self._pipe, line.encode())
