"""Reading the looks that a clause asks to change."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from services.renderer.domain.amounts import MOST_DOWN, TWO_WAY, size
from services.renderer.domain.finding import Finding
from services.renderer.domain.targets import (
    Target,
    governor_of,
    is_plain,
    names_whole,
    narrowest,
    object_of,
    place_of,
    target_of,
)
from services.renderer.domain.vocabulary import (
    COLOURS,
    EFFECTS,
    FIXES,
    GREYS,
    HALF,
    LESS,
    SHADES_OF,
    SKY,
    STOPS,
    Effect,
    Kind,
)
from services.renderer.domain.wishes import Adjust, Look, Region

_OPPOSITE: Final = {Look.BLUR: Look.SHARPEN, Look.SHARPEN: Look.BLUR}
_DEFINITE: Final = frozenset({"the", "this", "that", "my", "its", "these", "those"})
_TOO: Final = "too"


@dataclass(frozen=True, slots=True)
class _Place:
    """A word of effect among the words of its clause."""

    words: Sequence[str]
    at: int
    before: int
    after: int

    @property
    def effect(self) -> Effect:
        return EFFECTS[self.words[self.at]]

    @property
    def lead(self) -> Sequence[str]:
        return self.words[self.before : self.at]

    @property
    def tail(self) -> Sequence[str]:
        return self.words[self.at + 1 : self.after]

    @property
    def next_word(self) -> str:
        return self.words[self.at + 1] if self.at + 1 < len(self.words) else ""


def find_adjustments(words: Sequence[str], inherited: Target) -> list[Finding]:
    """The looks to change, in order. `inherited`: what the clause is about if it does not say."""
    spots = [at for at, word in enumerate(words) if word in EFFECTS]
    ends = [0, *(at + 1 for at in spots)]
    starts = [*spots[1:], len(words)]
    places = [
        _Place(words, at, before, after)
        for at, before, after in zip(spots, ends, starts, strict=False)
    ]
    return [_read(place, inherited) for place in places if not _only_describes(place)]


def target_in(words: Sequence[str]) -> Target:
    """What the clause's verb is about, for the clause that goes on from it."""
    spots = [at for at, word in enumerate(words) if word in EFFECTS]
    if not spots:
        governor = governor_of(words, len(words))
        return (
            Region.WHOLE if governor is None else target_of(_before_colour(words[governor + 1 :]))
        )
    return _target(_Place(words, spots[0], 0, len(words)), Region.WHOLE)


def _before_colour(words: Sequence[str]) -> Sequence[str]:
    at = next((i for i, word in enumerate(words) if word in COLOURS or word in SHADES_OF), None)
    return object_of(words if at is None else words[:at])


def _only_describes(place: _Place) -> bool:
    """Whether it speaks of what is there, or of a colour: "the dark sky", "dark blue"."""
    if place.effect.kind is Kind.NOUN:
        return False
    following = place.next_word
    if following in COLOURS or following in GREYS:
        return True
    is_definite = place.at > 0 and place.words[place.at - 1] in _DEFINITE
    is_before_noun = bool(following) and following not in EFFECTS and following not in STOPS
    return place.effect.kind is Kind.QUALITY and is_definite and is_before_noun


def _read(place: _Place, inherited: Target) -> Finding:
    effect = place.effect
    near = (*place.lead, *place.tail)
    where = _target(place, inherited)
    is_complaint = _TOO in place.lead
    sign = effect.sign * (-1 if _is_lessened(place) else 1) * (-1 if is_complaint else 1)
    look = _OPPOSITE.get(effect.look, effect.look) if sign < 0 else effect.look
    sign = 1 if look is not effect.look else sign
    is_impossible = sign < 0 and look not in TWO_WAY
    is_vague = look is not Look.BALANCE and any(word in FIXES for word in place.lead)
    if where is None or is_impossible or is_vague:
        return Finding(place.at)
    how_much = size(look, near)
    amount = how_much if sign > 0 else -min(how_much, _most_down(look))
    return Finding(place.at, Adjust(look, amount, where), is_complaint)


def _is_lessened(place: _Place) -> bool:
    near = place.lead if place.effect.kind is Kind.QUALITY else (*place.lead, *place.tail)
    return any(word in LESS or word in HALF for word in near)


def _most_down(look: Look) -> float:
    return 1.0 if look in {Look.SATURATION, Look.WARMTH} else MOST_DOWN


def _target(place: _Place, inherited: Target) -> Target:
    words, at, effect = place.words, place.at, place.effect
    governor = governor_of(words, at)
    elsewhere = target_of(place_of(words[at + 1 :]))
    if effect.kind is Kind.VERB and governor is None:
        return narrowest((target_of(object_of(words[at + 1 :])), elsewhere))
    lead = place.lead if governor is None else words[governor + 1 : at]
    lead = [word for word in lead if word not in EFFECTS]
    described = _described(place) if effect.kind is not Kind.NOUN else Region.WHOLE
    found = narrowest((target_of(lead), described, elsewhere))
    says_nothing = governor is None and found is Region.WHOLE and effect.kind is Kind.QUALITY
    return inherited if says_nothing and not names_whole(lead) else found


def _described(place: _Place) -> Target:
    """What a quality right in front of a noun is about: "a darker sky", "a dark castle"."""
    for word in place.words[place.at + 1 :]:
        if word in STOPS:
            return Region.WHOLE
        if word in SKY:
            return Region.SKY
        if not is_plain(word) and word not in EFFECTS:
            return None
    return Region.WHOLE
