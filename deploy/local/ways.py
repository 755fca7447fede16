"""As whom Postgres runs: it refuses root, and demands to own its data.

An ordinary user starts it directly. For root, and for a user without a name in the system's user
list, other ways are tried in turn, each for real: may this identity write to the data folder, has
it a name, and does the program start?
"""

import os
import pwd
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from deploy.local.errors import StackError

PROBE_SECONDS: Final = 10
PROBE: Final = 'cd "$1" && : > .probe && rm .probe && id -un && exec "$2" --version'
FALLBACK_NOBODY: Final = 65534


@dataclass(frozen=True, slots=True)
class Way:
    """A command prefix, and the user and group whose files the data must then be."""

    prefix: tuple[str, ...]
    owner: tuple[int, int]


def find(data: Path, program: Path) -> Way:
    """The first way that works; the data folder then belongs to its owner.

    Raises StackError when none does.
    """
    for way in _candidates(data):
        if os.geteuid() == 0:
            hand_over(data, way.owner)
        if _works(way, data, program):
            return way
    raise StackError(_nothing_works(data))


def hand_over(folder: Path, owner: tuple[int, int]) -> None:
    """Give a folder and what its present owner has in it to another one, the folder itself last."""
    former = folder.stat().st_uid
    if former == owner[0]:
        return
    for parent, folders, files in os.walk(folder, topdown=False):
        for path in (Path(parent, name) for name in (*files, *folders)):
            # Somebody else's file linked into the folder stays somebody else's.
            if path.lstat().st_uid == former:
                os.chown(path, *owner, follow_symlinks=False)
    os.chown(folder, *owner)


def _candidates(data: Path) -> Iterator[Way]:
    me = (os.geteuid(), os.getegid())
    nobody = _nobody()
    as_nobody = ("unshare", "-U", f"--map-user={nobody[0]}", f"--map-group={nobody[1]}")
    if os.geteuid() != 0:
        yield from (Way((), me), Way(as_nobody, me))
        return
    # Data that an ordinary user made stays theirs, so that they can go on with it.
    status = data.stat()
    owner = (status.st_uid, status.st_gid) if status.st_uid else nobody
    identity = (f"--reuid={owner[0]}", f"--regid={owner[1]}", "--clear-groups")
    over_permissions = (
        *("--securebits=+no_setuid_fixup", "--inh-caps=+dac_override"),
        "--ambient-caps=+dac_override",
    )
    yield Way(("setpriv", *identity), owner)
    yield Way(as_nobody, me)
    yield Way(("setpriv", *identity, *over_permissions), owner)


def _works(way: Way, data: Path, program: Path) -> bool:
    probe = (*way.prefix, "/bin/sh", "-c", PROBE, "probe", str(data), str(program))
    try:
        done = subprocess.run(probe, capture_output=True, timeout=PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0


def _nobody() -> tuple[int, int]:
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return FALLBACK_NOBODY, FALLBACK_NOBODY
    return entry.pw_uid, entry.pw_gid


def _nothing_works(data: Path) -> str:
    if os.geteuid() == 0:
        return (
            "Postgres refuses to run as root, and neither setpriv nor unshare can give it another"
            " identity here: start as an ordinary user, or set DATABASE_URL to another Postgres"
        )
    return (
        f"Postgres cannot start in {data} as this user: let the folder be yours,"
        " choose another MIZUAL_HOME, or set DATABASE_URL to another Postgres"
    )
