import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.local import home


def ran(tmp_path: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"MIZUAL_HOME": str(tmp_path), "DOTENV_FILE": os.devnull}
    return subprocess.run(
        (sys.executable, "-m", "deploy.local", *words),
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def test_a_taken_port_is_one_sentence_and_an_error(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        done = ran(tmp_path, "run", GATEWAY_PORT=port)

    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.startswith(f"mizual: port {port} ")
    assert done.stderr.count("\n") == 1


def test_a_second_stack_is_one_sentence_and_an_error(tmp_path: Path) -> None:
    with home.occupied(tmp_path):
        done = ran(tmp_path, "run-s3")

    assert done.returncode == 1
    assert done.stderr.count("\n") == 1
    assert "already runs" in done.stderr


@pytest.mark.parametrize("command", ["run", "run-s3", "demo"])
def test_help_names_every_command(tmp_path: Path, command: str) -> None:
    assert command in ran(tmp_path, "--help").stdout
