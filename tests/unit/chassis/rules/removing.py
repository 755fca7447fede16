"""The tests of this folder against the code without one of its rules.

Each run has a process of its own, forked from one that has loaded what all of them need: the
chassis is loaded anew, one of its modules with the rule taken out.
"""

import multiprocessing
import os
import sys
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from multiprocessing.connection import wait
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from typing import Any, Final

import pytest

from tests.unit.chassis.rules.mutants import Mutant

RULES: Final = Path(__file__).parent
ROOT: Final = RULES.parents[3]
CHASSIS: Final = ROOT / "services" / "chassis"
AT_A_TIME: Final = os.cpu_count() or 1
PLUGINS: Final = ("pytest_asyncio.plugin", "pytest_timeout")
ARGUMENTS: Final = (
    # All of them together take two seconds: one that takes so long hangs.
    *("-q", "-x", "--tb=short", "--assert=plain", "--timeout=10", "--noconftest"),
    *("-p", "no:cacheprovider", *(word for plugin in PLUGINS for word in ("-p", plugin))),
    *("-c", str(ROOT / "pyproject.toml"), "--rootdir", str(ROOT)),
    *("--ignore", str(RULES / "test_mutants.py"), str(RULES)),
)
LOADED: Final = (*PLUGINS, "nats.aio.client", "prometheus_client", "contracts.events")


@dataclass(frozen=True)
class Outcome:
    """How the tests ended: pytest's status, None where it did not come so far, and what it said."""

    status: int | None
    said: str


class Runs:
    """Runs of the tests without one rule each, as many at a time as there are cores."""

    def __init__(self, folder: Path, mutants: Iterable[Mutant]) -> None:
        self._folder = folder
        self._waiting = deque(mutants)
        self._running: dict[Mutant, tuple[ForkServerProcess, Path]] = {}
        self._ended: dict[Mutant, Outcome] = {}
        self._forking = multiprocessing.get_context("forkserver")
        # Nothing of the chassis: a module that is there already would not be loaded anew.
        self._forking.set_forkserver_preload([*LOADED])

    def without(self, mutant: Mutant) -> Outcome:
        """The outcome without this one's rule; other runs go on meanwhile."""
        if mutant in self._waiting:
            self._waiting.remove(mutant)
            self._waiting.appendleft(mutant)
        while mutant not in self._ended:
            self._go_on()
        return self._ended[mutant]

    def close(self) -> None:
        """End what still runs."""
        for process, _ in self._running.values():
            process.kill()
            process.join()

    def _go_on(self) -> None:
        while self._waiting and len(self._running) < AT_A_TIME:
            self._start(self._waiting.popleft())
        wait([process.sentinel for process, _ in self._running.values()])
        for mutant, (process, folder) in [*self._running.items()]:
            if process.exitcode is not None:
                del self._running[mutant]
                self._ended[mutant] = _outcome(folder)

    def _start(self, mutant: Mutant) -> None:
        folder = self._folder / str(len(self._ended) + len(self._running))
        folder.mkdir()
        changed = folder / f"{mutant.module}.py"
        source = (CHASSIS / changed.name).read_text()
        changed.write_text(source.replace(mutant.before, mutant.after))
        process = self._forking.Process(target=_run, args=(changed,))
        process.start()
        self._running[mutant] = process, folder


class _Instead(MetaPathFinder):
    """Finds one module of the chassis elsewhere."""

    def __init__(self, file: Path) -> None:
        self._name = f"services.chassis.{file.stem}"
        self._file = file

    def find_spec(self, name: str, *_: Any) -> ModuleSpec | None:
        return spec_from_file_location(name, self._file) if name == self._name else None


def _run(changed: Path) -> None:
    with (changed.parent / "log").open("w") as output:
        for stream in (1, 2):
            os.dup2(output.fileno(), stream)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.meta_path.insert(0, _Instead(changed))
    status = pytest.main([*ARGUMENTS])
    # Not as exit status: that of a process which fails by itself is the same as of failed tests.
    (changed.parent / "status").write_text(str(int(status)))


def _outcome(folder: Path) -> Outcome:
    status = folder / "status"
    return Outcome(
        status=int(status.read_text()) if status.exists() else None,
        said=(folder / "log").read_text(),
    )
