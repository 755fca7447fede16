"""A prompt as clauses of plain words: spellings unified, quotations dropped, negations cut off."""

import re
import unicodedata
from dataclasses import dataclass
from typing import Final

from services.renderer.domain.spellings import SPELLINGS
from services.renderer.domain.vocabulary import (
    EFFECTS,
    EXCEPTIONS,
    LISTING_NEGATORS,
    NEGATORS,
    REQUESTS,
    Kind,
)

_QUOTED: Final = re.compile(r'"[^"]*"|“[^”]*”|«[^»]*»')
_PARTS: Final = re.compile(r"[.!?;:\n]+|,|\b(?:and|then|but|also|plus|while|however)\b|&|[()]")
_WORD: Final = re.compile(r"[a-z]+\d*(?:x\d+)?|\d+")
_SHORT: Final = 2


@dataclass(frozen=True, slots=True)
class Clause:
    """The words wished for in one clause, in order.

    `goes_on`: joined to the clause before it, so that its object may be meant here too.
    """

    words: tuple[str, ...]
    goes_on: bool
    spared: tuple[str, ...] = ()
    """What is to stay as it is: "except the red car"."""


def clauses(prompt: str) -> list[Clause]:
    """The clauses of a prompt, without what is negated."""
    found: list[Clause] = []
    negator = ""
    for joint, words in _joined(_parts(_unified(prompt))):
        negator = _carried(negator, joint, words)
        at = 0 if negator else _first_negator(words)
        negator = negator or (words[at] if at < len(words) else "")
        if words:
            goes_on = joint in {",", "and", "but", "&", "also"}
            spared = words[at + 1 :] if negator in EXCEPTIONS else ()
            found.append(Clause(words[:at], goes_on=goes_on, spared=spared))
    return found


def _unified(prompt: str) -> str:
    text = unicodedata.normalize("NFKC", prompt).lower()
    # What stands in quotation marks is text to be shown, unless it is all there is.
    unquoted = _QUOTED.sub(" ", text)
    text = unquoted if _WORD.search(unquoted) else text
    for pattern, by in SPELLINGS:
        text = pattern.sub(by, text)
    return text


def _parts(text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Each clause's words with the joint in front of it."""
    joints = ["", *(match.group().strip() for match in _PARTS.finditer(text))]
    pieces = _PARTS.split(text)
    words = [tuple(_WORD.findall(piece)) for piece in pieces]
    return [(joint, each) for joint, each in zip(joints, words, strict=True) if each]


def _joined(parts: list[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """Two qualities of one thing are one clause: "a dark and stormy sky"."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for joint, words in parts:
        if found and joint == "and" and _is_quality(found[-1][1][-1]) and _is_quality(words[0]):
            found[-1] = (found[-1][0], found[-1][1] + words)
        else:
            found.append((joint, words))
    return found


def _is_quality(word: str) -> bool:
    return word in EFFECTS and EFFECTS[word].kind is Kind.QUALITY


def _carried(negator: str, joint: str, words: tuple[str, ...]) -> str:
    """The negation that still holds: "don't crop and rotate", "no blur, vignette or grain"."""
    if not negator or len(words) > _SHORT or words[-1].endswith("er"):
        return ""
    if negator in LISTING_NEGATORS:
        is_verb = words[0] in REQUESTS or (words[0] in EFFECTS and len(words) > 1)
        return "" if is_verb or joint not in {"and", ","} else negator
    return negator if joint == "and" else ""


def _first_negator(words: tuple[str, ...]) -> int:
    # "It is not bright enough" asks for more.
    if "enough" in words:
        return len(words)
    return next((at for at, word in enumerate(words) if word in NEGATORS), len(words))
