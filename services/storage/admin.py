"""Operators' commands: `python -m services.storage.admin migrate|styles|rebuild|erase|…`."""

import argparse
import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import asynccontextmanager, closing
from dataclasses import fields
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from contracts.base import utcnow
from services.chassis.broker import bus_of, make_broker
from services.chassis.bus import Bus
from services.chassis.database import Database, open_pool
from services.chassis.errors import MizualError, UnavailableError
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import upload_limits
from services.chassis.images.pool import PixelPool
from services.chassis.keyring import platform_owner
from services.chassis.migrate import migrate_command
from services.chassis.migrations import check_schema, load_migrations
from services.chassis.objects import open_store
from services.chassis.settings import load, prefix_of, schema_of
from services.storage.adapters.forgetting import Forgetting, forgetting_on
from services.storage.adapters.jobs import PostgresJobs
from services.storage.adapters.rebuild import WholeJournal
from services.storage.adapters.style_folder import StyleFolder
from services.storage.adapters.styles import PostgresCatalogue
from services.storage.domain.erasing import LATE, Wanted
from services.storage.domain.record import rows_of
from services.storage.domain.styles import Changes, grace_of
from services.storage.handlers import forgetting as forget
from services.storage.handlers import styles
from services.storage.settings import StorageSettings

CONNECT_SECONDS: Final = 5.0
ERASE_BATCH: Final = 100

_READS: Final = "Reads the same variables as the service."


def main(argv: Sequence[str]) -> int:
    """Run one command; its exit code."""
    parser = _parser()
    asked, rest = parser.parse_known_args(argv)
    if asked.command == "migrate":
        return migrate_command("storage", rest)
    if rest:
        parser.error(f"unknown: {' '.join(rest)}")
    commands: dict[str, Callable[[StorageSettings], Coroutine[Any, Any, str]]] = {
        "rebuild": rebuild,
        "retention": retention,
        "erase": lambda settings: erase(settings, asked),
        "styles": lambda settings: load_styles(settings, asked),
    }
    try:
        done = asyncio.run(commands[asked.command](load(StorageSettings)))
    except MizualError as error:
        print(f"error: {error}", file=sys.stderr)  # noqa: T201
        return 1
    print(done)  # noqa: T201
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m services.storage.admin", description="Looks after the record of jobs."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("migrate", add_help=False, help="bring the tables to this code's version")
    commands.add_parser(
        "rebuild",
        help="fill the record from the journal, as far back as it reaches; changes no newer row",
        description="Reads the last entry of every job in the journal into the record. Safe to "
        f"repeat and beside running services. {_READS}",
    )
    commands.add_parser(
        "retention",
        help="forget now what is kept no longer, and remove pictures that belong to nobody",
        description="What the service does by itself: jobs are forgotten RETENTION_DAYS after "
        "they ended (cutouts CUTOUT_RETENTION_HOURS), what was described with its job's ending, "
        "uploads, strays and former versions of styles after a day. "
        f"Safe to repeat and beside running services. {_READS}",
    )
    _add_styles(commands.add_parser("styles", help="load the styles that a job may name"))
    erasing = commands.add_parser(
        "erase",
        help="forget a job, or every job of an owner",
        description=f"Removes pictures, words, feedback and history; says what. {_READS}",
    )
    whose = erasing.add_mutually_exclusive_group(required=True)
    whose.add_argument("--job", type=UUID, help="this job alone")
    whose.add_argument("--owner-of", type=UUID, help="every job of whoever owns this one")
    whose.add_argument("--user", help="every job of this user of the platform (X-User-Id)")
    erasing.add_argument("--tenant", help="of the user, where the platform names one (X-Tenant-Id)")
    return parser


def _add_styles(parser: argparse.ArgumentParser) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="load")
    loading = actions.add_parser(
        "load",
        help="make a folder's styles the ones that there are",
        description="Reads DIRECTORY/style_guides/<id>.md or .txt (with <id>.json beside it, if "
        "there is more to say) and DIRECTORY/style_images/<id>.*, and puts these styles in use "
        "in place of all others. If a file is refused nothing is changed. Safe to repeat and "
        f"beside running services. {_READS}",
    )
    loading.add_argument("directory", type=Path, metavar="DIRECTORY")
    loading.add_argument("--check", action="store_true", help="say what it would do, and do not")
    loading.add_argument("--if-none", action="store_true", help="only where there is no style yet")


async def load_styles(settings: StorageSettings, asked: argparse.Namespace) -> str:
    """Put a folder's styles in use; what was done, a line for each.

    Raises StyleError if a file is refused, and UnavailableError.
    """
    async with _database(settings) as database, open_store(settings, settings.mizual_home) as store:
        catalogue = PostgresCatalogue(database)
        if asked.if_none and (there := await catalogue.current()):
            return f"there are styles already: {len(there)}"
        limits = upload_limits(settings)
        with closing(PixelPool()) as pool:
            shelf = StyleFolder(
                asked.directory,
                ImageChecker(limits, pool),
                max_picture_bytes=limits.max_upload_bytes,
                prefix=prefix_of(settings, settings),
            )
            changes = await styles.load_styles(
                shelf, catalogue=catalogue, store=store, only_check=asked.check
            )
    return "\n".join([*_lines(changes), *(["nothing was changed: --check"] if asked.check else [])])


