import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy.local import ports
from deploy.local.errors import StackError


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_taken_port_is_refused_with_the_variable_that_moves_it(taken: int) -> None:
    with pytest.raises(StackError, match=rf"port {taken} on 127.0.0.1 is taken.*GATEWAY_PORT"):
        ports.require_free(taken, host="127.0.0.1", variable="GATEWAY_PORT")


def test_a_free_port_is_accepted() -> None:
    ports.require_free(ports.free(), host="127.0.0.1", variable="GATEWAY_PORT")


def test_a_taken_port_is_seen_from_every_address(taken: int) -> None:
    assert ports.is_taken(taken, "0.0.0.0")


def test_neighbours_are_free_together_and_lie_below_the_outgoing_range() -> None:
    first = ports.free(5, offsets=(0, 10_000))

    assert not any(ports.is_taken(first + step + 10_000) for step in range(5))
    assert first + 4 + 10_000 < 32_768


def test_ports_are_the_same_the_next_time(tmp_path: Path) -> None:
    first = ports.remembered(tmp_path / "ports.json", ("nats", "postgres"))

    assert ports.remembered(tmp_path / "ports.json", ("nats", "postgres")) == first
    assert len(set(first.values())) == 2


def test_a_remembered_port_that_somebody_took_is_replaced(tmp_path: Path, taken: int) -> None:
    file = tmp_path / "ports.json"
    file.write_text(json.dumps({"nats": taken, "other": 1}))

    assert ports.remembered(file, ("nats",))["nats"] != taken
    assert json.loads(file.read_text())["other"] == 1
