"""One running system for all tests of this folder that leave it as it was."""

from collections.abc import AsyncIterator, Iterator

import httpx
import pytest

from tests import api
from tests.stack import UNLIMITED, RealStack, real_stack


@pytest.fixture(scope="session")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RealStack]:
    """NATS, Postgres, objects and the five services; no limits."""
    with real_stack(tmp_path_factory.mktemp("system"), **UNLIMITED) as system:
        yield system


@pytest.fixture
async def gateway(system: RealStack) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the system's gateway."""
    async with api.client(system.url) as client:
        yield client
