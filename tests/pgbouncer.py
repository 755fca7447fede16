"""A real PgBouncer in transaction mode, where there is one: `PGBOUNCER_BIN`, else on the PATH."""

import contextlib
import os
import shutil
import socket
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from deploy.local import ports, ways
from tests.servers import PostgresServer, Server, running

SERVERS = 2
"""Connections to Postgres: fewer than clients, so that each transaction may meet another one."""


@dataclass(frozen=True)
class PgBouncer:
    """One pooler in front of one Postgres."""

    folder: Path
    port: int
    program: Path
    postgres_url: str

    def launch(self) -> tuple[str, ...]:
        """Write the configuration; it refuses root as Postgres does."""
        self.folder.mkdir(parents=True, exist_ok=True)
        told = urlsplit(self.postgres_url)
        users, configuration = self.folder / "users.txt", self.folder / "pgbouncer.ini"
        users.write_text(f'"{told.username}" "{told.password}"\n')
        configuration.write_text(
            f"[databases]\n* = host={told.hostname} port={told.port}\n"
            "[pgbouncer]\npool_mode = transaction\nauth_type = scram-sha-256\n"
            f"auth_file = {users}\nlisten_addr = {ports.LOOPBACK}\nlisten_port = {self.port}\n"
            f"unix_socket_dir =\ndefault_pool_size = {SERVERS}\nmax_client_conn = 200\n"
        )
        return (*ways.find(self.folder, self.program).prefix, str(self.program), str(configuration))

    def ready(self, _: int) -> bool:
        """Whether it takes connections."""
        with socket.socket() as probe:
            return probe.connect_ex((ports.LOOPBACK, self.port)) == 0


class PgBouncerServer(Server):
    """The running pooler; every database of the Postgres behind it is reached through it."""

    def __init__(self, pgbouncer: PgBouncer) -> None:
        super().__init__(pgbouncer, pgbouncer.folder)
        self._pgbouncer = pgbouncer

    def url_of(self, database: str) -> str:
        """The database of that name, through the pooler."""
        told = urlsplit(self._pgbouncer.postgres_url)
        place = f"{ports.LOOPBACK}:{self._pgbouncer.port}"
        return f"postgresql://{told.username}:{told.password}@{place}/{database}"


@contextlib.contextmanager
def pgbouncer_server(folder: Path, postgres: PostgresServer) -> Iterator[PgBouncerServer]:
    """A running PgBouncer; the test is skipped where the program is not installed."""
    program = _program()

    def make() -> PgBouncerServer:
        return PgBouncerServer(PgBouncer(folder, ports.free(), program, postgres.url))

    with running(make) as server:
        yield server


def _program() -> Path:
    found = os.environ.get("PGBOUNCER_BIN") or shutil.which("pgbouncer", path=_path())
    if found is None:
        pytest.skip("needs PgBouncer: install the package pgbouncer, or name it in PGBOUNCER_BIN")
    return Path(found)


def _path() -> str:
    # Debian installs it where only root's PATH leads.
    return os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
