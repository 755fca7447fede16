"""Keeps processes running: starts them, starts them again, ends them."""

import asyncio
import contextlib
import os
import signal
from collections.abc import Callable, Coroutine, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from deploy.local.errors import StackError
from deploy.local.leash import Leash
from deploy.local.output import SUPERVISOR, Lines, Sink

POLL_SECONDS: Final = 0.05
KILLED_WITHIN_SECONDS: Final = 2.0
LAST_LINES_SECONDS: Final = 1.0
LEASH_SECONDS: Final = 1.0


def _nothing() -> None:
    return


def _always(_pid: int) -> bool:
    return True


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One process of the stack; `launch` prepares it (blocking) and answers its command line."""

    name: str
    launch: Callable[[], tuple[str, ...]]
    environment: Mapping[str, str]
    directory: Path | None = None
    ready: Callable[[int], bool] = _always
    why_not: Callable[[], str] = str
    """What it says about itself while it is not ready; empty when it says nothing."""
    tidy: Callable[[], None] = _nothing
    """Removes what it leaves behind; called each time that it has ended."""
    stop_signals: tuple[signal.Signals, ...] = (signal.SIGTERM,)
    """Sent one after the other while it does not end; then it is killed."""


@dataclass(frozen=True, slots=True)
class Pauses:
    """Seconds before a part is started again: doubled each time, forgotten once it has lived."""

    first: float = 1.0
    longest: float = 30.0
    forgiven_after: float = 60.0

    def following(self, pause: float, lived: float) -> float:
        """The pause after `pause`, when the part lived that long since."""
        if pause == 0 or lived >= self.forgiven_after:
            return self.first
        return min(pause * 2, self.longest)


PAUSES: Final = Pauses()


class Supervisor:
    """Runs parts on a leash; leaving it without `stop` ends them all the hard way."""

    def __init__(self, sink: Sink, *, pauses: Pauses = PAUSES, lock: int | None = None) -> None:
        self._sink = sink
        self._pauses = pauses
        self._leash = Leash(keep_open=() if lock is None else (lock,))
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._outputs: dict[Lines, asyncio.ReadTransport] = {}

    async def __aenter__(self) -> Self:
        """Begin to look after the watchman; nothing else runs yet."""
        self._keepers[SUPERVISOR] = asyncio.create_task(self._keep_leash())
        return self

    async def __aexit__(self, *_: object) -> None:
        """End the watchman, and with it what still runs."""
        for keeper in self._keepers.values():
            keeper.cancel()
        await asyncio.to_thread(self._leash.close)
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        await self._drain()

    def pid(self, name: str) -> int:
        """The process that plays this part now."""
        return self._children[name].pid

    async def start(self, parts: Iterable[Part], *, within: float) -> None:
        """Start parts at once and wait until all are ready; from then on they are kept running.

        Raises StackError when one ends before that, or is not ready within so many seconds.
        """
        await together(self._start(part, within) for part in parts)

    async def run(self, part: Part) -> None:
        """Run something to its end. Raises StackError when it fails."""
        child = await self._spawn(part)
        try:
            await child.wait()
        finally:
            self._clear(part, child)
            await child.wait()
        if child.returncode:
            raise StackError(
                f"{part.name} {_ending(child)}: its last lines say why", part=part.name
            )

    async def stop(self, parts: Iterable[Part], *, within: float) -> None:
        """End parts at once: asked first, killed when the seconds are over."""
        await together(self._stop(part, within) for part in parts)

    async def _start(self, part: Part, within: float) -> None:
        child = await self._spawn(part)
        try:
            async with asyncio.timeout(within):
                await self._until_ready(part, child)
        except TimeoutError:
            reason = await asyncio.to_thread(part.why_not)
            raise StackError(
                f"{part.name} was not ready within {within:g} s{': ' if reason else ''}{reason}",
                part=part.name,
            ) from None
        self._keepers[part.name] = asyncio.create_task(self._keep(part, child))

    async def _until_ready(self, part: Part, child: asyncio.subprocess.Process) -> None:
        while child.returncode is None:
            if await asyncio.to_thread(part.ready, child.pid):
                return
            await asyncio.sleep(POLL_SECONDS)
        raise StackError(
            f"{part.name} {_ending(child)} before it was ready: its last lines say why",
            part=part.name,
        )

    async def _keep(self, part: Part, child: asyncio.subprocess.Process) -> None:
        clock, pause = asyncio.get_running_loop().time, 0.0
        while True:
            born = clock()
            await child.wait()
            self._clear(part, child)
            pause = self._pauses.following(pause, clock() - born)
            self._say(f"{part.name} {_ending(child)}: starting it again in {pause:g} s")
            await asyncio.sleep(pause)
            child = await self._spawn_again(part)

    async def _keep_leash(self) -> None:
        while True:
            await asyncio.sleep(LEASH_SECONDS)
            self._leash.renew()

    async def _spawn_again(self, part: Part) -> asyncio.subprocess.Process:
        pause = 0.0
        while True:
            try:
                return await self._spawn(part)
            except (StackError, OSError) as error:
                pause = self._pauses.following(pause, 0)
                self._say(f"{part.name}: {error}; trying again in {pause:g} s")
                await asyncio.sleep(pause)

    async def _spawn(self, part: Part) -> asyncio.subprocess.Process:
        command = await asyncio.to_thread(part.launch)
        stop = part.stop_signals[0]
        output = await self._output(part.name)
        try:
            child = await asyncio.create_subprocess_exec(
                *self._leash.command(command, stop),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=dict(part.environment),
                cwd=part.directory,
                pass_fds=(self._leash.descriptor,),
                start_new_session=True,
            )
        finally:
            os.close(output)
        self._leash.hold(child.pid, stop)
        self._children[part.name] = child
        return child

    async def _output(self, name: str) -> int:
        """A pipe into the sink: asyncio's own would make `wait` wait for a part's children too."""
        reading, writing = os.pipe()
        lines = Lines(name, self._sink, lambda: self._outputs.pop(lines))
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: lines, os.fdopen(reading, "rb", buffering=0)
        )
        self._outputs[lines] = transport
        return writing

    async def _drain(self) -> None:
        deadline = asyncio.get_running_loop().time() + LAST_LINES_SECONDS
        while self._outputs and asyncio.get_running_loop().time() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(POLL_SECONDS)
        for transport in self._outputs.values():
            transport.close()
        await asyncio.sleep(0)

    async def _stop(self, part: Part, within: float) -> None:
        if keeper := self._keepers.pop(part.name, None):
            keeper.cancel()
            await asyncio.gather(keeper, return_exceptions=True)
        child = self._children.get(part.name)
        if child is None:
            return
        for number in part.stop_signals:
            if await _ends(child, number, within / len(part.stop_signals)):
                break
        else:
            self._say(f"{part.name} did not end by itself and is killed")
            await _ends(child, signal.SIGKILL, KILLED_WITHIN_SECONDS)
        self._clear(part, child)

    def _clear(self, part: Part, child: asyncio.subprocess.Process) -> None:
        """What a part started itself must not run on beside its successor."""
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(child.pid, signal.SIGKILL)
        part.tidy()
        self._leash.forget(child.pid)
        self._children.pop(part.name, None)

    def _say(self, line: str) -> None:
        self._sink(SUPERVISOR, line)


async def _ends(child: asyncio.subprocess.Process, number: signal.Signals, within: float) -> bool:
    with contextlib.suppress(ProcessLookupError):
        child.send_signal(number)
    try:
        await asyncio.wait_for(child.wait(), within)
    except TimeoutError:
        return False
    return True


async def together(steps: Iterable[Coroutine[object, object, None]]) -> None:
    """Do all at once; when one fails the others are cancelled and its error is raised."""
    tasks = [asyncio.create_task(step) for step in steps]
    try:
        await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _ending(child: asyncio.subprocess.Process) -> str:
    code = child.returncode or 0
    if code >= 0:
        return f"ended with code {code}"
    return f"was killed by {signal.Signals(-code).name}"
