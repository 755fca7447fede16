"""Descriptions: by a provider's model, or measured here where none is set up."""

from functools import partial

from contracts.journal import Written
from contracts.objects import ObjectRef
from services.chassis.breaker import Breaker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.chassis.providers import Provider
from services.enhancer.adapters.originals import Originals
from services.enhancer.adapters.picture import MAX_SIDE_PIXELS
from services.enhancer.adapters.vendor import CALL_SECONDS, Vendor
from services.enhancer.domain.describing import GENERATED_BY, describe_locally
from services.enhancer.domain.description import FORM, MATERIAL, Shown, described, useless
from services.enhancer.domain.instruction import DESCRIPTION, load_instruction
from services.enhancer.domain.question import Question
from services.enhancer.domain.rules import LOCAL


class LocalDescriber:
    """See Describer: says what can be measured, and that it does no more."""

    provider = LOCAL
    model = GENERATED_BY

    def __init__(self, originals: Originals, limits: ImageLimits, pool: PixelPool) -> None:
        self._originals = originals
        self._limits = limits
        self._pool = pool

    async def look(self, original: ObjectRef) -> Shown:
        """See Describer: the very picture, since its type and size are told."""
        return await self._originals.whole(original)

    async def describe(self, shown: Shown) -> Written:
        """See Describer."""
        describe = partial(describe_locally, shown.data, self._limits)
        text = await self._pool.in_thread(describe, pixels=shown.pixels)
        return Written(text=text, provider=self.provider, model=self.model)


class RemoteDescriber:
    """See Describer: a vendor's model is shown a small copy."""

    def __init__(self, vendor: Vendor, originals: Originals, breaker: Breaker) -> None:
        self.provider = vendor.name
        self.model = vendor.model
        self._vendor = vendor
        self._originals = originals
        self._calls = Provider(vendor.name, breaker)
        self._told = load_instruction(DESCRIPTION)

    async def look(self, original: ObjectRef) -> Shown:
        """See Describer."""
        return await self._originals.small(original, max_side_pixels=MAX_SIDE_PIXELS)

    async def describe(self, shown: Shown) -> Written:
        """See Describer."""
        question = Question(told=self._told, material=MATERIAL, form=FORM, pictures=(shown.data,))
        async with self._calls.call("describe", seconds=CALL_SECONDS):
            said = await self._vendor.ask(question)
        # Outside the call: a useless answer says nothing about the provider's health.
        if not said.text:
            raise useless(f"{self.provider}: no text, ended with {said.ended}")
        return described(
            said.text, told=self._told, provider=self.provider, model=said.model or self.model
        )
