"""What is not a text's own: passages in quotation marks, and words that it shares with another."""

import re
from typing import Final

from services.enhancer.domain.words import runs, split_at_scripts

# A single mark within a word is an apostrophe.
_QUOTED: Final = re.compile(
    r'"[^"]*"|＂[^＂]*＂|[“„”][^“„”]*[“”]|«[^«»]*»|»[^«»]*«|‹[^‹›]*›|›[^‹›]*‹'
    r"|「[^「」]*」|『[^『』]*』|《[^《》]*》|〈[^〈〉]*〉"
    r"|(?<!\w)'(?:[^']|(?<=\w)'(?=\w))+'(?!\w)|(?<!\w)[‘‚](?:[^‘’]|(?<=\w)’(?=\w))+[‘’](?!\w)"
)


def unquoted(text: str) -> str:
    """The text without what stands in quotation marks; all of it where nothing else is said."""
    rest = _QUOTED.sub(" ", text)
    return rest if any(char.isalpha() for char in rest) else text


def own_words(text: str, other: str, *, run: int) -> str:
    """What the text says by itself: no quotations, nothing that the other has in a run of words.

    A `run` is so many words or more. All that is not quoted where nothing else is left.
    """
    said = unquoted(text)
    words, shared = split_at_scripts(said), set(runs(split_at_scripts(other), run))
    own = set(range(len(words)))
    for at, found in enumerate(runs(words, run)):
        if found in shared:
            own.difference_update(range(at, at + run))
    rest = " ".join(words[at] for at in sorted(own))
    return rest if any(char.isalpha() for char in rest) else said
