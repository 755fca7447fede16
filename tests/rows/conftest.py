"""One system with S3, Postgres, NATS and the five services, and the two doors of it."""

import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import closing

import httpx
import pytest

from deploy.local.stack import STYLES
from services.chassis.bus import Bus
from tests import api
from tests.buses import connected
from tests.ports.buckets import Buckets
from tests.rows.doors import ADMIN_TOKEN, PLATFORM_TOKEN, BusDoor, Door, HttpDoor
from tests.servers import seaweed_server
from tests.stack import UNLIMITED, RealStack, real_stack

LONGEST_CHAIN = 3


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    """Everything is real, the pictures come from the local renderer, and no limit is in force."""
    with (
        seaweed_server(tmp_path_factory.mktemp("rows-s3")) as server,
        closing(Buckets(server)) as buckets,
    ):
        store = buckets.new()
        assert store.s3_access_key_id is not None
        assert store.s3_secret_access_key is not None
        settings = {
            "S3_BUCKET_NAME": store.s3_bucket_name,
            "S3_ENDPOINT_URL": server.endpoint_url,
            "S3_ACCESS_KEY_ID": store.s3_access_key_id.get_secret_value(),
            "S3_SECRET_ACCESS_KEY": store.s3_secret_access_key.get_secret_value(),
            "PLATFORM_TOKEN": PLATFORM_TOKEN,
            "ADMIN_TOKEN": ADMIN_TOKEN,
            "MAX_CHAIN_LENGTH": str(LONGEST_CHAIN),
        }
        with real_stack(tmp_path_factory.mktemp("rows"), **UNLIMITED, **settings) as system:
            yield system


@pytest.fixture(scope="session")
def styles(house: RealStack) -> RealStack:
    """The same with the example styles."""
    loading = [sys.executable, "-m", "services.storage.admin", "styles", "load", str(STYLES)]
    subprocess.run(loading, env=dict(house.environment), check=True, stdout=subprocess.DEVNULL)
    return house


@pytest.fixture
async def client(house: RealStack) -> AsyncIterator[httpx.AsyncClient]:
    """A browser that was never here before."""
    async with api.client(house.url) as client:
        yield client


@pytest.fixture
async def bus(house: RealStack) -> AsyncIterator[Bus]:
    async with connected(house.nats_url) as bus:
        yield bus


@pytest.fixture(params=["http", "bus"])
def door(request: pytest.FixtureRequest, client: httpx.AsyncClient, bus: Bus) -> Door:
    """Each of the two ways in."""
    return HttpDoor(client) if request.param == "http" else BusDoor(client, bus)
