"""Instructions without a model: no key, no network, no weights."""

from contracts.journal import Enhanced
from services.enhancer.domain.brief import Brief
from services.enhancer.domain.composing import compose
from services.enhancer.domain.enhancing import Looks
from services.enhancer.domain.rules import rewrite


class Composer:
    """See Writer: passes on what there is."""

    def __init__(self, looks: Looks) -> None:
        self._looks = looks

    async def write(self, brief: Brief) -> Enhanced:
        """See Writer."""
        return compose(brief, await self._looks.layout(brief))


class LocalRules:
    """See Writer: the rules of the domain, which look at no picture; what is more is composed."""

    def __init__(self, composer: Composer) -> None:
        self._composer = composer

    async def write(self, brief: Brief) -> Enhanced:
        """See Writer."""
        return rewrite(brief.words) if brief.is_plain else await self._composer.write(brief)
