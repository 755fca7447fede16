"""TCP ports of this machine: free ones, remembered ones, taken ones."""

import json
import random
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from deploy.local.errors import StackError

LOOPBACK: Final = "127.0.0.1"

# Below the ranges from which Linux (32768) and macOS (49152) take the ports of outgoing
# connections, also after SeaweedFS has added its 10000.
LOWEST: Final = 12_000
HIGHEST: Final = 22_000
ATTEMPTS: Final = 200


def is_taken(port: int, host: str = LOOPBACK) -> bool:
    """Whether somebody listens there already."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return True
    return False


def require_free(port: int, *, host: str, variable: str) -> None:
    """Raise StackError naming the variable that moves it when the port is taken."""
    if is_taken(port, host):
        raise StackError(
            f"port {port} on {host} is taken by another program:"
            f" stop that program or choose another port with {variable}"
        )


def free(count: int = 1, *, offsets: tuple[int, ...] = (0,)) -> int:
    """The first of `count` neighbouring ports that are free, each also at every offset."""
    for _ in range(ATTEMPTS):
        first = random.randrange(LOWEST, HIGHEST)  # noqa: S311 - no secret
        wanted = (first + step + offset for step in range(count) for offset in offsets)
        if not any(is_taken(port) for port in wanted):
            return first
    raise StackError(f"found no {count} free ports between {LOWEST} and {HIGHEST}")


def remembered(file: Path, names: tuple[str, ...]) -> Mapping[str, int]:
    """A port for each name: the one in the file while it is free, else a new one, written there."""
    known: dict[str, object] = json.loads(file.read_text()) if file.is_file() else {}
    ports: dict[str, int] = {}
    for name in names:
        match known.get(name):
            case int(port) if port not in ports.values() and not is_taken(port):
                ports[name] = port
            case _:
                ports[name] = _new(ports)
    file.write_text(json.dumps(known | ports))
    return ports


def _new(taken: Mapping[str, int]) -> int:
    while (port := free()) in taken.values():
        continue
    return port
