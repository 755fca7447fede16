"""Which language a text of Latin letters is in, told by its small words; unsure is an answer."""

from typing import Final

from services.enhancer.domain.words import LATIN, main_script, tokens

_ENGLISH: Final = "english"

# Without accents, as `tokens` gives them. A word may belong to several: only a clear lead counts.
_SMALL_WORDS: Final = {
    _ENGLISH: "the and with of to in is it its make more keep this that from into not a an on as "
    "are be at for their her his so look",
    "french": "le la les des une un et du dans avec plus pour est sur au aux ce cette rends de ne "
    "pas en qui mets soit moins",
    "german": "der die das und mit ein eine einen den dem des im in nicht ist mehr auf zu von mach "
    "mache sie es aus wie bleiben soll",
    "spanish": "el la los las una un y con del en mas para que es no haz al de su se por hazlo pon "
    "como",
    "italian": "il lo la gli le una un e con del della nel piu per che non rendi di da i al dei "
    "metti come",
    "portuguese": "o a os as uma um e com do da em mais para que nao faca no na de ao se por deixe "
    "como",
    "dutch": "de het een en met van in niet is meer op maak dat te voor als zijn aan",
}
_LANGUAGES: Final = {name: frozenset(words.split()) for name, words in _SMALL_WORDS.items()}
_LEAD: Final = 2
"""One small word may be a name, or a word of another language."""


def language(text: str) -> str | None:
    """The language whose small words are the most, None without a clear lead."""
    words = tokens(text)
    counts = {name: sum(w in small for w in words) for name, small in _LANGUAGES.items()}
    first, second = sorted(counts.values(), reverse=True)[:2]
    if first - second < _LEAD:
        return None
    return max(counts, key=counts.__getitem__)


def is_english(text: str) -> bool:
    """Whether a text may be English: of Latin letters, and not surely of another language."""
    return main_script(text) == LATIN and language(text) in {None, _ENGLISH}


def differ(one: str, other: str) -> bool:
    """Whether two texts are surely in two languages."""
    known = {language(one), language(other)} - {None}
    return len(known) > 1
