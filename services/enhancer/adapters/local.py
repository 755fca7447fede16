"""The language model that is none: no key, no network, no weights."""

from contracts.journal import Enhanced
from contracts.objects import ObjectRef
from services.enhancer.domain.rules import rewrite


class LocalRules:
    """The rules of the domain, which look at no picture."""

    async def enhance(self, prompt: str, *, original: ObjectRef | None) -> Enhanced:  # noqa: ARG002
        """See LanguageModel."""
        return rewrite(prompt)
