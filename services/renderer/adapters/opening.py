"""Everything that the renderer works with, opened as the settings say."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractContextManager, AsyncExitStack, asynccontextmanager, closing
from dataclasses import dataclass, field
from typing import Final

from contracts.journal import JournalEntry
from contracts.queries import ModelAbilities
from services.chassis.breaker import Breaker
from services.chassis.bus import Bus
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits, raw_limits
from services.chassis.images.pool import PixelPool
from services.chassis.keyring import Keyring
from services.chassis.limits import account_policies
from services.chassis.objects import ObjectStore, open_store
from services.chassis.providers import Provider
from services.chassis.pull import always
from services.chassis.settings import prefix_of, secret_keys
from services.renderer.adapters.doors import Doors
from services.renderer.adapters.local import LocalLibvips
from services.renderer.adapters.offers import every_model, quick_model
from services.renderer.adapters.pictures import JobPictures, Shrinker
from services.renderer.adapters.places import AccountPlaces
from services.renderer.domain.editing import PaidEditor, TaskEditor
from services.renderer.domain.polling import PollTimer
from services.renderer.domain.studio import Studio
from services.renderer.domain.workshop import Workshop
from services.renderer.settings import RendererSettings

FLUX: Final = "flux"
GEMINI: Final = "gemini"


@dataclass(frozen=True, slots=True)
class Breakers:
    """One for each operation that takes pictures up; results have theirs by host, see Doors."""

    submissions: Breaker = field(default_factory=lambda: Breaker("flux-submissions"))
    gemini: Breaker = field(default_factory=lambda: Breaker("gemini-images"))

    def of_all(self, models: tuple[ModelAbilities, ...]) -> Breaker | None:
        """Whose state stops the pulling of pictures: the only provider's, if there is but one."""
        providers = {model.provider for model in models}
        return self._of(providers.pop()) if len(providers) == 1 else None

    def turn_of(
        self, models: tuple[ModelAbilities, ...]
    ) -> Callable[[str], AbstractContextManager[bool]]:
        """Where there are several providers, each job asks for its own."""

        def turn(provider: str) -> AbstractContextManager[bool]:
            breaker = self._of(provider)
            return breaker.turn() if breaker and not self.of_all(models) else always()

        return turn

    def _of(self, provider: str) -> Breaker | None:
        return {FLUX: self.submissions, GEMINI: self.gemini}.get(provider)


@asynccontextmanager
async def open_workshop(
    settings: RendererSettings, models: tuple[ModelAbilities, ...], bus: Bus, breakers: Breakers
) -> AsyncIterator[tuple[Workshop, ObjectStore]]:
    """The workshop for these models, and the store that it keeps pictures in."""
    async with AsyncExitStack() as opened:
        pool = opened.enter_context(closing(PixelPool()))
        store = await opened.enter_async_context(open_store(settings, settings.mizual_home))
        checker = ImageChecker(raw_limits(settings.max_image_pixels), pool)
        known = every_model(settings, models)
        by = {name: [m.name for m in known if m.provider == name] for name in (FLUX, GEMINI)}
        tasks: dict[str, TaskEditor] = {}
        paid: dict[str, PaidEditor] = {}
        if by[FLUX]:
            flux = await opened.enter_async_context(_flux(settings, breakers, pool))
            tasks = dict.fromkeys(by[FLUX], flux)
        if by[GEMINI]:
            gemini = await opened.enter_async_context(_gemini(settings, breakers, pool, checker))
            paid = dict.fromkeys(by[GEMINI], gemini)
        limits = ImageLimits(max_image_pixels=settings.max_image_pixels)
        quick = quick_model(settings)
        studio = Studio(
            models=known,
            free={m.name: LocalLibvips(limits, pool) for m in models if m.provider == "local"},
            paid=paid,
            tasks=tasks,
            quick=quick.name if quick else None,
            quick_variations=settings.fast_mode,
            uncertain_repeats=settings.provider_uncertain_repeats,
            webhook_url=_Webhooks(settings).url_of,
        )
        side = settings.fast_reference_max_size
        shrinker = Shrinker(limits, pool, max_side_pixels=side)
        shop = Workshop(
            studio=studio,
            pictures=JobPictures(store, checker, prefix_of(settings, settings), shrinker),
            places=AccountPlaces(bus, account_policies(settings), breakers.submissions),
            timer=PollTimer(interval_seconds=settings.flux_poll_interval_seconds),
            task_timeout_seconds=settings.flux_timeout_seconds,
            turn_of=breakers.turn_of(models),
        )
        yield shop, store


class _Webhooks:
    def __init__(self, settings: RendererSettings) -> None:
        self._base = settings.public_url
        self._keyring = Keyring(secret_keys(settings)) if self._base else None

    def url_of(self, job: JournalEntry) -> str | None:
        """Where a provider may say that the job's task has ended: nobody can guess it."""
        if self._keyring is None:
            return None
        token = self._keyring.webhook_token(job.job_id)
        return f"{self._base}/webhooks/flux/{job.job_id}/{token}"


@asynccontextmanager
async def _flux(
    settings: RendererSettings, breakers: Breakers, pool: PixelPool
) -> AsyncIterator[TaskEditor]:
    # Each client costs memory and time at the start: only who is configured for one pays it.
    from services.renderer.adapters.flux import open_flux  # noqa: PLC0415

    assert settings.bfl_api_key is not None
    async with open_flux(
        base_url=settings.bfl_base_url,
        key=settings.bfl_api_key,
        allowed_hosts=settings.bfl_allowed_hosts,
        safety_tolerance=settings.safety_tolerance,
        submissions=Provider(FLUX, breakers.submissions),
        doors=Doors(FLUX),
        max_image_pixels=settings.max_image_pixels,
        pool=pool,
    ) as flux:
        yield flux


@asynccontextmanager
async def _gemini(
    settings: RendererSettings, breakers: Breakers, pool: PixelPool, checker: ImageChecker
) -> AsyncIterator[PaidEditor]:
    from services.renderer.adapters.gemini import open_gemini_images  # noqa: PLC0415

    provider = Provider(GEMINI, breakers.gemini)
    async with open_gemini_images(settings, provider, checker=checker, pool=pool) as gemini:
        yield gemini