def _lines(changes: Changes) -> list[str]:
    """Each style by what became of it, then how many of each."""
    kinds = {field.name: getattr(changes, field.name) for field in fields(changes)}
    each = [f"{kind:<9}  {one.id}  {one.name}" for kind, found in kinds.items() for one in found]
    return [*each, ", ".join(f"{len(found)} {kind}" for kind, found in kinds.items())]


async def rebuild(settings: StorageSettings) -> str:
    """Fill the record from the journal; what was done, in words. Raises UnavailableError."""
    async with _database(settings) as database, _connected(settings) as bus:
        return await _fill(PostgresJobs(database), WholeJournal(bus))


async def retention(settings: StorageSettings) -> str:
    """Forget what is kept no longer; what was done, in words. Raises UnavailableError."""
    async with _opened(settings) as (parts, _):
        expired = forgotten = 0
        while found := await forget.expire(erasures=parts.erasures, periods=settings.periods):
            expired += found
            while again := await forget.forget_again(eraser=parts.eraser, erasures=parts.erasures):
                forgotten += again
        described = 0
        while seen_to := await parts.spent.remove(limit=forget.FORGET_BATCH):
            described += seen_to
        removed = await parts.orphans.sweep(utcnow())
        former = await parts.former_styles.sweep(utcnow())
    return (
        f"{expired} jobs kept no longer, {forgotten} forgotten; the pictures of {described} "
        f"descriptions, {removed} stray objects and {former} former versions of styles removed"
    )


async def erase(settings: StorageSettings, asked: argparse.Namespace) -> str:
    """Forget what was asked for, saying what was removed. Raises UnavailableError."""
    async with _opened(settings) as (parts, jobs):
        if asked.job is not None:
            entry = await parts.eraser.find(asked.job)
            return await _forget(parts, Wanted(entry.job_id, entry.kind))
        owner, erased = await _owner(jobs, asked), 0
        while batch := await jobs.owned(owner, limit=ERASE_BATCH):
            for wanted in batch:
                print(await _forget(parts, wanted), flush=True)  # noqa: T201
            if await jobs.kept([wanted.job_id for wanted in batch]):
                raise UnavailableError("some of these jobs are still on record")
            erased += len(batch)
        return f"{erased} jobs erased"


async def _owner(jobs: PostgresJobs, asked: argparse.Namespace) -> str:
    if asked.user is not None:
        return platform_owner(asked.user, asked.tenant)
    owner = await jobs.owner(asked.owner_of)
    if owner is None:
        raise UnavailableError(f"--owner-of: no job {asked.owner_of} on record")
    return owner


async def _forget(parts: Forgetting, wanted: Wanted) -> str:
    erasure = await parts.eraser.forget(wanted, until=utcnow() + LATE)
    left = f"; not reached yet: {', '.join(erasure.remaining)}" if erasure.remaining else ""
    return (
        f"{wanted.job_id}: {erasure.journal_entries} entries, {len(erasure.words)} texts, "
        f"{len(erasure.objects)} pictures, {erasure.feedback} ratings, "
        f"{erasure.dead_letters} dead letters{left}"
    )


async def _fill(jobs: PostgresJobs, journal: WholeJournal) -> str:
    read = written = 0
    async for batch in journal.batches():
        written += len(await jobs.keep(rows_of(batch)))
        read += len(batch)
    unreadable = f", {journal.unreadable} unreadable" if journal.unreadable else ""
    return f"{read} jobs in the journal{unreadable}; {written} rows written, the others were there"


@asynccontextmanager
async def _opened(settings: StorageSettings) -> AsyncIterator[tuple[Forgetting, PostgresJobs]]:
    async with (
        _database(settings) as database,
        _connected(settings) as bus,
        open_store(settings, settings.mizual_home) as store,
    ):
        prefix = prefix_of(settings, settings)
        grace = grace_of(settings.job_deadline_seconds)
        parts = forgetting_on(bus, database, store, prefix=prefix, style_grace=grace)
        yield parts, PostgresJobs(database)


@asynccontextmanager
async def _database(settings: StorageSettings) -> AsyncIterator[Database]:
    async with open_pool(settings, schema_of(settings, settings)) as database:
        await check_schema(database, "storage", load_migrations("storage"))
        yield database


@asynccontextmanager
async def _connected(settings: StorageSettings) -> AsyncIterator[Bus]:
    broker = make_broker(settings, "storage-admin")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            await broker.connect()
    except TimeoutError as error:
        raise UnavailableError("NATS_URL: the bus does not answer") from error
    try:
        yield bus_of(broker)
    finally:
        await broker.stop()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
