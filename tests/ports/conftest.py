"""One S3 server for the whole session, and an empty store of each kind."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import pytest

from services.chassis.objects import ObjectStore, open_store
from services.chassis.settings import ObjectStoreSettings
from tests.fakes_objects import MemoryStore
from tests.ports.buckets import Buckets
from tests.servers import seaweed_server


@pytest.fixture(scope="session")
def buckets(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Buckets]:
    """Buckets on a real S3 server, started once and ended with the session."""
    with (
        seaweed_server(tmp_path_factory.mktemp("seaweed")) as server,
        closing(Buckets(server)) as buckets,
    ):
        yield buckets


@pytest.fixture(params=["memory", "directory", "s3"])
async def store(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[ObjectStore]:
    """An empty store of each kind."""
    async with _opened(request, tmp_path) as opened:
        yield opened


@asynccontextmanager
async def _opened(request: pytest.FixtureRequest, home: Path) -> AsyncIterator[ObjectStore]:
    if request.param == "memory":
        yield MemoryStore()
    elif request.param == "directory":
        async with open_store(ObjectStoreSettings(s3_bucket_name=""), home) as directory:
            yield directory
    else:
        buckets: Buckets = request.getfixturevalue("buckets")
        async with open_store(buckets.new(), home) as s3:
            yield s3
