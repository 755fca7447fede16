"""However the supervisor ends, nothing of the stack is left."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from deploy.local import guard
from tests.unit.deploy.processes import assert_all_end, number_in, wait_for

STANDING = (sys.executable, "-m", "tests.unit.deploy.standing")


@contextmanager
def standing(folder: Path, *prefix: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [*prefix, *STANDING, str(folder)],
        env=os.environ | environment,
        start_new_session=True,
    )
    try:
        wait_for((folder / "pids").exists, "the stack of dummies")
        yield process
    finally:
        process.kill()
        process.wait()


def everybody(folder: Path) -> list[int]:
    return [*map(int, (folder / "pids").read_text().split()), number_in(folder / "child")]


def watchmen_of(supervisor: int) -> list[int]:
    listed = subprocess.run(
        ("ps", "-ww", "-A", "-o", "pid=,ppid=,command="), capture_output=True, text=True, check=True
    )
    rows = (line.split(None, 2) for line in listed.stdout.splitlines())
    ours = (row for row in rows if int(row[1]) == supervisor)
    return [int(pid) for pid, _, command in ours if guard.__file__ in command]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_asked_to_stop_it_ends_services_before_servers(
    tmp_path: Path, number: signal.Signals
) -> None:
    with standing(tmp_path) as process:
        pids = everybody(tmp_path)
        process.send_signal(number)

        assert process.wait(10) == 0

    assert (tmp_path / "order").read_text() == "service server "
    assert_all_end(pids)


def test_killed_it_leaves_nothing(tmp_path: Path) -> None:
    with standing(tmp_path) as process:
        pids = [*everybody(tmp_path), *watchmen_of(process.pid)]
        assert len(pids) == 5
        process.kill()

        assert_all_end(pids)


def test_killed_with_its_watchman_replaced_it_leaves_nothing(tmp_path: Path) -> None:
    with standing(tmp_path) as process:
        (first,) = watchmen_of(process.pid)
        os.kill(first, signal.SIGKILL)
        wait_for(lambda: watchmen_of(process.pid) not in ([first], []), "another watchman")
        pids = everybody(tmp_path)
        process.kill()

        assert_all_end(pids)


def test_a_make_that_was_killed_takes_it_along(tmp_path: Path) -> None:
    shell = ("/bin/sh", "-c", '"$@" & wait', "sh")
    with standing(tmp_path, *shell, MAKELEVEL="1") as make:
        pids = everybody(tmp_path)
        make.kill()

        assert_all_end(pids)
