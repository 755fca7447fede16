"""Language models, one module per vendor, and the choice among them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.enhancer.adapters.local import LocalRules
from services.enhancer.domain.enhancing import LanguageModel
from services.enhancer.domain.rules import LOCAL, RULES
from services.enhancer.settings import EnhancerSettings


def asked(settings: EnhancerSettings) -> dict[str, str] | None:
    """Provider and model for the log; None where nobody is going to be asked."""
    if not settings.enable_prompt_enhancement:
        return None
    provider = settings.chosen_provider
    return {"provider": provider, "model": RULES if provider == LOCAL else settings.chosen_model}


@asynccontextmanager
async def open_model(settings: EnhancerSettings) -> AsyncIterator[LanguageModel]:
    """The configured language model, closed with the block; opening asks nobody anything."""
    if settings.chosen_provider == "local":
        yield LocalRules()
        return
    # libvips and a vendor's SDK cost about 100 MiB of memory: only who asks a model pays them.
    from services.enhancer.adapters.remote import open_remote  # noqa: PLC0415

    async with open_remote(settings) as model:
        yield model
