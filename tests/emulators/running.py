"""Emulators in a test's hands: one process each, and the control API as methods.

`with running("bfl") as bfl: bfl.set(latency_seconds=0); bfl.fault("submit", status=503)`.
"""

import select
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

import httpx

from tests.emulators.core.control import ROOT
from tests.emulators.core.desk import KEY

REPOSITORY: Final = Path(__file__).parents[2]
START_SECONDS: Final = 30.0
STOP_SECONDS: Final = 5.0
CALL_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.01


class Emulator:
    """One running emulator: its address for clients, its control API for tests."""

    key: Final = KEY

    def __init__(self, url: str) -> None:
        self.url = url
        self._control = httpx.Client(
            base_url=f"{url}{ROOT}/", timeout=CALL_SECONDS, trust_env=False
        )

    def set(self, **behaviour: object) -> None:
        """Change what is named of its behaviour."""
        self._call("PUT", "behaviour", behaviour)

    def fault(self, operation: str, **what: object) -> None:
        """Queue a fault; by default it strikes once. See core/faults.py."""
        self._call("POST", "faults", {"operation": operation, **what})

    def release(self) -> None:
        """Let the held answers go."""
        self._call("POST", "release", {})

    def ahead(self, seconds: float) -> None:
        """Put its clock forward, from the real time."""
        self._call("POST", "clock", {"ahead_seconds": seconds})

    def act(self, action: str, **what: object) -> Any:
        """Do what only this provider's emulator can do."""
        return self._call("POST", action, what)

    def counters(self) -> dict[str, Any]:
        """What it has counted since the last reset."""
        return dict(self._call("GET", "counters"))

    def requests(self, operation: str | None = None) -> list[dict[str, Any]]:
        """The last requests, in the order of their coming, without their pictures."""
        path = f"requests?operation={operation}" if operation else "requests"
        return list(self._call("GET", path))

    def wait_for(
        self, condition: Callable[[dict[str, Any]], bool], *, seconds: float = CALL_SECONDS
    ) -> dict[str, Any]:
        """The counters once they are so. Raises TimeoutError with the last ones."""
        deadline = time.monotonic() + seconds
        while not condition(counters := self.counters()):
            if time.monotonic() > deadline:
                raise TimeoutError(f"the counters stayed {counters}")
            time.sleep(PAUSE_SECONDS)
        return counters

    def reset(self) -> None:
        """As it was at the start."""
        self._call("POST", "reset", {})

    def close(self) -> None:
        """Close the control connection."""
        self._control.close()

    def _call(self, method: str, path: str, body: object = None) -> Any:
        answer = self._control.request(method, path, json=body)
        if answer.is_error:
            raise ValueError(f"{method} {path}: {answer.status_code} {answer.text}")
        return answer.json()


@contextmanager
def running(name: str, *, port: int = 0) -> Iterator[Emulator]:
    """An emulator as a process of its own, which ends with the block and with this process."""
    with _process(name, port) as process:
        try:
            emulator = Emulator(_address(name, process))
            try:
                yield emulator
            finally:
                emulator.close()
        finally:
            _end(process)


def _process(name: str, port: int) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.emulators", name, "--port", str(port), "--leashed"]
    # Its input is the leash: the kernel closes it however this process ends.
    return subprocess.Popen(
        command, cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def _address(name: str, process: "subprocess.Popen[str]") -> str:
    assert process.stdout is not None
    readable, _, _ = select.select([process.stdout], [], [], START_SECONDS)
    line = process.stdout.readline().strip() if readable else ""
    if not line:
        raise RuntimeError(f"the {name} emulator did not start: {process.poll()}")
    return line


def _end(process: "subprocess.Popen[str]") -> None:
    process.terminate()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
