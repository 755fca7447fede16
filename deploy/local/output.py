"""Where the parts' lines go: to the screen with a name in front, or to a file each."""

import asyncio
import contextlib
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

Sink = Callable[[str, str], None]
"""Takes the name of a part and one line of it, without its end."""

SUPERVISOR: Final = "stack"
COLOURS: Final = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
MAX_LINE_BYTES: Final = 64 * 1024


def to_screen(names: tuple[str, ...]) -> Sink:
    """Lines on stderr, names aligned, coloured on a terminal unless NO_COLOR is set."""
    width = max(map(len, (*names, SUPERVISOR)))
    coloured = sys.stderr.isatty() and not os.environ.get("NO_COLOR")

    def write(name: str, line: str) -> None:
        label = f"{name:<{width}} |"
        if coloured and name in names:
            label = f"\033[{COLOURS[names.index(name) % len(COLOURS)]}m{label}\033[0m"
        # Whoever read the lines may be gone (`| head`): the stack goes on without them.
        with contextlib.suppress(BrokenPipeError):
            print(label, line, file=sys.stderr, flush=True)

    return write


def to_files(folder: Path) -> Sink:
    """Lines in `<folder>/<name>.log`."""
    folder.mkdir(parents=True, exist_ok=True)

    def write(name: str, line: str) -> None:
        with (folder / f"{name}.log").open("a", encoding="utf-8") as file:
            file.write(line + "\n")

    return write


class Lines(asyncio.Protocol):
    """Cuts what comes out of a pipe into lines; one longer than 64 KiB arrives in pieces."""

    def __init__(self, name: str, sink: Sink, ended: Callable[[], object]) -> None:
        self._name, self._sink, self._ended, self._rest = name, sink, ended, b""

    def data_received(self, data: bytes) -> None:
        """Pass on the lines that are whole."""
        *whole, self._rest = (self._rest + data).split(b"\n")
        if len(self._rest) > MAX_LINE_BYTES:
            whole, self._rest = [*whole, self._rest], b""
        for line in whole:
            self._pass_on(line)

    def connection_lost(self, _error: Exception | None) -> None:
        """Pass on what was left without an end."""
        if self._rest:
            self._pass_on(self._rest)
            self._rest = b""
        self._ended()

    def _pass_on(self, line: bytes) -> None:
        self._sink(self._name, line.decode(errors="replace").rstrip("\r"))
