"""Pictures by Google's Gemini, which answers within the call."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import Final

from google.genai import types

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError, TransientError
from services.chassis.gemini import Gemini, open_gemini
from services.chassis.gemini_answers import Answer
from services.chassis.gemini_refusals import NotAcceptedError
from services.chassis.hold import NotSubmittedError
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.providers import Provider
from services.renderer.adapters.gemini_picture import fitted
from services.renderer.domain.editing import Edited, Made, Source, Wish
from services.renderer.domain.gemini_models import (
    PROVIDER,
    GeminiModel,
    model_named,
    refuse_unsupported,
)
from services.renderer.settings import RendererSettings

WHO: Final = "The image service"
EDIT_SECONDS: Final = 90.0
"""A large picture of the largest model takes about a minute."""
MAX_ANSWER_BYTES: Final = 64 * 1024 * 1024
"""Room for a picture of 48 MB in base64: the largest is 50 MB of pixels before it is packed."""

_MADE_NOTHING: Final = f"{WHO} made no picture of this. Please try it in other words."
_NO_PICTURE: Final = f"{WHO} sent something that is no picture. Please try again."


class GeminiImages:
    """See PaidEditor."""

    name = PROVIDER

    def __init__(
        self,
        gemini: Gemini,
        provider: Provider,
        *,
        limits: ImageLimits,
        checker: ImageChecker,
        pool: PixelPool,
    ) -> None:
        self._gemini = gemini
        self._provider = provider
        self._limits = limits
        self._checker = checker
        self._pool = pool

    async def prepare(self, source: Source, wish: Wish) -> tuple[Source, ...]:
        """See PaidEditor; width and height stay those of the source, whose size is asked for."""
        refuse_unsupported(model_named(wish.model), wish.options)
        return tuple([await self._fitted(picture) for picture in (source, *wish.references)])

    async def make(self, sent: tuple[Source, ...], wish: Wish) -> Made:
        """See PaidEditor."""
        model = model_named(wish.model)
        parts = [types.Part.from_bytes(data=s.data, mime_type=s.content_type) for s in sent]
        parts.append(types.Part.from_text(text=wish.instruction))
        answer = await self._answer(parts, model, _config(model, sent[0], wish))
        if not answer.images:
            # Paid for, and asking the same again would bring the same: the words are what has to
            # change, so it is a failure of the wish, which keeps its place of the quota.
            reason = f"gemini: no picture, ended with {answer.finish}"
            raise PermanentError(ErrorCode.NOT_UNDERSTOOD, _MADE_NOTHING, reason=reason)
        # Where there are several, the earlier ones are drafts of the last.
        data = next(filter(None, reversed(answer.images)), b"")
        return Made(data, answer.model or wish.model)

    async def check(self, made: Made) -> Edited:
        """See PaidEditor."""
        try:
            picture = await self._checker.check(made.data)
        except PermanentError as error:
            raise PermanentError(
                ErrorCode.RESULT_INVALID, _NO_PICTURE, reason=f"gemini: {error.code}"
            ) from None
        return Edited(
            data=made.data,
            content_type=picture.content_type,
            width_pixels=picture.width_pixels,
            height_pixels=picture.height_pixels,
            provider=self.name,
            model=made.model,
        )

    async def _fitted(self, picture: Source) -> Source:
        fit = partial(fitted, picture.data, self._limits)
        sent = await self._pool.in_thread(fit, pixels=picture.pixels)
        return replace(picture, data=sent.data, content_type=sent.content_type)

    async def _answer(
        self, parts: list[types.Part], model: GeminiModel, config: types.GenerateContentConfig
    ) -> Answer:
        try:
            async with self._provider.call("edit", seconds=EDIT_SECONDS):
                answer = await self._gemini.ask(
                    parts, model=model.name, config=config, seconds=EDIT_SECONDS
                )
                if not answer.images and not answer.is_whole:
                    raise TransientError("gemini: perhaps a picture, which could not be read")
                return answer
        except NotAcceptedError as error:
            raise NotSubmittedError(str(error), retry_after=error.retry_after) from None


@asynccontextmanager
async def open_gemini_images(
    settings: RendererSettings, provider: Provider, *, checker: ImageChecker, pool: PixelPool
) -> AsyncIterator[GeminiImages]:
    """Gemini as configured, closed with the block. The settings must have its key."""
    assert settings.gemini_api_key is not None
    async with open_gemini(
        settings.gemini_base_url,
        settings.gemini_api_key.get_secret_value(),
        who=WHO,
        max_answer_bytes=MAX_ANSWER_BYTES,
    ) as gemini:
        limits = ImageLimits(max_image_pixels=settings.max_image_pixels)
        yield GeminiImages(gemini, provider, limits=limits, checker=checker, pool=pool)


def _config(model: GeminiModel, source: Source, wish: Wish) -> types.GenerateContentConfig:
    """A shape only where one was asked for: without, the model keeps that of the source."""
    size = model.size_for(max(source.width_pixels, source.height_pixels))
    return types.GenerateContentConfig(
        response_modalities=["IMAGE"],
        image_config=types.ImageConfig(aspect_ratio=wish.options.aspect_ratio, image_size=size),
    )
