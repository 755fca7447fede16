"""One emulator of each provider for the whole run, as new for every test that asks for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache

import pytest

from tests.emulators.running import Emulator, running


@pytest.fixture(scope="session")
def emulator_of() -> Iterator[Callable[[str], Emulator]]:
    """The provider's emulator, started when it is first asked for."""
    with ExitStack() as stack:
        yield cache(lambda name: stack.enter_context(running(name)))


@pytest.fixture
def bfl(emulator_of: Callable[[str], Emulator]) -> Emulator:
    """Black Forest Labs, whose tasks take no time."""
    emulator = _renewed(emulator_of("bfl"))
    emulator.set(latency_seconds=0)
    return emulator


@pytest.fixture
def google(emulator_of: Callable[[str], Emulator]) -> Emulator:
    """Google's Gemini."""
    return _renewed(emulator_of("gemini"))


@pytest.fixture
def openai(emulator_of: Callable[[str], Emulator]) -> Emulator:
    """OpenAI."""
    return _renewed(emulator_of("openai"))


def _renewed(emulator: Emulator) -> Emulator:
    emulator.reset()
    return emulator
