"""A directory as object store: one host, no server, durable, and never half a file."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from io import FileIO
from itertools import islice
from pathlib import Path
from typing import Final, TypeVar
from uuid import uuid4

from contracts.objects import KEY
from services.chassis.errors import UnavailableError
from services.chassis.objects.port import (
    CHUNK_BYTES,
    MissingObjectError,
    StoredObject,
    checked_key,
    checked_prefix,
    content_type_of,
)

T = TypeVar("T")

DEADLINE_SECONDS: Final = 30.0
"""The longest wait for one operation of the disk, which may be a network mount."""

LEFTOVER_SECONDS: Final = 3600.0
"""A partial file older than this belongs to a writer that died."""

_LIST_BATCH: Final = 256
_LINK_ATTEMPTS: Final = 5


PRIVATE: Final = 0o700
"""Folders are their owner's alone: originals are kept as they came, places and names in them."""


class DirectoryStore:
    """Objects as files below `root`, written aside and linked into place once complete."""

    def __init__(self, root: Path) -> None:
        self._root = root
        # No key starts with a dot, so partial files cannot be mistaken for objects.
        self._incoming = root / ".incoming"

    async def put(self, key: str, data: bytes, *, content_type: str) -> None:  # noqa: ARG002 - the key has it
        """Store durably: the file and every folder that names it are on disk afterwards."""
        await _on_disk(self._put, self._path(key), data)

    async def get(self, key: str) -> bytes | None:
        """All bytes, or None."""
        return await _on_disk(_read, self._path(key))

    async def head(self, key: str) -> StoredObject | None:
        """What is stored there, or None."""
        return await _on_disk(_stat, self._path(key), key)

    async def stream(
        self, key: str, *, start: int = 0, end: int | None = None
    ) -> AsyncIterator[bytes]:
        """The bytes of [start, end) in chunks; the file stays open while the caller reads."""
        file = await _on_disk(_open, self._path(key), start)
        if file is None:
            raise MissingObjectError(f"{key} is not in the store")
        with file:
            left = end - start if end is not None else None
            while chunk := await _on_disk(file.read, _next_bytes(left)):
                left = left - len(chunk) if left is not None else None
                yield chunk

    async def delete(self, key: str) -> bool:
        """Remove the file, and its folder when that was the last one in it."""
        return await _on_disk(_delete, self._path(key))

    async def list(self, prefix: str) -> AsyncIterator[StoredObject]:
        """Every object whose key starts so, read from disk in batches."""
        found = _walk(self._root, checked_prefix(prefix))
        while batch := await _on_disk(lambda: [*islice(found, _LIST_BATCH)]):
            for stored in batch:
                yield stored

    async def presigned(self, key: str, seconds: int) -> str | None:  # noqa: ARG002
        """None: only the gateway reads a directory."""
        checked_key(key)
        return None

    async def check(self) -> None:
        """Write and remove an empty file. Raises UnavailableError saying what hinders it."""
        await _on_disk(self._probe)

    async def sweep(self) -> None:
        """Remove what writers that died left behind."""
        await _on_disk(self._sweep)

    def _path(self, key: str) -> Path:
        return self._root / checked_key(key)

    def _put(self, path: Path, data: bytes) -> None:
        if not path.exists():
            self._create(path, data)
        # Also for a key that was there: its writer may not have come this far yet.
        _sync(path.parent)

    def _create(self, path: Path, data: bytes) -> None:
        part = self._part()
        try:
            with part.open("xb", buffering=0) as file:
                _write_all(file.fileno(), data)
                os.fsync(file.fileno())
            _link(part, path)
        finally:
            part.unlink(missing_ok=True)

    def _part(self) -> Path:
        self._incoming.mkdir(PRIVATE, parents=True, exist_ok=True)
        return self._incoming / f"{uuid4().hex}.part"

    def _probe(self) -> None:
        part = self._part()
        part.touch()
        part.unlink()

    def _sweep(self) -> None:
        oldest = time.time() - LEFTOVER_SECONDS
        for part in self._incoming.glob("*.part"):
            try:
                if part.stat().st_mtime < oldest:
                    part.unlink()
            except FileNotFoundError:
                continue  # another process swept it


async def _on_disk(work: Callable[..., T], *args: object) -> T:
    try:
        async with asyncio.timeout(DEADLINE_SECONDS):
            return await asyncio.to_thread(work, *args)
    except TimeoutError as error:
        raise UnavailableError(f"the object directory hangs ({DEADLINE_SECONDS:.0f} s)") from error
    except OSError as error:
        raise UnavailableError(f"object directory: {error}") from error


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except FileNotFoundError:
        return None


def _stat(path: Path, key: str) -> StoredObject | None:
    try:
        known = path.stat()
    except FileNotFoundError:
        return None
    return StoredObject(
        key=key,
        size_bytes=known.st_size,
        content_type=content_type_of(key),
        etag=f'"{path.stem.rpartition("-")[2]}"',
        modified=datetime.fromtimestamp(known.st_mtime, UTC),
    )


def _open(path: Path, start: int) -> FileIO | None:
    try:
        file = path.open("rb", buffering=0)
    except FileNotFoundError:
        return None
    file.seek(start)
    return file


def _next_bytes(left: int | None) -> int:
    return CHUNK_BYTES if left is None else max(0, min(CHUNK_BYTES, left))


def _write_all(descriptor: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _link(part: Path, path: Path) -> None:
    for _ in range(_LINK_ATTEMPTS):
        _make_folder(path.parent)
        try:
            return path.hardlink_to(part)
        except FileExistsError:
            return None  # another writer was first; the bytes are the same
        except FileNotFoundError:
            continue  # a delete took the emptied folder away
    raise OSError(f"{path.parent} keeps vanishing")


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(PRIVATE)
    except FileExistsError:
        return
    except FileNotFoundError:
        _make_folder(folder.parent)
        folder.mkdir(PRIVATE, exist_ok=True)
    _sync(folder.parent)


def _sync(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _delete(path: Path) -> bool:
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    _sync(path.parent)
    with suppress(OSError):  # other objects of the job are still in it
        path.parent.rmdir()
    return True


def _walk(root: Path, prefix: str) -> Iterator[StoredObject]:
    for folder, folders, names in os.walk(root / prefix.rpartition("/")[0]):
        base = Path(folder).relative_to(root).as_posix() + "/" if Path(folder) != root else ""
        folders[:] = [name for name in folders if _leads_to(f"{base}{name}/", prefix)]
        for key in (f"{base}{name}" for name in names):
            if key.startswith(prefix) and KEY.fullmatch(key) and (found := _stat(root / key, key)):
                yield found


def _leads_to(folder: str, prefix: str) -> bool:
    return folder.startswith(prefix) or prefix.startswith(folder)
