"""Signs that a text is no instruction for a picture: refusals, chatter, markup, a taken-over model.

A sign that the person wrote too is no suspicion, and a text to write may say that it is sorry.
"""

import re
import unicodedata
from typing import Final

from services.enhancer.domain.quotes import unquoted
from services.enhancer.domain.refusals import REFUSALS

_APOSTROPHES: Final = re.compile("[\u2019\u02bc\u00b4]")
_SPACES: Final = re.compile(r"[^\S\n]+")

CHATTER: Final = (
    r"(?:^|[.!?:\n] ?)here(?:'s| is| are)\b",
    r"^(?:sure|certainly|absolutely|of course|okay|ok|great)\b ?[,!.:]",
    r"\b(?:let me know|hope this helps|happy to help|feel free)\b",
    r"\b(?:subject_to_preserve|final_instruction|constraints\":|description\":)",
)

_ORDERS: Final = r"\b(?:ignore|disregard|forget|override|bypass)"

TAKEOVER: Final = (
    rf"{_ORDERS} (?:\w+ ){{0,4}}(?:instructions?|prompts?|rules|orders|above)\b",
    r"\b(?:system|developer|hidden|initial) (?:prompt|instructions?|message)\b|\bmy instructions\b",
    r"\b(?:jailbreak|you are now|pretend to be)\b",
    r"^ ?(?:system|user|assistant|human|developer|model|tool) ?:",
    r"<\|[^|\n]{0,40}\|>|\[/?(?:inst|sys|system)\]|<</?sys>>|\bend of (?:prompt|instructions)\b",
)

MARKUP: Final = (
    r"\b[a-z][a-z0-9+.-]{1,11}://|\bwww\.|\b(?:javascript|data|mailto):\S",
    r"\b[a-z0-9-]{1,63}\.(?:com|net|org|io|co|dev|app|info|biz|xyz|ru|cn|de|uk|fr)\b",
    r"\b[a-z0-9-]{1,63}\.(?:shop|store|site|online|club|link|ly|gg|ai|eu|tv)\b",
    r"\b[a-z0-9-]{1,63}\.[a-z]{2,24}/\w|\b(?:\d{1,3}\.){3}\d{1,3}\b",
    r"\S@[a-z0-9-]+\.[a-z]",
    r"</?[a-z!][^>\n]{0,200}>|<!--|&(?:[a-z]{2,8}|#\d{1,6});",
    r"```|~~~|\*\*|!?\[[^\]\n]{0,200}\]\(|^ ?#{1,6} |^ ?[|>] |\{ ?\"|\$\{|\{\{",
)

_REFUSAL: Final = "refusal"
_TAKEOVER: Final = "takeover"
_MARKUP: Final = "markup"
_PATTERNS: Final = {
    _REFUSAL: tuple(re.compile(p, re.MULTILINE) for p in REFUSALS),
    "chatter": tuple(re.compile(p, re.MULTILINE) for p in CHATTER),
    _TAKEOVER: tuple(re.compile(p, re.MULTILINE) for p in TAKEOVER),
    _MARKUP: tuple(re.compile(p, re.MULTILINE) for p in MARKUP),
}

# Joiners belong to emoji and to several scripts, marks of direction to those that run to the left;
# every other invisible sign hides something.
_INVISIBLE: Final = frozenset("\u200c\u200d\u200e\u200f\u061c")
# Accents go, so that "desole" stands for "désolé"; the marks of other scripts are letters.
_LEFT_OUT: Final = _INVISIBLE | frozenset(map(chr, range(0x300, 0x370)))
_HIDDEN: Final = frozenset({"Cc", "Cf", "Co", "Cs", "Cn"})
_WHITESPACE: Final = frozenset("\n\r\t")
# A list of a few points is an instruction still; more lines are a poem or a page.
_MAX_BREAKS: Final = 5


def suspicion(text: str, *, written: str) -> str | None:
    """The name of the first sign in the text that is not in what the person wrote, if any."""
    if _hidden(text) - _hidden(written):
        return "hidden"
    if _breaks(text) > _breaks(written) + _MAX_BREAKS:
        return "lines"
    known = _flat(_plain(written))
    for name, patterns in _PATTERNS.items():
        plain = _plain(unquoted(text) if name == _REFUSAL else text)
        if any(_is_new(pattern, plain, known) for pattern in patterns):
            return name
    return None


def misleads(text: str) -> bool:
    """Whether a text that should say how something looks gives orders, links or hides something."""
    return is_no_plain_text(text) or _has(_TAKEOVER, text)


def is_no_plain_text(text: str) -> bool:
    """Whether a text has links, markup or signs that nobody sees."""
    return bool(_hidden(text)) or _has(_MARKUP, text)


def _has(kind: str, text: str) -> bool:
    return any(pattern.search(_plain(text)) for pattern in _PATTERNS[kind])


def _is_new(pattern: re.Pattern[str], text: str, known: str) -> bool:
    return any(_flat(found.group()) not in known for found in pattern.finditer(text))


def _flat(text: str) -> str:
    return " ".join(text.split())


def _plain(text: str) -> str:
    bare = unicodedata.normalize("NFKD", _APOSTROPHES.sub("'", text))
    kept = "".join(c for c in bare if c not in _LEFT_OUT)
    return _SPACES.sub(" ", unicodedata.normalize("NFKC", kept).casefold())


def _hidden(text: str) -> frozenset[str]:
    visible = _INVISIBLE | _WHITESPACE
    return frozenset(c for c in text if unicodedata.category(c) in _HIDDEN and c not in visible)


def _breaks(text: str) -> int:
    return len(text.strip().splitlines())
