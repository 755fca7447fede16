"""An operator's folders on disk: read without following a link, and never more than is allowed."""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import Final

from services.storage.domain.style_files import StyleError

MAX_ENTRIES: Final = 2_000
"""In one folder: twice what all styles together may have in it."""

_FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Opening a pipe would otherwise wait for its writer.
_FILE: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Folder:
    """An open folder: whatever is put in its place meanwhile, these are its files."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def names(self) -> list[str]:
        """What is in it, in order, hidden entries apart. Raises StyleError for too much."""
        with os.scandir(self._descriptor) as entries:
            found = [entry.name for entry in islice(entries, MAX_ENTRIES + 1)]
        if len(found) > MAX_ENTRIES:
            raise StyleError(f"it has more than {MAX_ENTRIES:,} entries")
        return sorted(name for name in found if not name.startswith("."))

    def read(self, name: str, *, most_bytes: int) -> bytes:
        """A file's bytes. Raises StyleError for what is no ordinary file, too large or closed."""
        try:
            kind = os.stat(name, dir_fd=self._descriptor, follow_symlinks=False)
            _refuse(kind, most_bytes)
            with open(os.open(name, _FILE, dir_fd=self._descriptor), "rb") as file:  # noqa: PTH123 - by descriptor
                _refuse(os.fstat(file.fileno()), most_bytes)
                data = file.read(most_bytes + 1)
        except OSError as error:
            raise StyleError(f"it cannot be read: {error.strerror}") from error
        if len(data) > most_bytes:
            raise _too_large(len(data), most_bytes)
        return data


@contextmanager
def opened(parent: Path, name: str) -> Iterator[Folder | None]:
    """A folder in the parent; None where there is nothing of that name.

    Raises StyleError for anything but a folder.
    """
    descriptor = _descriptor(parent / name)
    if descriptor is None:
        yield None
        return
    try:
        yield Folder(descriptor)
    finally:
        os.close(descriptor)


def _descriptor(path: Path) -> int | None:
    if path.is_symlink():
        raise StyleError("it is a link, which is not followed")
    try:
        return os.open(path, _FOLDER)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise StyleError(f"it is no folder that can be read: {error.strerror}") from error


def _refuse(found: os.stat_result, most_bytes: int) -> None:
    if stat.S_ISLNK(found.st_mode):
        raise StyleError("it is a link, which is not followed")
    if stat.S_ISDIR(found.st_mode):
        raise StyleError("it is a folder")
    if not stat.S_ISREG(found.st_mode):
        raise StyleError("it is no ordinary file")
    if found.st_size > most_bytes:
        raise _too_large(found.st_size, most_bytes)


def _too_large(size_bytes: int, most_bytes: int) -> StyleError:
    return StyleError(f"it has {size_bytes:,} bytes; {most_bytes:,} fit")
