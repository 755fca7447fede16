"""One emulator of Flux for the run, as new before every test, and a client of it."""

from collections.abc import AsyncIterator, Iterator

import pytest

from services.renderer.adapters.flux import Flux
from tests.emulators.running import Emulator, running
from tests.unit.renderer.flux_opened import opened


@pytest.fixture(scope="session")
def bfl_process() -> Iterator[Emulator]:
    with running("bfl") as emulator:
        yield emulator


@pytest.fixture
def bfl(bfl_process: Emulator) -> Emulator:
    bfl_process.reset()
    bfl_process.set(latency_seconds=0)
    return bfl_process


@pytest.fixture
async def flux(bfl: Emulator) -> AsyncIterator[Flux]:
    async with opened(bfl.url) as flux:
        yield flux
