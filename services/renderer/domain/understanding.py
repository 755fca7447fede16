"""From a person's own words to the ordered wishes that libvips can carry out."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from contracts.errors import ErrorCode
from services.chassis.errors import PermanentError
from services.renderer.domain.adjustments import find_adjustments, target_in
from services.renderer.domain.clauses import Clause, clauses
from services.renderer.domain.finding import Finding
from services.renderer.domain.geometry import find_geometry
from services.renderer.domain.leftovers import has_leftover, is_statement
from services.renderer.domain.saying import say
from services.renderer.domain.targets import Target, target_of
from services.renderer.domain.tints import find_tints
from services.renderer.domain.vocabulary import COLOURS, EFFECTS, GOVERNORS
from services.renderer.domain.wishes import Adjust, Region, Tint, Understanding, Wish

ABILITIES: Final = (
    "I could not carry this out without an image model. I can tint the whole picture or its sky, "
    "make it black and white or sepia, brighter or darker, warmer or cooler, more or less "
    "colourful or contrasty, dramatic, blurred, sharper, pixelated or posterised, add a vignette, "
    "rotate, flip and crop."
)
"""What a person reads when nothing was understood."""

# A prompt of 1,000 characters names more than anyone means; each wish costs a pass over the pixels.
MAX_WISHES: Final = 12


def understand(prompt: str) -> Understanding:
    """The wishes in the prompt. Raises PermanentError NOT_UNDERSTOOD when there is none."""
    parts = clauses(prompt)
    found = _sparing(_find(parts), [target_of(_things(part.spared)) for part in parts])
    wishes = _without_echoes(found)[:MAX_WISHES]
    if not wishes:
        raise PermanentError(ErrorCode.NOT_UNDERSTOOD, ABILITIES)
    is_partial = any(finding.wish is None for finding in found)
    return Understanding(tuple(wishes), say(wishes, is_partial=is_partial), is_partial)


def _find(parts: Sequence[Clause]) -> list[Finding]:
    found: list[Finding] = []
    about: Target = Region.WHOLE
    for part in parts:
        if is_statement(part.words):
            continue
        inherited = about if part.goes_on else Region.WHOLE
        here = _find_in(part.words, inherited)
        found.extend(here)
        if _has_verb(part.words):
            about = target_in(part.words)
        elif any(finding.wish is None for finding in here):
            about = None
        elif not part.goes_on:
            about = Region.WHOLE
    return found


def _find_in(words: Sequence[str], inherited: Target) -> list[Finding]:
    found = [
        *find_adjustments(words, inherited),
        *find_tints(words, inherited),
        *find_geometry(words),
    ]
    if has_leftover(words, found):
        found.append(Finding(len(words)))
    return sorted(found, key=lambda finding: finding.at)


def _things(spared: Sequence[str]) -> list[str]:
    return [word for word in spared if word not in EFFECTS and word not in COLOURS]


def _sparing(found: Sequence[Finding], spared: Sequence[Target]) -> list[Finding]:
    """Honour "except the sky"; any other thing cannot be told apart, which is admitted."""
    if all(target is Region.WHOLE for target in spared):
        return list(found)
    outside = [_outside_sky(finding) for finding in found] if Region.SKY in spared else list(found)
    is_done = set(spared) <= {Region.WHOLE, Region.SKY} and outside != found
    return outside if is_done else [*outside, Finding(0)]


def _outside_sky(finding: Finding) -> Finding:
    wish = finding.wish
    if isinstance(wish, Adjust | Tint) and wish.where is Region.WHOLE:
        return replace(finding, wish=replace(wish, where=Region.GROUND))
    return finding


def _has_verb(words: Sequence[str]) -> bool:
    return any(word in GOVERNORS or word in EFFECTS for word in words)


def _without_echoes(found: Sequence[Finding]) -> list[Wish]:
    """The wishes; "brighten it, it is too dark" is one."""
    said = {_direction(f.wish) for f in found if f.wish is not None and not f.is_complaint}
    wishes: list[Wish] = []
    for finding in found:
        is_echo = finding.is_complaint and _direction(finding.wish) in said
        if finding.wish is not None and not is_echo and finding.wish not in wishes[-1:]:
            wishes.append(finding.wish)
    return wishes


def _direction(wish: Wish | None) -> object:
    return (wish.look, wish.amount > 0) if isinstance(wish, Adjust) else wish
