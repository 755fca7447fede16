"""The checks of a model's plan: what fails one is not used, however well it reads."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from contracts.journal import MAX_PROMPT_CHARACTERS
from services.enhancer.domain.languages import differ, is_english
from services.enhancer.domain.quotes import own_words, unquoted
from services.enhancer.domain.suspicions import suspicion
from services.enhancer.domain.words import (
    SHORTEST_AT_ALL,
    content_words,
    in_scripts,
    kindred,
    main_script,
    present_scripts,
    runs,
    scripts,
    tokens,
)

# Of eight words of meaning, one must come back: a wish may be put in other words, not replaced.
_WORDS_PER_MATCH: Final = 8
_WORDS_OF_STYLE: Final = 2
"""Of the rules, so many must come back where there are no words: they may be told in others."""
_LEAK_WORDS: Final = 8
"""So many words in a row in common with the system instruction are no coincidence."""
_SHARED_RUN: Final = 2
"""A single small word in both texts says still which language it is."""
_WHITESPACE: Final = re.compile(r"\s+")


class Flaw(StrEnum):
    """Why a plan is not used; a word for the log."""

    EMPTY = "empty"
    TOO_LONG = "too_long"
    OTHER_LANGUAGE = "other_language"
    OTHER_SUBJECT = "other_subject"
    LEAK = "leak"
    SUSPICIOUS = "suspicious"


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """An instruction on trial, and what it is held against."""

    written: str
    """What the person wrote."""
    change: str
    """What the model took for the wish."""
    answered: str
    """What the model wrote, in its own lines."""
    system: str
    """The system instruction that the model was given."""
    style: str | None = None
    """What else the instruction may rest on: a style's rules, which may be none. None where the
    words have to say it all.
    """

    @property
    def instruction(self) -> str:
        """What would be used: the answer on one line."""
        return _WHITESPACE.sub(" ", self.answered).strip()


def flaw(candidate: Candidate) -> Flaw | None:
    """The first check that the candidate fails, None when it may be used."""
    return next((name for name, fails in _CHECKS if fails(candidate)), None)


def _is_empty(candidate: Candidate) -> bool:
    return not tokens(candidate.instruction)


def _is_too_long(candidate: Candidate) -> bool:
    return len(candidate.instruction) > MAX_PROMPT_CHARACTERS


def _is_suspicious(candidate: Candidate) -> bool:
    # A line may begin with what gives it away; a sign may also be torn apart by a line break.
    forms = (candidate.answered, candidate.instruction)
    return any(suspicion(form, written=candidate.written) for form in forms)


def _is_in_another_language(candidate: Candidate) -> bool:
    """Held apart from what the two share: a name or a text to write may be of any language.

    Without any words it is English.
    """
    written, said = candidate.written, candidate.instruction
    if not written:
        return not is_english(unquoted(said))
    # Of a wish in two scripts either will do, also where one of them is all that comes back.
    allowed = present_scripts(own_words(written, said, run=1))
    allowed |= present_scripts(unquoted(written))
    if allowed and main_script(own_words(said, written, run=1)) not in allowed:
        return True
    return differ(
        own_words(written, said, run=_SHARED_RUN), own_words(said, written, run=_SHARED_RUN)
    )


def _is_about_something_else(candidate: Candidate) -> bool:
    """The wish must come back in change or instruction, and the instruction follow from both.

    A wish without any word of meaning vouches for nothing, but a style may.
    """
    written, change, instruction = _meanings(candidate)
    style = in_scripts(content_words(candidate.style or ""), scripts(candidate.instruction))
    if not written:
        return candidate.style is None or _strays(instruction, style)
    kept = kindred(written, change | instruction) >= _least(written)
    follows = kindred(instruction, written | change | style) >= _least(written | change)
    return not (kept and follows)


def _strays(instruction: frozenset[str], style: frozenset[str]) -> bool:
    return kindred(instruction, style) < min(_WORDS_OF_STYLE, len(style))


def _meanings(candidate: Candidate) -> list[frozenset[str]]:
    """The words of meaning of wish, change and instruction, in the scripts of both ends."""
    texts = (candidate.written, candidate.change, candidate.instruction)
    both = scripts(candidate.written).keys() & scripts(candidate.instruction).keys()
    known = both or scripts(candidate.instruction)
    words = [in_scripts(content_words(text), known) for text in texts]
    if words[0]:
        return words
    return [in_scripts(content_words(text, shortest=SHORTEST_AT_ALL), known) for text in texts]


def _least(words: frozenset[str]) -> int:
    return min(len(words), max(1, len(words) // _WORDS_PER_MATCH))


def leaks(text: str, *, system: str, written: str = "") -> bool:
    """Whether the text repeats the system instruction, and not only what the person wrote."""
    return not (_runs(system) - _runs(written)).isdisjoint(_runs(text))


def _leaks(candidate: Candidate) -> bool:
    return leaks(candidate.instruction, system=candidate.system, written=candidate.written)


def _runs(text: str) -> frozenset[tuple[str, ...]]:
    return frozenset(runs(tokens(text), _LEAK_WORDS))


_CHECKS: Final[tuple[tuple[Flaw, Callable[[Candidate], bool]], ...]] = (
    (Flaw.EMPTY, _is_empty),
    (Flaw.TOO_LONG, _is_too_long),
    (Flaw.SUSPICIOUS, _is_suspicious),
    (Flaw.OTHER_LANGUAGE, _is_in_another_language),
    (Flaw.LEAK, _leaks),
    (Flaw.OTHER_SUBJECT, _is_about_something_else),
)
