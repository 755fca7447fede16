"""The stack as a newcomer starts it: it has styles to try, and later those of its operator."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGTERM

import pytest

from contracts.queries import Styles, StylesQuestion
from contracts.subjects import STORAGE_STYLES_QUERY
from deploy.local import ports, stack
from tests.buses import connected

pytestmark = pytest.mark.slow


@contextmanager
def running(home: Path, **settings: str) -> Iterator[list[str]]:
    """What `make run` printed until it was ready."""
    base = {k: v for k, v in os.environ.items() if k in {"PATH", "HOME", "LANG", "TMPDIR"}}
    own = {"MIZUAL_HOME": str(home), "GATEWAY_PORT": str(ports.free(1 + len(stack.WORKERS)))}
    with subprocess.Popen(
        [sys.executable, "-m", "deploy.local", "run"],
        env=base | {"DOTENV_FILE": os.devnull} | own | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield list(_until_ready(process.stdout))
        finally:
            process.send_signal(SIGTERM)


async def test_a_fresh_stack_has_the_examples_and_an_older_one_what_it_had(tmp_path: Path) -> None:
    with running(tmp_path) as first:
        assert await ids(tmp_path) == ["ink-and-paper", "neon-night", "warm-film"]
    with running(tmp_path) as again:
        assert await ids(tmp_path) == ["ink-and-paper", "neon-night", "warm-film"]

    assert any("3 new" in line for line in first)
    assert any("there are styles already: 3" in line for line in again)


async def test_a_stack_that_refuses_the_examples_is_ready_without(tmp_path: Path) -> None:
    with running(tmp_path, MAX_IMAGE_PIXELS="1000") as said:
        assert await ids(tmp_path) == []

    assert any("goes on without examples" in line for line in said)


async def ids(home: Path) -> list[str]:
    """The styles that a gateway is told of."""
    port = json.loads((home / "ports.json").read_text())["nats"]
    async with connected(f"nats://127.0.0.1:{port}") as bus:
        told = await bus.ask(STORAGE_STYLES_QUERY, StylesQuestion(), Styles)
    return [style.id for style in told.styles]


def _until_ready(lines: Iterator[str]) -> Iterator[str]:
    for line in lines:
        yield line
        if line.startswith("ready: "):
            return
    raise AssertionError("the stack was never ready")
