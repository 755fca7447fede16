"""Brings a stack up, keeps it up, and takes it down."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Final

from deploy.local.errors import StackError
from deploy.local.output import SUPERVISOR, Sink
from deploy.local.stack import Stack
from deploy.local.supervisor import Part, Supervisor, together

SERVERS_READY_SECONDS: Final = 60.0
SERVICES_READY_SECONDS: Final = 60.0
# All of the stack ends within 10 s; what the services leave of it is the servers'.
SERVICES_END_SECONDS: Final = 8.5
STOPPED_WITHIN_SECONDS: Final = 9.6
PARENT_POLL_SECONDS: Final = 0.5


@asynccontextmanager
async def running(stack: Stack, sink: Sink, *, lock: int) -> AsyncIterator[Supervisor]:
    """The stack, ready; ended on leaving, services before the servers they talk to."""
    async with Supervisor(sink, lock=lock) as supervisor:
        try:
            await supervisor.start(stack.servers, within=SERVERS_READY_SECONDS)
            await together(_in_turn(supervisor, chain) for chain in stack.setup)
            services = supervisor.start(stack.services, within=SERVICES_READY_SECONDS)
            await together((services, _show(supervisor, stack.examples, sink)))
            yield supervisor
        finally:
            sink(SUPERVISOR, "stopping")
            await _stop(supervisor, stack)


async def until_stopped(work: asyncio.Task[None]) -> bool:
    """Await the work, or end it on Ctrl-C, SIGTERM, SIGHUP or make's death; whether it had to."""
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    watchers = [asyncio.create_task(stop.wait()), asyncio.create_task(_parent_is_gone())]
    try:
        await asyncio.wait((work, *watchers), return_when=asyncio.FIRST_COMPLETED)
    finally:
        for watcher in watchers:
            watcher.cancel()
        await asyncio.gather(*watchers, return_exceptions=True)
    if work.done():
        await work
        return False
    work.cancel()
    with suppress(asyncio.CancelledError):
        await work
    return True


async def _stop(supervisor: Supervisor, stack: Stack) -> None:
    clock = asyncio.get_running_loop().time
    begun = clock()
    await supervisor.stop(stack.services, within=SERVICES_END_SECONDS)
    left = STOPPED_WITHIN_SECONDS - (clock() - begun)
    await supervisor.stop(stack.servers, within=left)


async def _in_turn(supervisor: Supervisor, chain: tuple[Part, ...]) -> None:
    for part in chain:
        await supervisor.run(part)


async def _show(supervisor: Supervisor, examples: tuple[Part, ...], sink: Sink) -> None:
    """Examples are worth having, but a stack whose settings refuse them works without."""
    try:
        await _in_turn(supervisor, examples)
    except StackError as error:
        sink(SUPERVISOR, f"goes on without examples: {error}")


async def _parent_is_gone() -> None:
    """Under make, a make that was killed must not leave its stack behind."""
    parent = os.getppid()
    if "MAKELEVEL" not in os.environ:
        await asyncio.Event().wait()
    while os.getppid() == parent:  # noqa: ASYNC110 - nothing tells of it
        await asyncio.sleep(PARENT_POLL_SECONDS)
