"""A pool of processes for work that must not hold the service up, or take it along when it dies.

Each process takes one job at a time over its pipes. One that is too slow, dies or talks nonsense is
killed and replaced; whoever waits gets an error in any case. A process ends when its standard input
does, so also when the service is killed.
"""

import asyncio
import logging
import os
import signal
from asyncio.subprocess import PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from services.chassis.errors import TransientError, UnavailableError
from services.chassis.loops import pause_after
from services.chassis.setting_names import KNOWN_NAMES
from services.renderer.adapters import frames
from services.renderer.adapters.frames import Frame

log = logging.getLogger(__name__)

ROOT: Final = Path(__file__).resolve().parents[3]
"""Where the `services` package lies."""


CLIENTS: Final = ("AWS_", "GOOGLE_", "OPENAI_")
"""How variables begin that clients of stores and providers read by themselves, keys among them."""


def bare_environment() -> dict[str, str]:
    """Ours without the settings: a process that decodes pictures needs no key and no password."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in KNOWN_NAMES and not name.startswith(CLIENTS)
    }
    paths = (str(ROOT), kept.get("PYTHONPATH", ""))
    return kept | {"PYTHONPATH": os.pathsep.join(path for path in paths if path)}


CHUNK_BYTES: Final = 64 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounds:
    """How long things may take, in seconds, and how many jobs may wait."""

    start: float = 240.0
    """Until a process is ready: a model of a gigabyte from a cold disk, and a first import that
    compiles for a minute.
    """
    job: float
    wait: float
    """For a process to be free."""
    waiting: int = 16


@dataclass(frozen=True, slots=True)
class Command:
    """What a process runs. `setting` is the one to blame where it does not become ready."""

    words: tuple[str, ...]
    setting: str
    environment: Mapping[str, str] = field(default_factory=bare_environment)


class NotStartedError(Exception):
    """A process does not become ready; the message names a setting and says why."""


class Worker:
    """One process. `is_usable` until a job of it was not answered."""

    def __init__(self, process: Process) -> None:
        self._process = process
        self.is_usable = True
        self._is_read = False

    @classmethod
    async def started(cls, command: Command, *, seconds: float) -> Self:
        """A process that says it is ready. Raises NotStartedError."""
        worker = cls(
            await asyncio.create_subprocess_exec(
                *command.words, stdin=PIPE, stdout=PIPE, env=dict(command.environment)
            )
        )
        try:
            await worker._become_ready(command.setting, seconds)
        except BaseException:
            await worker.end()
            raise
        return worker

    @property
    def is_alive(self) -> bool:
        """Whether the process runs."""
        return self._process.returncode is None

    @property
    def pid(self) -> int:
        """The process's number."""
        return self._process.pid

    async def ask(self, question: Frame) -> Frame:
        """The answer. Raises OSError, EOFError or ValueError where there is none."""
        assert self._process.stdin is not None
        self.is_usable = False
        self._process.stdin.write(frames.opening(question))
        self._process.stdin.write(question.body)
        await self._process.stdin.drain()
        answer = await self._answer()
        self.is_usable = True
        return answer

    def kill(self) -> None:
        """End it at once, whatever it does."""
        self.is_usable = False
        # Process.kill first looks whether it has ended, and so takes the status from its waiter.
        if self.is_alive:
            with suppress(ProcessLookupError):
                os.kill(self.pid, signal.SIGKILL)

    async def ended(self) -> int:
        """The status with which it ended, once it has."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        status = await self._process.wait()
        self._process.stdin.close()
        # What nobody reads keeps the pipe open.
        while not self._is_read and await self._process.stdout.read(CHUNK_BYTES):
            pass
        return status

    async def end(self) -> None:
        """Kill it and wait until it is gone."""
        self.kill()
        await self.ended()

    async def _become_ready(self, setting: str, seconds: float) -> None:
        try:
            async with asyncio.timeout(seconds):
                said = (await self._answer()).head.get("refused")
        except TimeoutError:
            said = f"{setting}: its process was not ready within {seconds:g} s"
        except (EOFError, ValueError):
            self.kill()
            status = await self.ended()
            said = f"{setting}: its process ended with status {status} before it was ready"
        if said is not None:
            raise NotStartedError(str(said))

    async def _answer(self) -> Frame:
        assert self._process.stdout is not None
        self._is_read = True
        try:
            return await frames.receive(self._process.stdout)
        finally:
            self._is_read = False


class ProcessPool:
    """So many processes of one command."""

    def __init__(
        self,
        command: Command,
        *,
        processes: int,
        bounds: Bounds,
    ) -> None:
        self._command = command
        self._count = processes
        self._bounds = bounds
        self._free: asyncio.Queue[Worker] = asyncio.Queue()
        self._workers: list[Worker] = []
        self._keepers: list[asyncio.Task[None]] = []
        self._waiting = 0

    async def open(self) -> None:
        """Start every process. Raises NotStartedError, with none left running, when one cannot."""
        starts = [asyncio.create_task(self._start()) for _ in range(self._count)]
        try:
            await asyncio.gather(*starts)
        except BaseException:
            for start in starts:
                start.cancel()
            await asyncio.gather(*starts, return_exceptions=True)
            await self.close()
            raise
        for slot in range(self._count):
            self._keepers.append(asyncio.create_task(self._keep(slot)))

    async def close(self) -> None:
        """Kill every process."""
        for keeper in self._keepers:
            keeper.cancel()
        await asyncio.gather(*self._keepers, return_exceptions=True)
        await asyncio.gather(*(worker.end() for worker in self._workers))

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes' numbers, those of dead ones too until they are replaced."""
        return tuple(worker.pid for worker in self._workers)

    def check(self) -> None:
        """Raise UnavailableError while no process runs."""
        if not any(worker.is_alive for worker in self._workers):
            raise UnavailableError("no process for this work runs")

    async def run(self, question: Frame) -> Frame:
        """The answer of the first process that is free.

        Raises UnavailableError when too many wait, or for too long; TransientError when the process
        was too slow or died.
        """
        worker = await self._taken()
        try:
            async with asyncio.timeout(self._bounds.job):
                return await worker.ask(question)
        except TimeoutError:
            raise TransientError(f"stopped after {self._bounds.job:g} s") from None
        except (OSError, EOFError, ValueError):
            raise TransientError("the process died of its work") from None
        finally:
            # Also when nobody waits any more: its answer would be taken for the next one.
            if worker.is_usable:
                self._free.put_nowait(worker)
            else:
                worker.kill()

    async def _taken(self) -> Worker:
        if self._waiting >= self._bounds.waiting:
            raise UnavailableError("too many pictures are waiting", retry_after=1.0)
        self._waiting += 1
        try:
            async with asyncio.timeout(self._bounds.wait):
                while not (worker := await self._free.get()).is_alive:
                    pass
                return worker
        except TimeoutError:
            raise UnavailableError("every process is busy", retry_after=1.0) from None
        finally:
            self._waiting -= 1

    async def _start(self) -> None:
        worker = await Worker.started(self._command, seconds=self._bounds.start)
        self._workers.append(worker)
        self._free.put_nowait(worker)

    async def _keep(self, slot: int) -> None:
        """Replace the process of this slot whenever it ends."""
        while True:
            status = await self._workers[slot].ended()
            log.warning("worker_ended", extra={"status": status})
            self._workers[slot] = await self._another()
            self._free.put_nowait(self._workers[slot])

    async def _another(self) -> Worker:
        failures = 0
        while True:
            try:
                return await Worker.started(self._command, seconds=self._bounds.start)
            except (NotStartedError, OSError) as error:
                failures += 1
                log.warning("worker_not_started", extra={"reason": str(error)})
                await asyncio.sleep(pause_after(failures))
