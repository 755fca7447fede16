"""One emulator of each provider for the whole run, as new before every test."""

from collections.abc import Iterator

import httpx
import pytest

from tests.emulators.running import Emulator, running


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
def http() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=10, trust_env=False) as client:
        yield client
