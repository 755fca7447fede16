"""Everything that the enhancer works with, opened as the settings say."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing

from services.chassis.breaker import Breaker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.objects import ObjectStore, open_store
from services.enhancer.adapters.guides import StoredGuides
from services.enhancer.adapters.local import Composer, LocalRules
from services.enhancer.adapters.looks import PreviewedLooks
from services.enhancer.adapters.picture import Preview
from services.enhancer.adapters.remote import RemoteWriter
from services.enhancer.adapters.vendor import Vendor
from services.enhancer.domain.enhancing import Desk, Writer
from services.enhancer.domain.rules import LOCAL, RULES
from services.enhancer.settings import EnhancerSettings


def asked(settings: EnhancerSettings) -> dict[str, str] | None:
    """Provider and model for the log; None where nobody is going to be asked."""
    if not settings.enable_prompt_enhancement:
        return None
    provider = settings.chosen_provider
    return {"provider": provider, "model": RULES if provider == LOCAL else settings.chosen_model}


@asynccontextmanager
async def open_desk(settings: EnhancerSettings) -> AsyncIterator[tuple[Desk, ObjectStore]]:
    """The desk, and the store that it reads; opening asks no provider anything."""
    limits = ImageLimits(max_image_pixels=settings.max_image_pixels)
    async with AsyncExitStack() as opened:
        pool = opened.enter_context(closing(PixelPool()))
        store = await opened.enter_async_context(open_store(settings, settings.mizual_home))
        looks = PreviewedLooks(Preview(store, limits, pool), limits, pool)
        composer = Composer(looks)
        writer: Writer = LocalRules(composer)
        if settings.chosen_provider != LOCAL:
            vendor = await opened.enter_async_context(open_vendor(settings))
            writer = RemoteWriter(vendor, looks, Breaker(f"{vendor.name}-enhance"))
        if not settings.enable_prompt_enhancement:
            writer = composer
        yield Desk(guides=StoredGuides(store), writer=writer, composer=composer), store


def open_vendor(settings: EnhancerSettings) -> AbstractAsyncContextManager[Vendor]:
    """The chosen vendor, closed with the block; the SDK of another is not even loaded."""
    if settings.chosen_provider == "gemini":
        from services.enhancer.adapters.gemini import open_gemini_words  # noqa: PLC0415

        return open_gemini_words(settings)
    from services.enhancer.adapters.openai import open_openai_words  # noqa: PLC0415

    return open_openai_words(settings)
