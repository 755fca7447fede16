"""The embedded Postgres: a cluster in a folder, on loopback, with a password."""

import os
import secrets
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local import orphans, ways
from deploy.local.errors import StackError
from deploy.local.ports import LOOPBACK
from deploy.local.ways import Way

USER: Final = "mizual"
DATABASE: Final = "mizual"
INITDB_SECONDS: Final = 60
# In postmaster.pid: the process on the first line, its state on the eighth.
STATE_LINE: Final = 7

# Small, because it shares a laptop with everything else: about 20 MB for all its processes.
SETTINGS: Final = {
    "unix_socket_directories": "",
    "shared_buffers": "16MB",
    "max_connections": "80",
    "max_worker_processes": "0",
    "max_parallel_workers": "0",
    "max_logical_replication_workers": "0",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "min_wal_size": "32MB",
    "max_wal_size": "256MB",
    "jit": "off",
    "log_checkpoints": "off",
    "log_line_prefix": "",
    # What a failed statement carried is somebody's data: it stays out of the log.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
# Three helper processes fewer.
SYNC_IO: Final = {"io_method": "sync"}
FIRST_WITH_IO_METHOD: Final = 18
# What was committed still survives every process, but not the machine.
UNSYNCED: Final = {"fsync": "off"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Postgres:
    """One cluster with everything it keeps in one folder."""

    folder: Path
    port: int
    binaries: Path
    durable: bool = True
    """False only where a power cut may cost the data."""

    @property
    def url(self) -> str:
        """Where clients connect."""
        return f"postgresql://{USER}:{self._password()}@{LOOPBACK}:{self.port}/{DATABASE}"

    @property
    def data(self) -> Path:
        """The cluster."""
        return self.folder / "data"

    def launch(self) -> tuple[str, ...]:
        """Make the cluster if there is none, clear what a crash left, answer the command line.

        Raises StackError when Postgres cannot run here or the data is another version's.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        way = self._find_or_make_cluster()
        orphans.end(self.data)
        settings = {"listen_addresses": LOOPBACK, "port": str(self.port)} | self._settings()
        options = (part for name, value in settings.items() for part in ("-c", f"{name}={value}"))
        return (*way.prefix, str(self._postgres), "-D", str(self.data), *options)

    def ready(self, pid: int) -> bool:
        """Whether the process of that number takes connections, by its own word."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return lines[:1] == [str(pid)] and [line.strip() for line in lines[STATE_LINE:]] == [
            "ready"
        ]

    @property
    def _postgres(self) -> Path:
        return self.binaries / "postgres"

    def _find_or_make_cluster(self) -> Way:
        if not self.data.exists():
            return self._make_cluster()
        self._check_version()
        self._password()
        return ways.find(self.data, self._postgres)

    def _make_cluster(self) -> Way:
        # Made beside its place and renamed when whole: a half one is never taken for the data.
        part, secret = self.folder / "data.part", self.folder / "password.part"
        shutil.rmtree(part, ignore_errors=True)
        part.mkdir(mode=0o700)
        way = ways.find(part, self._postgres)
        _write_secret(secret, secrets.token_urlsafe(24))
        if os.geteuid() == 0:
            ways.hand_over(secret, way.owner)
        self._initdb(way, part, secret)
        self._create_database(way, part)
        if os.geteuid() == 0:
            ways.hand_over(secret, (os.geteuid(), os.getegid()))
        secret.rename(self.folder / "password")
        part.rename(self.data)
        return way

    def _initdb(self, way: Way, cluster: Path, secret: Path) -> None:
        command = (
            *(*way.prefix, str(self.binaries / "initdb"), "-D", str(cluster), "-U", USER),
            *(f"--pwfile={secret}", "--auth=scram-sha-256", "-E", "UTF8", "--locale=C.UTF-8"),
            *([] if self.durable else ["--no-sync"]),
        )
        self._finish(command, f"initdb could not make {cluster}")

    def _create_database(self, way: Way, cluster: Path) -> None:
        sync = () if self.durable else ("-F",)
        single = (*way.prefix, str(self._postgres), "--single", *sync, "-D", str(cluster))
        command = (*single, "postgres")
        statement = f"CREATE DATABASE {DATABASE}\n"
        self._finish(command, f"the database could not be made in {cluster}", said=statement)

    def _finish(self, command: tuple[str, ...], complaint: str, *, said: str = "") -> None:
        done = subprocess.run(
            command,
            cwd=self.folder,
            input=said,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            timeout=INITDB_SECONDS,
            check=False,
            text=True,
        )
        if done.returncode != 0:
            last = (done.stdout.strip() or "no reason given").splitlines()[-1]
            raise StackError(f"{complaint}: {last}")

    def _settings(self) -> dict[str, str]:
        recent = SYNC_IO if self._major_of_data() >= FIRST_WITH_IO_METHOD else {}
        return SETTINGS | recent | ({} if self.durable else UNSYNCED)

    def _check_version(self) -> None:
        words = subprocess.run(
            (self._postgres, "--version"), capture_output=True, check=True, text=True, timeout=10
        ).stdout.split()
        major = int(words[2].partition(".")[0])
        if major != self._major_of_data():
            raise StackError(
                f"the data in {self.data} was written by Postgres {self._major_of_data()} and"
                f" {self.binaries} holds Postgres {major}: change PG_BIN, or move that folder away"
            )

    def _major_of_data(self) -> int:
        try:
            return int((self.data / "PG_VERSION").read_text())
        except PermissionError:
            raise StackError(
                f"{self.data} belongs to another user: start as that user,"
                " or choose another MIZUAL_HOME"
            ) from None

    def _password(self) -> str:
        try:
            return (self.folder / "password").read_text()
        except OSError as error:
            raise StackError(
                f"the database's password cannot be read ({error}): put the file back,"
                f" or move {self.folder} away"
            ) from None


def _write_secret(path: Path, secret: str) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(secret)
