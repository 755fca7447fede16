"""The whole system with real provider clients, each in front of its emulator."""

from collections.abc import Collection, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from urllib.parse import urlsplit

from tests.emulators.running import Emulator, running
from tests.stack import SERVICES, UNLIMITED, RealStack, real_stack


@dataclass(frozen=True, slots=True)
class Providers:
    """The emulators of one system; `gemini` and `openai` only where a language model is asked."""

    bfl: Emulator
    gemini: Emulator | None = None
    openai: Emulator | None = None

    def settings(self) -> dict[str, str]:
        """What leads the services to them."""
        at = urlsplit(self.bfl.url)
        found = {
            "BFL_API_KEY": self.bfl.key,
            "BFL_BASE_URL": self.bfl.url,
            "BFL_ALLOWED_HOSTS": f"127.0.0.1:{at.port},localhost:{at.port}",
        }
        if self.gemini:
            found |= {"GEMINI_API_KEY": self.gemini.key, "GEMINI_BASE_URL": self.gemini.url}
        if self.openai:
            found |= {"OPENAI_API_KEY": self.openai.key, "OPENAI_BASE_URL": f"{self.openai.url}/v1"}
        return found


@dataclass(frozen=True, slots=True)
class Emulated:
    """A running system and the emulators that it asks."""

    system: RealStack
    providers: Providers

    @property
    def bfl(self) -> Emulator:
        """Flux."""
        return self.providers.bfl


@contextmanager
def emulated_stack(
    home: Path,
    *,
    languages: Collection[str] = (),
    services: Collection[str] = SERVICES,
    **settings: str,
) -> Iterator[Emulated]:
    """The system with Flux emulated, and the named language providers (`gemini`, `openai`).

    Without one the local rules enhance; `GEMINI_API_KEY` also lets Gemini edit pictures when its
    models are allowed.
    """
    with ExitStack() as opened:
        providers = Providers(opened.enter_context(running("bfl")))
        asked = {name: opened.enter_context(running(name)) for name in languages}
        providers = replace(providers, **asked)
        values = UNLIMITED | providers.settings() | settings
        system = opened.enter_context(real_stack(home, services, **values))
        yield Emulated(system, providers)
