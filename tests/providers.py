"""One emulator of each provider for the whole run, as new for every test that asks for it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from functools import cache
from pathlib import Path

import certifi
import pytest

from tests.emulators.running import Emulator, running

_END = "-----END CERTIFICATE-----\n"


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
def google(emulator_of: Callable[[str], Emulator], light_clients: None) -> Emulator:
    """Google's Gemini."""
    return _renewed(emulator_of("gemini"))


@pytest.fixture
def openai(emulator_of: Callable[[str], Emulator], light_clients: None) -> Emulator:
    """OpenAI."""
    return _renewed(emulator_of("openai"))


@pytest.fixture(scope="session")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificate of one authority that everybody trusts."""
    path = tmp_path_factory.mktemp("authority") / "one.pem"
    path.write_text("".join(Path(certifi.where()).read_text().partition(_END)[:2]))
    return path


@pytest.fixture
def light_clients(authority: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Clients know one authority: the usual ones cost each more than its test, on plain HTTP."""
    monkeypatch.setenv("SSL_CERT_FILE", str(authority))


def _renewed(emulator: Emulator) -> Emulator:
    emulator.reset()
    return emulator
