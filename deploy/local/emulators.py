"""Provider emulators as parts of the stack: the real clients at work, without a key or a cent."""

import os
import sys
from collections.abc import Mapping
from http import HTTPStatus
from pathlib import Path
from typing import Final

from deploy.local import ports, probes
from deploy.local.supervisor import Part

NAMES: Final = ("bfl", "gemini", "openai")
KEY: Final = "emulated-key"
"""What the emulators take for a key; it opens nothing else."""
CONTROL: Final = "/_control/counters"


def addresses(known: Mapping[str, int]) -> dict[str, str]:
    """Settings that lead every provider to its emulator, whatever keys are set otherwise.

    `known` is the port of each emulator.
    """
    url = {name: f"http://{ports.LOOPBACK}:{known[name]}" for name in NAMES}
    return {
        "BFL_API_KEY": KEY,
        "BFL_BASE_URL": url["bfl"],
        "BFL_ALLOWED_HOSTS": f"{ports.LOOPBACK}:{known['bfl']},localhost:{known['bfl']}",
        "GEMINI_API_KEY": KEY,
        "GEMINI_BASE_URL": url["gemini"],
        "OPENAI_API_KEY": KEY,
        "OPENAI_BASE_URL": f"{url['openai']}/v1",
    }


def parts(known: Mapping[str, int], *, root: Path) -> tuple[Part, ...]:
    """The emulators as processes, run from the project's root."""
    return tuple(_part(name, known[name], root) for name in NAMES)


def _part(name: str, port: int, root: Path) -> Part:
    command = (sys.executable, "-m", "tests.emulators", name, "--port", str(port))
    return Part(
        name=f"{name}-emulator",
        launch=lambda: command,
        ready=lambda _pid: probes.get(port, CONTROL)[0] == HTTPStatus.OK,
        environment=os.environ,
        directory=root,
    )
