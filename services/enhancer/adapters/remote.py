"""A language model behind a provider's API: look, ask, check; the vendors differ in the asking."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, closing
from typing import Final

from contracts.errors import ErrorCode
from contracts.journal import Enhanced
from contracts.objects import ObjectRef
from services.chassis.breaker import Breaker
from services.chassis.errors import PermanentError, TransientError
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.objects import open_store
from services.chassis.providers import Provider
from services.enhancer.adapters.picture import Preview
from services.enhancer.adapters.vendor import CALL_SECONDS, WHO, Said, Vendor
from services.enhancer.domain.enhancing import LONGEST_PAUSE_SECONDS, LanguageModel
from services.enhancer.domain.instruction import load_instruction
from services.enhancer.domain.plan import enhanced
from services.enhancer.settings import EnhancerSettings

_AWAY: Final = f"{WHO} is not available at the moment."


class RemoteModel:
    """See LanguageModel. While the provider is known to be away, it is not waited for.

    It is also away where it asks for a longer pause than the step's own.
    """

    def __init__(self, vendor: Vendor, preview: Preview, breaker: Breaker) -> None:
        self._vendor = vendor
        self._preview = preview
        self._breaker = breaker
        self._provider = Provider(vendor.name, breaker)
        self._told = load_instruction()

    async def enhance(self, prompt: str, *, original: ObjectRef | None) -> Enhanced:
        """See LanguageModel."""
        with self._breaker.turn() as may_ask:
            if not may_ask:
                raise PermanentError(ErrorCode.PROVIDER_FAILED, _AWAY, reason="the breaker is open")
            said = await self._said(prompt, await self._preview.of(original))
        # Outside the call: no plan, or one that fails the checks, says nothing about the provider's
        # health, since it may be due to what one person wrote.
        if not said.text:
            raise TransientError(f"{self._vendor.name}: no text, ended with {said.ended}")
        return enhanced(
            said.text,
            prompt=prompt,
            told=self._told,
            provider=self._vendor.name,
            model=said.model or self._vendor.model,
        )

    async def _said(self, prompt: str, picture: bytes | None) -> Said:
        try:
            async with self._provider.call("enhance", seconds=CALL_SECONDS):
                return await self._vendor.ask(self._told, prompt, picture)
        except TransientError as error:
            if (error.retry_after or 0) <= LONGEST_PAUSE_SECONDS:
                raise
            raise PermanentError(ErrorCode.PROVIDER_FAILED, _AWAY, reason=str(error)) from None


@asynccontextmanager
async def open_remote(settings: EnhancerSettings) -> AsyncIterator[LanguageModel]:
    """The chosen vendor's model with what it needs to look at pictures, closed with the block."""
    limits = ImageLimits(max_image_pixels=settings.max_image_pixels)
    with closing(PixelPool()) as pool:
        async with open_store(settings, settings.mizual_home) as store, open_vendor(settings) as v:
            yield RemoteModel(v, Preview(store, limits, pool), Breaker(f"{v.name}-enhance"))


def open_vendor(settings: EnhancerSettings) -> AbstractAsyncContextManager[Vendor]:
    """The chosen vendor, closed with the block; the SDK of another is not even loaded."""
    if settings.chosen_provider == "gemini":
        from services.enhancer.adapters.gemini import open_gemini_plans  # noqa: PLC0415

        return open_gemini_plans(settings)
    from services.enhancer.adapters.openai import open_openai_plans  # noqa: PLC0415

    return open_openai_plans(settings)
