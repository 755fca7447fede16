"""Everything that the enhancer works with, opened as the settings say."""

from collections.abc import AsyncIterator
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass

from services.chassis.breaker import Breaker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.objects import ObjectStore, open_store
from services.enhancer.adapters.describers import LocalDescriber, RemoteDescriber
from services.enhancer.adapters.guides import StoredGuides
from services.enhancer.adapters.local import Composer, LocalRules
from services.enhancer.adapters.looks import PreviewedLooks
from services.enhancer.adapters.originals import Originals
from services.enhancer.adapters.picture import Preview
from services.enhancer.adapters.remote import RemoteWriter
from services.enhancer.adapters.vendor import Vendor
from services.enhancer.domain.describing import GENERATED_BY
from services.enhancer.domain.description import Describer
from services.enhancer.domain.enhancing import Desk, Writer
from services.enhancer.domain.rules import LOCAL, RULES
from services.enhancer.settings import EnhancerSettings

NOBODY = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What the handlers work with, and what readiness and the pulling go by."""

    desk: Desk
    describer: Describer
    store: ObjectStore
    describing: Breaker | None
    """Whose state stops the pulling of descriptions, since nothing can take a model's place."""


def chosen(settings: EnhancerSettings) -> dict[str, str]:
    """Provider and models for the log."""
    is_local = settings.chosen_provider == LOCAL
    writes = RULES if is_local else settings.chosen_model
    return {
        "provider": settings.chosen_provider,
        "model": writes if settings.enable_prompt_enhancement else NOBODY,
        "describes": GENERATED_BY if is_local else settings.describing_model,
    }


@asynccontextmanager
async def open_enhancer(settings: EnhancerSettings) -> AsyncIterator[Opened]:
    """Everything, closed with the block; opening asks no provider anything."""
    limits = ImageLimits(max_image_pixels=settings.max_image_pixels)
    async with AsyncExitStack() as opened:
        pool = opened.enter_context(closing(PixelPool()))
        store = await opened.enter_async_context(open_store(settings, settings.mizual_home))
        originals = Originals(store, limits, pool)
        looks = PreviewedLooks(Preview(store, limits, pool), limits, pool)
        composer = Composer(looks)
        writer: Writer = LocalRules(composer)
        describer: Describer = LocalDescriber(originals, limits, pool)
        describing = None
        if settings.chosen_provider != LOCAL:
            vendor = await opened.enter_async_context(open_vendor(settings))
            writer = RemoteWriter(vendor, looks, Breaker(f"{vendor.name}-enhance"))
            describing = Breaker(f"{vendor.name}-describe")
            seeing = vendor.using(settings.describing_model)
            describer = RemoteDescriber(seeing, originals, describing)
        if not settings.enable_prompt_enhancement:
            writer = composer
        desk = Desk(guides=StoredGuides(store), writer=writer, composer=composer)
        yield Opened(desk=desk, describer=describer, store=store, describing=describing)


def open_vendor(settings: EnhancerSettings) -> AbstractAsyncContextManager[Vendor]:
    """The chosen vendor, closed with the block; the SDK of another is not even loaded."""
    if settings.chosen_provider == "gemini":
        from services.enhancer.adapters.gemini import open_gemini_words  # noqa: PLC0415

        return open_gemini_words(settings)
    from services.enhancer.adapters.openai import open_openai_words  # noqa: PLC0415

    return open_openai_words(settings)
