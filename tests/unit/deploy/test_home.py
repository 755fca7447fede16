import fcntl
import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import home
from deploy.local.errors import StackError
from tests.unit.deploy.processes import wait_for

HOLDS_FOR_A_MOMENT = """
import fcntl, sys, time
file = open(sys.argv[1], "r+")
fcntl.flock(file, fcntl.LOCK_EX)
print("held", flush=True)
time.sleep(0.5)
"""


def test_a_second_stack_is_told_of_the_first(tmp_path: Path) -> None:
    with (
        home.occupied(tmp_path / "home"),
        pytest.raises(StackError, match=rf"process {os.getpid()}.*choose another MIZUAL_HOME"),
        home.occupied(tmp_path / "home"),
    ):
        pass


def test_a_folder_is_free_again_once_its_stack_has_gone(tmp_path: Path) -> None:
    for _ in range(2):
        with home.occupied(tmp_path):
            assert (tmp_path / "lock").read_text() == str(os.getpid())


def test_the_watchman_of_a_dead_stack_is_waited_for(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-c", ""])
    dead.wait()
    (tmp_path / "lock").write_text(str(dead.pid))
    command = [sys.executable, "-c", HOLDS_FOR_A_MOMENT, str(tmp_path / "lock")]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as watchman:
        assert watchman.stdout
        watchman.stdout.readline()

        with home.occupied(tmp_path):
            wait_for(lambda: watchman.poll() == 0, "the end of the watchman")


def test_the_lock_is_on_the_descriptor_that_is_handed_on(tmp_path: Path) -> None:
    with home.occupied(tmp_path) as descriptor:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        assert not os.get_inheritable(descriptor)


def test_a_home_that_cannot_be_made_is_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")

    with (
        pytest.raises(StackError, match=r"cannot use .*file/home.*MIZUAL_HOME"),
        home.occupied(tmp_path / "file" / "home"),
    ):
        pass
