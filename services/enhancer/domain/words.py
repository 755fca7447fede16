"""What a text is made of: its scripts, and the words that carry its meaning."""

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from difflib import get_close_matches
from functools import lru_cache
from itertools import groupby, pairwise
from typing import Final

LATIN: Final = "LATIN"
EAST_ASIAN: Final = "EAST ASIAN"
# Japanese and Chinese share characters, and a kana is no foreign script beside them.
_TOGETHER: Final = dict.fromkeys(
    ("CJK", "HIRAGANA", "KATAKANA", "KATAKANA-HIRAGANA", "IDEOGRAPHIC"), EAST_ASIAN
)
# One of their characters says about as much as two letters do.
_DENSE: Final = frozenset({EAST_ASIAN, "HANGUL"})
# Written without spaces, or (Korean) with endings that hide the word: pairs of characters instead.
_PAIRED: Final = frozenset({*_DENSE, "THAI", "LAO", "KHMER", "MYANMAR", "TIBETAN"})

# A name, a number or a quoted word of another script is not a language of its own.
_PRESENT_SHARE: Final = 0.2
_SHORTEST_WORD: Final = 3
SHORTEST_AT_ALL: Final = 2
"""Of a wish that has no longer word of meaning: "hd"."""
_STEM: Final = 5
"""Characters that two forms of a word share: "dramatic" and "dramatically"."""
_FEW_WORDS: Final = 8
"""Up to here each word may be held against each other one for a slip of the pen."""
_RESEMBLING: Final = 0.8
"""Of difflib's ratio: "drmatic" and "dramatic" have 0.93, "clouds" and "colours" 0.77."""

# Words that say nothing about which wish it is.
_EMPTY_WORDS: Final = frozenset(
    """
    about add after all also and any are back been but can change could did does edit for from
    get give had has have her here his how into its just let like look looks make making may
    mine more most much must need not now off one only our out over photo photograph picture
    image please pls plz put same set should some such take than thanks that the their them then
    there these they this those thx turn upon use very want was way were what when where which
    while who will with would you your
    am an as at be by do go he hi if in is it me my no of ok on or so to up us we
    """.split()  # noqa: SIM905 - a list of a hundred words reads best as words
)

_SHORT_FORMS: Final = (
    (re.compile(r"\bb ?(?:&|/|n|and)? ?w\b"), "black white grey monochrome colour"),
    (re.compile(r"\bs ?[/&]? ?w\b"), "schwarz weiß grau farbe"),
    (re.compile(r"\bn ?[/&] ?b\b"), "noir blanc gris couleur"),
    (re.compile(r"\b[bp] ?[/&] ?[nb]\b"), "blanco negro bianco nero preto branco color"),
    (re.compile(r"\bbg\b"), "background"),
)
"""What people write of a wish -> words of it that an answer has."""


def scripts(text: str) -> dict[str, float]:
    """Script -> its share of the letters, 0 to 1; empty where there is no letter."""
    counts: Counter[str] = Counter()
    for char in unicodedata.normalize("NFKC", text):
        if char.isalpha():
            script = _script(char)
            counts[script] += 2 if script in _DENSE else 1
    total = counts.total()
    return {script: count / total for script, count in counts.items()}


def main_script(text: str) -> str | None:
    """The script of most of the letters; None where there is no letter."""
    shares = scripts(text)
    return max(shares, key=shares.__getitem__) if shares else None


def present_scripts(text: str) -> frozenset[str]:
    """The scripts that a text is really written in, names and quotes aside."""
    return frozenset(name for name, share in scripts(text).items() if share >= _PRESENT_SHARE)


def content_words(text: str, *, shortest: int = _SHORTEST_WORD) -> frozenset[str]:
    """The words that tell one wish from another, without case and accents.

    Scripts without spaces give pairs of characters, and a symbol alone gives the words of its name.
    """
    words = _units_of(_in_full(text), shortest)
    return words or _units_of(_names_of_symbols(text), shortest)


def in_scripts(words: Iterable[str], known: Collection[str]) -> frozenset[str]:
    """The words of these scripts; a number is of any."""
    return frozenset(word for word in words if main_script(word) in {None, *known})


def tokens(text: str) -> list[str]:
    """Every word and number in order, without case, accents and punctuation."""
    bare = "".join(
        c for c in unicodedata.normalize("NFKD", text) if unicodedata.category(c) != "Mn"
    )
    folded = unicodedata.normalize("NFKC", bare).casefold()
    return "".join(c if _in_word(c) else " " for c in folded).split()


def split_at_scripts(text: str) -> list[str]:
    """Every word in order, also where no space parts it from one of a script without spaces."""
    return [part for token in tokens(text) for _, part in _parts(token)]


def runs(words: Sequence[str], length: int) -> list[tuple[str, ...]]:
    """So many words in a row, from each word on."""
    return list(zip(*(words[at:] for at in range(length)), strict=False))


def kindred(words: frozenset[str], others: frozenset[str]) -> int:
    """How many of the words are among the others, in this or another form or misspelt."""
    beginnings = {other[:length] for other in others for length in range(_SHORTEST_WORD, _STEM + 1)}
    missing = [word for word in words if not _is_among(word, others, beginnings)]
    if len(words) <= _FEW_WORDS:
        missing = [word for word in missing if not _resembles(word, others)]
    return len(words) - len(missing)


def _is_among(word: str, others: frozenset[str], beginnings: set[str]) -> bool:
    if word in others or word[:_STEM] in beginnings:
        return True
    return any(word[:length] in others for length in range(_SHORTEST_WORD, _STEM))


def _resembles(word: str, others: frozenset[str]) -> bool:
    long_enough = len(word) >= _STEM
    return long_enough and bool(get_close_matches(word, others, n=1, cutoff=_RESEMBLING))


def _in_full(text: str) -> str:
    full = text.casefold()
    for pattern, words in _SHORT_FORMS:
        full = pattern.sub(words, full)
    return full


def _names_of_symbols(text: str) -> str:
    return " ".join(unicodedata.name(c, "") for c in text if unicodedata.category(c) == "So")


def _units_of(text: str, shortest: int) -> frozenset[str]:
    return frozenset(unit for token in tokens(text) for unit in _units(token, shortest))


def _units(token: str, shortest: int) -> Iterator[str]:
    for paired, part in _parts(token):
        if paired:
            yield from (map("".join, pairwise(part)) if len(part) > 1 else part)
        elif _says_something(part, shortest):
            yield part


def _parts(token: str) -> Iterator[tuple[bool, str]]:
    for paired, run in groupby(token, key=lambda char: _script(char) in _PAIRED):
        yield paired, "".join(run)


def _says_something(word: str, shortest: int) -> bool:
    has_number = any(char.isdigit() for char in word)
    return has_number or (len(word) >= shortest and word not in _EMPTY_WORDS)


def _in_word(char: str) -> bool:
    return char.isalnum() or unicodedata.category(char).startswith("M")


@lru_cache(maxsize=4096)
def _script(char: str) -> str:
    # The standard library has no script property; a letter's name begins with it.
    first = unicodedata.name(char, "UNNAMED").split(" ", 1)[0]
    return _TOGETHER.get(first, first)
