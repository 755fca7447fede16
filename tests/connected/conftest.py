"""One NATS and one Postgres for the session, empty again for every test; gateways in front."""

import os
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from services.chassis.bus import Bus
from services.chassis.database import Database
from tests.buses import connected
from tests.connected.entrances import Entrance, OverHttp, OverTheBus
from tests.connected.gateways import PLATFORM_TOKEN, Front, Gateway, Others, fronting
from tests.connected.places import empty_streams, migrated_schema
from tests.servers import NatsServer, PostgresServer, nats_server, postgres_server


@pytest.fixture(scope="session")
def own_nats(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NatsServer]:
    with nats_server(tmp_path_factory.mktemp("nats")) as server:
        yield server


@pytest.fixture(scope="session")
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with postgres_server(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture
async def empty_bus(own_nats: NatsServer) -> AsyncIterator[Bus]:
    """A connection to a bus whose streams and durables are there and empty."""
    async with connected(own_nats.url) as bus:
        await empty_streams(bus, own_nats.url)
        yield bus


@pytest.fixture
async def storage_tables(own_postgres: PostgresServer) -> AsyncIterator[Database]:
    async with migrated_schema(own_postgres.url, f"s_{uuid4().hex}", "storage") as database:
        yield database


@pytest.fixture
async def feedback_tables(own_postgres: PostgresServer) -> AsyncIterator[Database]:
    async with migrated_schema(own_postgres.url, f"f_{uuid4().hex}", "feedback") as database:
        yield database


@pytest.fixture(scope="module")
def front(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Front]:
    """A bus and gateways for one module, which says with FRONT how many and how they are set."""
    with fronting(tmp_path_factory.mktemp("front"), **request.module.FRONT) as front:
        yield front


@pytest.fixture
def doors(front: Front) -> list[Gateway]:
    return front.doors


@pytest.fixture
async def behind(front: Front) -> AsyncIterator[Others]:
    async with front.behind() as services:
        yield services


@pytest.fixture
async def api(doors: list[Gateway], behind: Others) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the first gateway, while the others answer."""
    async with doors[0].client() as client:
        yield client


@pytest.fixture
async def platform_api(doors: list[Gateway], behind: Others) -> AsyncIterator[httpx.AsyncClient]:
    """The same for a platform's user who was never here before."""
    user = {"X-Platform-Token": PLATFORM_TOKEN, "X-User-Id": f"user-{uuid4().hex}"}
    async with doors[0].client(**user) as client:
        yield client


@pytest.fixture(params=[OverHttp, OverTheBus], ids=["http", "bus"])
def entrance(
    request: pytest.FixtureRequest, platform_api: httpx.AsyncClient, behind: Others
) -> Entrance:
    """Each of the two ways in, for that user."""
    made: Entrance = request.param(platform_api, behind)
    return made


@pytest.fixture
def settings(own_nats: NatsServer, own_postgres: PostgresServer, tmp_path: Path) -> dict[str, str]:
    """The environment of a deployment whose database does not exist yet."""
    return {
        **os.environ,
        "NATS_URL": own_nats.url,
        "DATABASE_URL": own_postgres.url_of(f"mizual_{uuid4().hex[:12]}"),
        "DATABASE_SCHEMA": "mizual",
        "MIZUAL_HOME": str(tmp_path),
        "DOTENV_FILE": os.devnull,
        "ENVIRONMENT": "preview",
    }
