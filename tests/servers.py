"""Real servers for tests, on free ports, in a folder of the test's; nothing of them outlives it."""

import atexit
import contextlib
import functools
import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final, Protocol, TypeVar

from deploy.local import ports, programs, seaweed
from deploy.local.leash import Leash
from deploy.local.nats import Nats
from deploy.local.postgres import Postgres
from deploy.local.seaweed import Seaweed
from deploy.local.supervisor import Part

READY_SECONDS: Final = 30.0
STOP_SECONDS: Final = 10.0
PAUSE_SECONDS: Final = 0.02
# Somebody else may take a port between its choice and the server's start.
ATTEMPTS: Final = 3


S = TypeVar("S", bound="Server")


class NotReadyError(Exception):
    """A server ended, or took too long; the message has its last lines."""


class Launched(Protocol):
    """What `deploy.local` knows of one server."""

    def launch(self) -> tuple[str, ...]:
        """Prepare it and answer its command line."""

    def ready(self, pid: int, /) -> bool:
        """Whether it can be used."""


class Server:
    """One server process, in the test's hands."""

    def __init__(
        self,
        server: Launched,
        folder: Path,
        *,
        stop: signal.Signals = signal.SIGTERM,
        environment: Mapping[str, str] = os.environ,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._part = _part(server, folder=folder, stop=stop, environment=environment)
        self._log = folder / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        """The number of the running process."""
        assert self._process is not None, f"{self._part.name} does not run"
        return self._process.pid

    def start(self) -> None:
        """Start it, on the data that is there, and wait until it is ready."""
        self.begin()
        self._wait_until_ready(self._process_now())

    def begin(self) -> None:
        """Start it, and wait for nothing."""
        assert self._process is None, f"{self._part.name} runs already"
        command = _leash().command(self._part.launch(), self._part.stop_signals[0])
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=dict(self._part.environment),
                cwd=self._part.directory,
                pass_fds=(_leash().descriptor,),
                start_new_session=True,
            )
        _leash().hold(self._process.pid, self._part.stop_signals[0])

    def kill(self) -> None:
        """End it as `kill -9` does."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """End it as an operator does."""
        self._end(self._part.stop_signals[0])

    def pause(self) -> None:
        """Let it hang: its port is open and nobody answers."""
        self._process_now().send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        """Let it go on after a pause."""
        self._process_now().send_signal(signal.SIGCONT)

    def close(self) -> None:
        """End it whatever state it is in."""
        if self._process is not None:
            self.resume()
            self.stop()

    def _process_now(self) -> subprocess.Popen[bytes]:
        assert self._process is not None, f"{self._part.name} does not run"
        return self._process

    def _wait_until_ready(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + READY_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            if self._part.ready(process.pid):
                return
            time.sleep(PAUSE_SECONDS)
        self._end(signal.SIGKILL)
        lines = "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])
        raise NotReadyError(f"{self._part.name} did not become ready:\n{lines}")

    def _end(self, number: signal.Signals) -> None:
        process = self._process_now()
        process.send_signal(number)
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        _leash().forget(process.pid)
        self._process = None


class NatsServer(Server):
    """NATS with JetStream."""

    def __init__(self, nats: Nats) -> None:
        super().__init__(nats, nats.folder)
        self.url = nats.url
        self.monitor_url = nats.monitor_url


class PostgresServer(Server):
    """Postgres with nothing in it, quick because a power cut may cost its data."""

    def __init__(self, postgres: Postgres) -> None:
        super().__init__(postgres, postgres.folder, stop=signal.SIGINT)
        self._postgres = postgres

    @property
    def data(self) -> Path:
        """The cluster."""
        return self._postgres.data

    @property
    def url(self) -> str:
        """The maintenance database, which is always there."""
        return self.url_of("postgres")

    def url_of(self, database: str) -> str:
        """The same server's database of that name."""
        return f"{self._postgres.url.rpartition('/')[0]}/{database}"

    def close(self) -> None:
        """End it; one that was killed starts once more, so that it returns its shared memory."""
        if self._process is None and self.data.exists():
            self.start()
        super().close()


class SeaweedServer(Server):
    """S3 with credentials; buckets are made by the test."""

    access_key: Final = seaweed.ACCESS_KEY

    def __init__(self, server: Seaweed) -> None:
        super().__init__(server, server.folder, environment=seaweed.environment())
        self.endpoint_url = server.endpoint_url
        self.first_port = server.first_port
        self._server = server

    def close(self) -> None:
        """End it, its sockets outside the folder too."""
        super().close()
        self._server.tidy()

    @property
    def secret_key(self) -> str:
        """The secret of `access_key`."""
        return self._server.secret_key


@contextlib.contextmanager
def nats_server(folder: Path, *, sync_interval: str = "2m") -> Iterator[NatsServer]:
    """A running NATS with its data in the folder."""

    def make() -> NatsServer:
        port, monitor = ports.free(), ports.free()
        return NatsServer(
            Nats(folder=folder, port=port, monitor_port=monitor, sync_interval=sync_interval)
        )

    with running(make) as server:
        yield server


@contextlib.contextmanager
def postgres_server(folder: Path, *, binaries: str | None = None) -> Iterator[PostgresServer]:
    """A running Postgres with its data in the folder; `binaries` as PG_BIN."""

    def make() -> PostgresServer:
        found = programs.postgres_binaries(binaries)
        return PostgresServer(
            Postgres(folder=folder, port=ports.free(), binaries=found, durable=False)
        )

    with running(make) as server:
        yield server


@contextlib.contextmanager
def seaweed_server(folder: Path) -> Iterator[SeaweedServer]:
    """A running SeaweedFS with its data in the folder."""

    def make() -> SeaweedServer:
        return SeaweedServer(Seaweed(folder=folder, first_port=Seaweed.free_ports()))

    with running(make) as server:
        yield server


@contextlib.contextmanager
def running(make: Callable[[], S]) -> Iterator[S]:
    """The server that `make` makes, started; another one where its port was taken meanwhile."""
    server = _started(make)
    try:
        yield server
    finally:
        server.close()


def _started(make: Callable[[], S]) -> S:
    for attempt in range(ATTEMPTS):
        server = make()
        try:
            server.start()
        except NotReadyError:
            if attempt == ATTEMPTS - 1:
                raise
        else:
            return server
    raise AssertionError("there is at least one attempt")


@functools.cache
def _leash() -> Leash:
    """One for the whole run: it ends the servers also when the run itself is killed."""
    leash = Leash()
    atexit.register(leash.close)
    return leash


def _part(
    server: Launched, *, folder: Path, stop: signal.Signals, environment: Mapping[str, str]
) -> Part:
    return Part(
        name=folder.name,
        launch=server.launch,
        ready=server.ready,
        environment=environment,
        directory=folder,
        stop_signals=(stop,),
    )
