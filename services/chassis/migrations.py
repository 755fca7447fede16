"""Migrations: numbered SQL files of a service, applied once, in order, into one schema.

Files are `NNNN_name.up.sql` and `NNNN_name.down.sql`. Each runs in a transaction of its own and
sees its schema alone. An up file whose first lines say `-- min_code_version: N` cannot be used by
code whose own newest migration is older than N; without that line older code keeps working.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

import asyncpg

from services.chassis.database import (
    Connection,
    Database,
    Session,
    quoted,
    translated,
    use_schema,
)
from services.chassis.errors import MizualError, UnavailableError

LOCK_SECONDS: Final = 10.0
"""A migration that waits longer for a table would hold up everybody who comes after it."""

QUEUE_SECONDS: Final = 600.0
"""The longest wait for another process that is migrating the same schema."""

_FILE: Final = re.compile(r"(\d{4})_([a-z0-9_]+)\.(up|down)\.sql")
_DECLARATION: Final = re.compile(r"--\s*min_code_version:\s*(\d+)\s*$")
_DECLARATION_LINES: Final = 5

_HISTORY: Final = """
CREATE TABLE IF NOT EXISTS migration_history (
    service          text        NOT NULL,
    version          integer     NOT NULL,
    name             text        NOT NULL,
    checksum         text        NOT NULL,
    min_code_version integer     NOT NULL,
    code_version     text        NOT NULL,
    applied_at       timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (service, version)
)
"""
_READ: Final = """
SELECT version, name, checksum, min_code_version, applied_at
FROM migration_history WHERE service = $1 ORDER BY version
"""
_RECORD: Final = """
INSERT INTO migration_history (service, version, name, checksum, min_code_version, code_version)
VALUES ($1, $2, $3, $4, $5, $6)
"""
_FORGET: Final = "DELETE FROM migration_history WHERE service = $1 AND version = $2"


class MigrationError(MizualError):
    """The files and the database do not fit; nothing was changed. The message names the file."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step of a schema; `checksum` is the SHA-256 of its up file."""

    version: int
    name: str
    up: str
    down: str
    min_code_version: int

    @property
    def file(self) -> str:
        """The name of the file that takes the step."""
        return f"{self.version:04}_{self.name}.up.sql"

    @property
    def checksum(self) -> str:
        """What was applied, apart from line endings."""
        return hashlib.sha256(self.up.encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Applied:
    """One row of the history."""

    version: int
    name: str
    checksum: str
    min_code_version: int
    applied_at: datetime


@dataclass(frozen=True, slots=True)
class Migrator:
    """The migrations of one service in one schema.

    Safe to run from many processes at once: every step is one transaction under the schema's lock
    that reads the history again. Raises MigrationError and the errors of the database.
    """

    session: Session
    schema: str
    service: str
    migrations: Sequence[Migration]
    lock_seconds: float = LOCK_SECONDS

    async def up(self, to: int | None = None) -> tuple[str, ...]:
        """Apply what is missing, up to a version; the files that were applied here."""
        target = self._known(newest(self.migrations) if to is None else to)
        done: list[str] = []
        while step := await self._up(target):
            done.append(step.file)
        return tuple(done)

    async def down(self, to: int | None = None) -> tuple[str, ...]:
        """Take back one step, or every step above a version; the files that were taken back."""
        history = await self.history()
        target = self._known(max(0, len(history) - 1) if to is None else to)
        done: list[str] = []
        while step := await self._down(target):
            done.append(step.file)
        return tuple(done)

    async def history(self) -> tuple[Applied, ...]:
        """What was applied, oldest first; nothing for a schema that is not there yet."""
        with translated():
            async with self.session.transaction():
                return await _history(self.session, self.schema, self.service)

    async def _up(self, target: int) -> Migration | None:
        with translated():
            async with self.session.transaction():
                applied = await self._locked()
                if len(applied) >= target:
                    return None
                step = self.migrations[len(applied)]
                await self._run(step, step.up)
                await self.session.execute(_RECORD, *self._row(step))
                return step

    async def _down(self, target: int) -> Migration | None:
        with translated():
            async with self.session.transaction():
                applied = await self._locked()
                if len(applied) <= target:
                    return None
                step = self.migrations[len(applied) - 1]
                await self._run(step, step.down)
                await self.session.execute(_FORGET, self.service, step.version)
                return step

    async def _run(self, step: Migration, sql: str) -> None:
        try:
            with translated():
                await self.session.execute(sql)
        except asyncpg.PostgresError as error:
            raise MigrationError(f"{step.file} does not work: {error}") from error

    async def _locked(self) -> tuple[Applied, ...]:
        await self._wait_at_most(QUEUE_SECONDS)
        await self.session.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", f"mizual:{self.schema}"
        )
        await self._wait_at_most(self.lock_seconds)
        await _create_schema(self.session, self.schema)
        await use_schema(self.session, self.schema)
        await self.session.execute(_HISTORY)
        applied = await _history(self.session, self.schema, self.service)
        _fit(applied, self.migrations, schema=self.schema)
        return applied

    async def _wait_at_most(self, seconds: float) -> None:
        await self.session.execute(f"SET LOCAL lock_timeout = {round(seconds * 1000)}")

    def _known(self, target: int) -> int:
        if not 0 <= target <= newest(self.migrations):
            raise MigrationError(f"{self.service} has no migration {target}")
        return target

    def _row(self, step: Migration) -> tuple[object, ...]:
        return (
            self.service,
            step.version,
            step.name,
            step.checksum,
            step.min_code_version,
            code_version(),
        )


