"""Real servers for the whole run, started on first use; helpers live in plain modules."""

import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator

import pytest

from tests.buses import connected, ensure_streams
from tests.servers import NatsServer, nats_server

pytest_plugins = ["tests.providers"]


def pytest_configure(config: pytest.Config) -> None:
    """Keep every temporary folder of the run in one, which goes with the run."""
    root = tempfile.mkdtemp(prefix="mizual-tests-")
    os.environ["PYTEST_DEBUG_TEMPROOT"] = root
    config.add_cleanup(lambda: shutil.rmtree(root))


@pytest.fixture(scope="session")
def nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    """A NATS with every stream and durable, shared by tests that look at their own jobs alone."""
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        ensure_streams(server.url)
        yield server


@pytest.fixture
async def bus(nats: NatsServer) -> AsyncIterator[object]:
    """A connection to the shared NATS."""
    async with connected(nats.url) as bus:
        yield bus
