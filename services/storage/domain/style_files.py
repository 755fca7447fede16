"""What an operator's files say of a style: its id, its name, its rules, its profile."""

import json
import re
from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue
from pydantic_core import from_json

from contracts.styles import MAX_PROFILE_BYTES, MAX_RULES_CHARACTERS, Guide
from services.chassis.errors import MizualError

MAX_NAME_CHARACTERS: Final = 80
"""It is a label beside a picture."""

MAX_GUIDE_FILE_BYTES: Final = 32 * 1024
"""Rules of four bytes a character, a heading, and as much again in blank lines."""

MAX_PROFILE_FILE_BYTES: Final = 4 * MAX_PROFILE_BYTES
"""The same JSON indented."""

_STEM: Final = re.compile(r"[A-Za-z0-9-]{1,64}")
_HEADING: Final = re.compile(r"^#[ \t]+(.*?)[ \t#]*$", re.MULTILINE)
# C0 but tab, newline and return; DEL; C1.
_UNFIT: Final = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


class StyleError(MizualError):
    """A file or folder that no style can be made of; the message says why."""


def style_id(stem: str) -> str:
    """The id that a file of this name, without its ending, belongs to. Raises StyleError."""
    if not _STEM.fullmatch(stem):
        raise StyleError("its name is no id: letters a to z, digits and hyphens, at most 64")
    return stem.lower()


def guide_of(style: str, text: str, profile: dict[str, JsonValue] | None) -> Guide:
    """The guide of the style with this id. Raises StyleError for rules or a name that do not fit.

    The first heading (`# Warm film`) is the name and no rule; without one the id is, in words.
    """
    heading = _HEADING.search(text)
    name, rules = _in_words(style), text
    if heading:
        name, rules = " ".join(heading[1].split()), text[: heading.start()] + text[heading.end() :]
    rules = rules.strip()
    if not 0 < len(name) <= MAX_NAME_CHARACTERS:
        raise StyleError(f"its heading has {len(name)} characters; 1 to {MAX_NAME_CHARACTERS} fit")
    if not rules:
        raise StyleError("it has no rules")
    if len(rules) > MAX_RULES_CHARACTERS:
        raise StyleError(f"its rules have {len(rules):,} characters; {MAX_RULES_CHARACTERS:,} fit")
    return Guide(name=name, rules=rules, profile=profile)


def text_of(data: bytes) -> str:
    """The text of a file, lines ended alike. Raises StyleError for what is no text."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise StyleError("it is not UTF-8 text") from None
    if unfit := _UNFIT.search(text):
        line = text.count("\n", 0, unfit.start()) + 1
        raise StyleError(f"it has a control character ({unfit[0]!a}) in line {line}")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def profile_of(data: bytes) -> dict[str, JsonValue]:
    """The profile in a file. Raises StyleError unless it is one JSON object of a fitting size."""
    try:
        profile = from_json(text_of(data), allow_inf_nan=False)
        size = len(json.dumps(profile, ensure_ascii=False, allow_nan=False).encode())
    except ValueError:
        raise StyleError("it is not valid JSON") from None
    if not isinstance(profile, dict):
        raise StyleError("it is not a JSON object")
    if size > MAX_PROFILE_BYTES:
        raise StyleError(f"its JSON has {size:,} bytes; {MAX_PROFILE_BYTES:,} fit")
    if any(_UNFIT.search(text) for text in _texts(profile)):
        raise StyleError("it has a control character in a string")
    return profile


def _in_words(style: str) -> str:
    return " ".join(style.replace("-", " ").split()).capitalize() or style


def _texts(value: JsonValue) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield key
            yield from _texts(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