async def applied_migrations(database: Database, service: str) -> tuple[Applied, ...]:
    """What the schema has, oldest first; nothing for one that is not there yet.

    Raises UnavailableError.
    """
    async with database.transaction() as connection:
        return await _history(connection, database.schema, service)


async def check_schema(database: Database, service: str, migrations: Sequence[Migration]) -> None:
    """Readiness: the schema is new enough for this code, and does not exclude it.

    Raises UnavailableError with the sentence for the operator.
    """
    applied = await applied_migrations(database, service)
    at, mine = len(applied), newest(migrations)
    if at < mine:
        raise UnavailableError(
            f"schema {database.schema} is at migration {at} of {service} and this code needs "
            f"{mine}: run `python -m services.{service}.admin migrate up`"
        )
    oldest = max((step.min_code_version for step in applied), default=0)
    if mine < oldest:
        raise UnavailableError(
            f"schema {database.schema} is at migration {at} of {service}, which needs code of "
            f"migration {oldest} or newer; this code has {mine}"
        )


def load_migrations(service: str) -> tuple[Migration, ...]:
    """The migrations that ship with a service. Raises MigrationError for files that do not fit."""
    return read_migrations(files(f"services.{service}") / "migrations")


def read_migrations(folder: Traversable) -> tuple[Migration, ...]:
    """The migrations in a folder, numbered 1, 2, 3 … without a gap. Raises MigrationError."""
    # Reading as text makes line endings alike, so they never count as a change.
    found = (entry for entry in folder.iterdir() if entry.name.endswith(".sql"))
    texts = {entry.name: entry.read_text("utf-8") for entry in found}
    for name in sorted(texts):
        if not _FILE.fullmatch(name):
            raise MigrationError(f"{name} is not called NNNN_name.up.sql or NNNN_name.down.sql")
    ups = sorted(name for name in texts if name.endswith(".up.sql"))
    steps = tuple(_migration(number, name, texts) for number, name in enumerate(ups, start=1))
    if texts:
        raise MigrationError(f"{min(texts)} has no up file")
    return steps


def newest(migrations: Sequence[Migration]) -> int:
    """The version that the code brings a schema to."""
    return len(migrations)


def code_version() -> str:
    """The version of the installed project, or `source` for a checkout that is not installed."""
    try:
        return version("mizual")
    except PackageNotFoundError:
        return "source"


def _migration(number: int, name: str, texts: dict[str, str]) -> Migration:
    found = _FILE.fullmatch(name)
    if not found or int(found[1]) != number:
        raise MigrationError(f"{name} should be number {number:04}: numbers have no gap or double")
    back = name.replace(".up.sql", ".down.sql")
    if back not in texts:
        raise MigrationError(f"{name} has no {back}")
    up, down = texts.pop(name), texts.pop(back)
    return Migration(number, found[2], up, down, _declared(name, up, number))


def _declared(name: str, sql: str, number: int) -> int:
    heads = sql.splitlines()[:_DECLARATION_LINES]
    oldest = next((int(found[1]) for line in heads if (found := _DECLARATION.match(line))), 1)
    if not 1 <= oldest <= number:
        raise MigrationError(f"{name}: min_code_version {oldest} is not between 1 and {number}")
    return oldest


async def _create_schema(connection: Connection, schema: str) -> None:
    # IF NOT EXISTS would ask for a privilege that an ordinary user lacks in a prepared database.
    if not await connection.fetchval("SELECT 1 FROM pg_namespace WHERE nspname = $1", schema):
        await connection.execute(f"CREATE SCHEMA {quoted(schema)}")


async def _history(connection: Connection, schema: str, service: str) -> tuple[Applied, ...]:
    table = f"{quoted(schema)}.migration_history"
    if await connection.fetchval("SELECT to_regclass($1)", table) is None:
        return ()
    await use_schema(connection, schema)
    return tuple(Applied(**row) for row in await connection.fetch(_READ, service))


def _fit(applied: Sequence[Applied], migrations: Sequence[Migration], *, schema: str) -> None:
    if len(applied) > newest(migrations):
        unknown = applied[newest(migrations)]
        raise MigrationError(
            f"schema {schema} is newer than these files: it has {unknown.version:04}_{unknown.name}"
        )
    for was, step in zip(applied, migrations, strict=False):
        if was.checksum != step.checksum or was.name != step.name:
            raise MigrationError(f"{step.file} was changed after it was applied to schema {schema}")
