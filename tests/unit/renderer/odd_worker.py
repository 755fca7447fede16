"""A process of a pool that does as it is told: `python -m tests.unit.renderer.odd_worker HOW`."""

import os
import sys
import time
from pathlib import Path

from services.chassis.settings import SettingsError
from services.renderer.adapters.frames import Frame
from services.renderer.adapters.serving import Answer, serve

LONG_SECONDS = 600


def prepared() -> Answer:
    how, _, file = sys.argv[1].partition("=")
    if how == "refuse":
        raise SettingsError("U2NET_HOME: there is no such thing")
    if how == "die":
        os._exit(7)
    if how == "hang":
        time.sleep(LONG_SECONDS)
    if how == "once" and Path(file).exists():
        os._exit(7)
    if how == "once":
        Path(file).touch()
    return answered


def answered(question: Frame) -> Frame:
    match question.body:
        case b"hang":
            time.sleep(LONG_SECONDS)
        case b"die":
            os._exit(9)
        case b"nonsense":
            os.write(_output(), b"\xff" * 64)
        case b"chatter":
            print("a library has something to say")
            os.write(1, b"and so has its native part\n")
        case b"who":
            return Frame({"pid": os.getpid(), "nice": os.nice(0)})
        case b"secrets":
            return Frame({name: os.environ[name] for name in os.environ})
    return Frame(question.head, question.body[::-1])


def _output() -> int:
    """The descriptor that frames go to: the last one that leads where no standard one does."""
    descriptors = (int(link.name) for link in Path("/proc/self/fd").iterdir() if link.exists())
    return max(number for number in descriptors if number > 2)


if __name__ == "__main__":
    serve(prepared)
