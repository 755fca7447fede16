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
    VERBS,
    Kind,
)

_QUOTED: Final = re.compile(r'"[^"]*"|“[^”]*”|«[^»]*»')
_PARTS: Final = re.compile(r"[.!?;:\n]+|,|\b(?:and|then|but|also|plus|while|however)\b|&|[()]")
_WORD: Final = re.compile(r"[a-z]+\d*(?:x\d+)?|\d+")
_NOUNS_IN_ING: Final = frozenset({"painting", "drawing", "dressing", "lighting"})
_SHORT: Final = 2
_TOUCHES: Final = frozenset({"change", "colour", "tint", "edit", "paint"})
_REST: Final = frozenset({"rest", "else", "remainder", "others"})
_LISTING: Final = frozenset({"or", "any", "a", "the", "no", "too"})
_IMPERATIVES: Final = frozenset({"make", "turn", "give", "tint", "rotate", "crop", "flip"})


@dataclass(frozen=True, slots=True)
class Clause:
    """The words wished for in one clause, in order.

    `goes_on`: joined to the clause before it, so that its object may be meant here too.
    """

    words: tuple[str, ...]
    goes_on: bool
    spared: tuple[str, ...] = ()
    """What is to stay as it is: "except the red car", "don't touch the sky"."""


def clauses(prompt: str) -> list[Clause]:
    """The clauses of a prompt, without what is negated."""
    found: list[Clause] = []
    negator = ""
    for joint, words in _joined(_parts(_unified(prompt))):
        negator = _carried(negator, joint, words)
        at = 0 if negator else _first_negator(words)
        negator = negator or (words[at] if at < len(words) else "")
        if words:
            wished = words[:at] + _resumed(words[at:], negator)
            goes_on = joint in {",", "and", "but", "&", "also", "then"}
            spared = _spared(words[at:], negator)
            found.append(Clause(wished, goes_on=goes_on, spared=spared))
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
    words = [tuple(map(_plain_verb, _WORD.findall(piece))) for piece in pieces]
    return [(joint, each) for joint, each in zip(joints, words, strict=True) if each]


def _plain_verb(word: str) -> str:
    """The verb itself for its form in -ing: "rotating it", "muting the colours"."""
    if not word.endswith("ing") or word in EFFECTS or word in _NOUNS_IN_ING:
        return word
    stem = word.removesuffix("ing")
    return next((verb for verb in (stem, f"{stem}e", stem[:-1]) if verb in VERBS), word)


def _joined(parts: list[tuple[str, tuple[str, ...]]]) -> list[tuple[str, tuple[str, ...]]]:
    """Two qualities of one thing are one clause: "a dark and stormy sky"."""
    found: list[tuple[str, tuple[str, ...]]] = []
    for joint, words in parts:
        if found and joint == "and" and _are_qualities(found[-1][1][-1], words[0]):
            found[-1] = (found[-1][0], found[-1][1] + words)
        else:
            found.append((joint, words))
    return found


def _are_qualities(*words: str) -> bool:
    return all(_is(word, Kind.QUALITY) for word in words)


def _is(word: str, kind: Kind) -> bool:
    return word in EFFECTS and EFFECTS[word].kind is kind


def _carried(negator: str, joint: str, words: tuple[str, ...]) -> str:
    """The negation that still holds: "don't crop and rotate", "no blur, vignette or grain"."""
    content = [word for word in words if word not in _LISTING]
    if negator in EXCEPTIONS and any(word in VERBS for word in words):
        return ""
    if not negator or len(content) > _SHORT or words[-1].endswith("er"):
        return ""
    if negator in LISTING_NEGATORS:
        is_verb = words[0] in REQUESTS or (len(words) > 1 and _is(words[0], Kind.VERB))
        return "" if is_verb or joint not in {"and", ","} else negator
    return negator if joint == "and" else ""


def _spared(words: tuple[str, ...], negator: str) -> tuple[str, ...]:
    """What a negation wants left alone; "don't blur the background" is about a wish."""
    kept = tuple(word for word in words if word not in NEGATORS and word not in _REST)
    if negator in EXCEPTIONS:
        return kept
    is_wish = any(word in VERBS - _TOUCHES or word in EFFECTS for word in kept)
    return () if is_wish or not negator else kept


def _resumed(words: tuple[str, ...], negator: str) -> tuple[str, ...]:
    """What is wished for behind a short negation: "without blur make it bright"."""
    if negator not in LISTING_NEGATORS:
        return ()
    at = next((at for at, word in enumerate(words) if at > 1 and word in _IMPERATIVES), len(words))
    return words[at:]


def _first_negator(words: tuple[str, ...]) -> int:
    # "It is not bright enough" asks for more.
    if "enough" in words:
        return len(words)
    return next((at for at, word in enumerate(words) if word in NEGATORS), len(words))
