"""`python -m tests.unit.deploy.standing FOLDER`: a stack of dummies, to be stopped."""

import asyncio
import sys
from pathlib import Path

from deploy.local.run import running, until_stopped
from deploy.local.stack import Gateway, Stack
from tests.unit.deploy.processes import HAS_A_CHILD, part

SERVER = """
import pathlib, signal, sys, time
def leave(*_):
    pathlib.Path(sys.argv[1], "order").open("a").write(sys.argv[2] + " ")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
pathlib.Path(sys.argv[1], sys.argv[2]).write_text("up")
time.sleep(600)
"""


def dummies(folder: Path) -> Stack:
    """A server, a service, and a service with a child of its own."""

    def made(name: str) -> bool:
        return (folder / name).exists()

    where = str(folder)
    return Stack(
        gateway=Gateway("127.0.0.1", 1),
        servers=(part("server", SERVER, where, "server", ready=lambda _: made("server")),),
        setup=(),
        services=(
            part("service", SERVER, where, "service", ready=lambda _: made("service")),
            part("parent", HAS_A_CHILD, str(folder / "child"), ready=lambda _: made("child")),
        ),
    )


async def stand(folder: Path) -> None:
    """Run the dummies until stopped; their numbers are in the folder once all are ready."""

    async def work() -> None:
        async with running(dummies(folder), lambda *_: None, lock=0) as supervisor:
            numbers = [supervisor.pid(name) for name in ("server", "service", "parent")]
            (folder / "pids.part").write_text(" ".join(map(str, numbers)))
            (folder / "pids.part").rename(folder / "pids")
            await asyncio.Event().wait()

    await until_stopped(asyncio.create_task(work()))


if __name__ == "__main__":
    asyncio.run(stand(Path(sys.argv[1])))
