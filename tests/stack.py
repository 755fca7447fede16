"""The whole system as real processes, each of which a test may kill and start again."""

import contextlib
import os
import subprocess
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from deploy.local import ports, stack
from deploy.local.supervisor import Part
from tests.servers import Server

UNLIMITED = {
    "RATE_LIMIT_DAILY_IMAGES": "0",
    "RATE_LIMIT_BURST_SECONDS": "0",
    "RATE_LIMIT_STATUS_CHECKS_PER_MINUTE": "0",
    "RATE_LIMIT_ATTEMPTS_PER_MINUTE": "0",
    "MAX_STREAMS_PER_CLIENT": "0",
    "MAX_ACTIVE_JOBS_PER_OWNER": "0",
}
"""Every limit off: for tests that are about something else."""


SERVICES = (*stack.WORKERS, "gateway")


class PartProcess(Server):
    """One part of the stack as a process in the test's hands."""

    def __init__(self, part: Part, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._part = replace(part, directory=part.directory or folder)
        self._log = folder / f"{part.name}.log"
        self._process = None

    @property
    def log(self) -> str:
        """What the part has said so far."""
        return self._log.read_text(errors="replace")

    @property
    def environment(self) -> Mapping[str, str]:
        """What the part was started with."""
        return self._part.environment

    @property
    def running(self) -> bool:
        """Whether the process lives."""
        return self._process is not None and self._process.poll() is None


class RealStack:
    """NATS, Postgres, a directory of objects and the five services."""

    def __init__(self, home: Path, built: stack.Stack) -> None:
        self.home = home
        self.url = built.gateway.url
        self._built = built
        self.parts = {
            part.name: PartProcess(part, home / "logs")
            for part in (*built.servers, *built.services)
        }

    @property
    def environment(self) -> Mapping[str, str]:
        """What the services were started with."""
        return self.parts["storage"].environment

    @property
    def nats_url(self) -> str:
        """The bus."""
        return self.environment["NATS_URL"]

    def start(self, services: Collection[str] = SERVICES) -> None:
        """Start the servers, prepare them, and start these services."""
        for part in self._built.servers:
            self.parts[part.name].start()
        for part in (part for chain in self._built.setup for part in chain):
            subprocess.run(
                part.launch(), env=dict(part.environment), cwd=part.directory, check=True,
                stdout=subprocess.DEVNULL,
            )  # fmt: skip
        for part in self._built.services:
            if part.name in services:
                self.parts[part.name].start()

    def restart(self, name: str) -> None:
        """`kill -9`, then start again on what is there."""
        self.parts[name].kill()
        self.parts[name].start()

    def reroute(self, name: str, **environment: str) -> None:
        """Give a part other settings, from its next start on."""
        process = self.parts[name]
        process._part = replace(
            process._part, environment={**process._part.environment, **environment}
        )

    def admin(self, service: str, *words: str) -> None:
        """Run an operator's command of a service."""
        command = (sys.executable, "-m", f"services.{service}.admin", *words)
        environment = dict(self.parts[service].environment)
        subprocess.run(command, env=environment, check=True, stdout=subprocess.DEVNULL)

    def add_renderer(self, *roles: str) -> "PartProcess":
        """A renderer process beside the first, for these roles."""
        port = ports.free()
        environment = {**self.environment, "RENDERER_ROLES": ",".join(roles)}
        built = stack._service("renderer", environment, port=port, host=ports.LOOPBACK)
        name = f"renderer-{port}"
        self.parts[name] = PartProcess(replace(built, name=name), self.home / "logs")
        self.parts[name].start()
        return self.parts[name]

    def add_gateway(self) -> "PartProcess":
        """A second gateway process beside the first, on a port of its own."""
        first = next(part for part in self._built.services if part.name == "gateway")
        port = ports.free()
        environment = {**first.environment, "GATEWAY_PORT": str(port)}
        built = stack._gateway_part(stack.Gateway(ports.LOOPBACK, port), environment)
        name = f"gateway-{port}"
        self.parts[name] = PartProcess(replace(built, name=name), self.home / "logs")
        self.parts[name].start()
        return self.parts[name]

    def close(self) -> None:
        """End everything, services before the servers they talk to."""
        for part in reversed(self.parts.values()):
            part.close()


@contextlib.contextmanager
def real_stack(
    home: Path, services: Collection[str] = SERVICES, **settings: str
) -> Iterator[RealStack]:
    """The running system, or some services of it, with its data in the folder."""
    home.mkdir(parents=True, exist_ok=True)
    first = ports.free(1 + len(stack.WORKERS))
    own = {"GATEWAY_PORT": str(first), "MIZUAL_HOME": str(home), "DOTENV_FILE": os.devnull}
    plain = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
    system = RealStack(home, stack.build(home, plain | own | settings))
    try:
        system.start(services)
        yield system
    finally:
        system.close()


def memory_kib(pid: int, field: str = "Pss") -> int:
    """Memory of one process in KiB: `Pss` (shared pages divided) or `Rss`."""
    rollup = Path(f"/proc/{pid}/smaps_rollup").read_text()
    line = next(line for line in rollup.splitlines() if line.startswith(f"{field}:"))
    return int(line.split()[1])


__all__ = ["UNLIMITED", "PartProcess", "RealStack", "memory_kib", "real_stack"]
