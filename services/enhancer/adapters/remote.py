"""Instructions by a provider's model: look, ask, check; the vendors differ in the asking."""

from typing import Final

from contracts.errors import ErrorCode
from contracts.journal import Enhanced
from services.chassis.breaker import Breaker
from services.chassis.errors import PermanentError, TransientError
from services.chassis.providers import Provider
from services.enhancer.adapters.vendor import CALL_SECONDS, Said, Vendor
from services.enhancer.domain.brief import Brief
from services.enhancer.domain.enhancing import LONGEST_PAUSE_SECONDS, WHO, Looks
from services.enhancer.domain.instruction import EDIT, STYLED_EDIT, VARIATION, load_instruction
from services.enhancer.domain.plan import PLAN, enhanced, material, version_of
from services.enhancer.domain.question import Question

_AWAY: Final = f"{WHO} is not available at the moment."


class RemoteWriter:
    """See Writer. While the provider is known to be away, it is not waited for.

    It is also away where it asks for a longer pause than the step's own.
    """

    def __init__(self, vendor: Vendor, looks: Looks, breaker: Breaker) -> None:
        self._vendor = vendor
        self._looks = looks
        self._breaker = breaker
        self._provider = Provider(vendor.name, breaker)
        versions = (EDIT, STYLED_EDIT, VARIATION)
        self._told = {version: load_instruction(version) for version in versions}

    async def write(self, brief: Brief) -> Enhanced:
        """See Writer."""
        told = self._told[version_of(brief)]
        with self._breaker.turn() as may_ask:
            if not may_ask:
                raise PermanentError(ErrorCode.PROVIDER_FAILED, _AWAY, reason="the breaker is open")
            seen = await self._looks.at(brief)
            about = material(brief, seen.layout)
            said = await self._said(
                Question(told=told, material=about, form=PLAN, pictures=seen.pictures)
            )
        # Outside the call: no plan, or one that fails the checks, says nothing about the provider's
        # health, since it may be due to what one person wrote.
        if not said.text:
            raise TransientError(f"{self._vendor.name}: no text, ended with {said.ended}")
        return enhanced(
            said.text,
            brief=brief,
            told=told,
            provider=self._vendor.name,
            model=said.model or self._vendor.model,
        )

    async def _said(self, question: Question) -> Said:
        try:
            async with self._provider.call("enhance", seconds=CALL_SECONDS):
                return await self._vendor.ask(question)
        except TransientError as error:
            if (error.retry_after or 0) <= LONGEST_PAUSE_SECONDS:
                raise
            raise PermanentError(ErrorCode.PROVIDER_FAILED, _AWAY, reason=str(error)) from None
