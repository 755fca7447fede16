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


@pytest.fixture(scope="session")
def gemini_process() -> Iterator[Emulator]:
    with running("gemini") as emulator:
        yield emulator


@pytest.fixture
def gemini(gemini_process: Emulator) -> Emulator:
    gemini_process.reset()
    return gemini_process


@pytest.fixture(scope="session")
def openai_process() -> Iterator[Emulator]:
    with running("openai") as emulator:
        yield emulator


@pytest.fixture
def openai(openai_process: Emulator) -> Emulator:
    openai_process.reset()
    return openai_process
