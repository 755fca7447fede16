"""Instructions without a model: what there is, put together in plain sentences."""

from collections.abc import Iterable, Iterator
from typing import Final

from contracts.journal import Enhanced
from contracts.styles import Guide
from services.enhancer.domain.brief import Brief
from services.enhancer.domain.enhancing import as_they_are
from services.enhancer.domain.rulebook import name_of, rules_of
from services.enhancer.domain.rules import LOCAL, sentence

COMPOSER: Final = "composer-1"
"""Version of the sentences below, stored with every job as its model."""

MAX_COMPOSED_CHARACTERS: Final = 4000
"""Image models read much more, but weigh each word the less; the rules at the end are cut."""

REFERENCE: Final = (
    "The second picture is a style reference: take its palette, its light and its texture, "
    "and copy nothing that it shows."
)
"""What the image model is told of the second picture, which it is sent when there is one."""

_VARY_FIRST: Final = "Make a new variation of the first picture."
_VARY: Final = "Make a new variation of this picture."
_FREELY: Final = "Vary its light, its colours and its small details freely."
_RECOGNISABLE: Final = "Its subject and its composition stay recognisable."
_ONLY_THAT: Final = (
    "Apart from that and from the style, keep the subject, the composition and every detail."
)
_SHORTEST_CUT_CHARACTERS: Final = 40
"""Of a rule that is cut: less says nothing."""


def compose(brief: Brief, layout: str) -> Enhanced:
    """The instruction; of an edit without a style, the person's own words.

    Nobody is shown it: it has the operator's rules word for word.
    """
    if brief.is_plain:
        return as_they_are(brief.words)
    said = " ".join(_variation(brief, layout) if brief.is_variation else _edit(brief))
    if brief.guide is not None:
        said += _style(brief.guide, room=MAX_COMPOSED_CHARACTERS - len(said))
    return Enhanced(instruction=said, provider=LOCAL, model=COMPOSER)


def _variation(brief: Brief, layout: str) -> Iterator[str]:
    yield _VARY_FIRST if brief.reference else _VARY
    if brief.words:
        yield f"What is wanted: {sentence(brief.words)}"
    if brief.reference:
        yield REFERENCE
    if not (brief.words or brief.reference or brief.guide):
        yield _FREELY
    if layout:
        yield f"How it is now: {layout}"
    yield _RECOGNISABLE


def _edit(brief: Brief) -> Iterator[str]:
    yield sentence(brief.words)
    if brief.reference:
        yield REFERENCE
    yield _ONLY_THAT


def _style(guide: Guide, *, room: int) -> str:
    name = name_of(guide)
    head = f" Follow the style “{name}”:" if name else " Follow this style:"
    rules = _fitting(rules_of(guide), room - len(head))
    return head + rules if rules else ""


def _fitting(rules: Iterable[str], room: int) -> str:
    kept = ""
    for rule in rules:
        left = room - len(kept) - 1
        if len(rule) > left:
            return kept + _cut(rule, left)
        kept += f" {rule}"
    return kept


def _cut(rule: str, room: int) -> str:
    if room < _SHORTEST_CUT_CHARACTERS:
        return ""
    return f" {rule[: room - 1].rpartition(' ')[0] or rule[: room - 1]}."
