"""The inside of a process of a pool: frames in, frames out, until the service is gone."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from queue import SimpleQueue
from typing import BinaryIO, Final

from services.chassis.settings import SettingsError
from services.renderer.adapters import frames
from services.renderer.adapters.frames import Frame

NICENESS: Final = 10
"""Pictures wait for status reads, not the other way round."""
OOM_SCORE: Final = 500
"""Where memory runs out, this process is ended before the service."""

Answer = Callable[[Frame], Frame]


def serve(prepare: Callable[[], Answer]) -> None:
    """Prepare, say that it is done, and answer every question.

    What `prepare` raises as SettingsError is said instead. The process ends with its standard
    input, whatever it is doing, and by any error: its parent starts another.
    """
    _step_back()
    output, questions = _own_output(), _questions()
    try:
        answer = prepare()
    except SettingsError as error:
        frames.write(output, Frame({"refused": str(error)}))
        return
    frames.write(output, Frame({}))
    for question in questions:
        frames.write(output, answer(question))


def _step_back() -> None:
    os.nice(NICENESS)
    # Ctrl-C in a terminal is for the service, which ends this process by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(OOM_SCORE), encoding="ascii")


def _own_output() -> BinaryIO:
    """Standard output for frames alone: what a library prints goes where errors go."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return output


def _questions() -> Iterator[Frame]:
    """The frames that come in, read by a thread, so that their end is seen during work."""
    queue: SimpleQueue[Frame] = SimpleQueue()
    threading.Thread(target=_read, args=(queue,), daemon=True).start()
    return iter(queue.get, None)


def _read(queue: "SimpleQueue[Frame]") -> None:
    try:
        while True:
            queue.put(frames.read(sys.stdin.buffer))
    except (EOFError, ValueError):
        # The service is gone, and so is whoever would want the answer.
        os._exit(0)
