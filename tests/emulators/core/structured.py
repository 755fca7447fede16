"""What a language model would say: the person's sentence as an instruction, in any JSON schema."""

import json
import re
from collections.abc import Mapping
from typing import Any, Final

from pydantic import JsonValue

OBEYING: Final = "obeying"
KEEP: Final = "Keep everything else unchanged."
RULE_WORDS: Final = 7
MAX_SENTENCE_CHARACTERS: Final = 4_000
# Schemas may refer to themselves.
MAX_DEPTH: Final = 8

INSTRUCTING: Final = ("instruction", "prompt", "change", "edit", "rewrite")
SAID: Final = {
    "keep": "everything else",
    "preserve": "everything else",
    "unchanged": "everything else",
    "language": "en",
    "locale": "en",
    "describ": "A picture of one main subject on a quiet background.",
    "descript": "A picture of one main subject on a quiet background.",
    "caption": "A picture of one main subject on a quiet background.",
    "summary": "A picture of one main subject on a quiet background.",
    "alt": "One main subject on a quiet background.",
    "tag": "picture",
    "keyword": "picture",
    "subject": "the main subject",
    "target": "the main subject",
}
"""Part of a field's name -> what is said there."""
# Whoever asks such a question hopes for no.
UNWELCOME: Final = (
    "refus",
    "unsafe",
    "unclear",
    "ambig",
    "needs",
    "missing",
    "error",
    "impossible",
)
_SENTENCES: Final = ("sentence", "request", "prompt", "instruction", "text", "words")
_TAGGED: Final = re.compile(r"<(\w+)>\s*(.*?)\s*</\1>", re.DOTALL)
_QUOTED: Final = re.compile(r'"{3}\s*(.*?)\s*"{3}', re.DOTALL)


def sentence_in(text: str) -> str:
    """The person's words, whether alone, in JSON, in tags or in triple quotes."""
    for found in (_in_json(text), _match(_TAGGED, text, 2), _match(_QUOTED, text, 1)):
        if found is not None:
            return found[:MAX_SENTENCE_CHARACTERS]
    return text[:MAX_SENTENCE_CHARACTERS]


def instruction(sentence: str) -> str:
    """The sentence tidied, and what must stay."""
    tidy = " ".join(sentence.split()) or "improve the picture"
    ended = tidy if tidy[-1] in ".!?" else f"{tidy}."
    return f"{ended[0].upper()}{ended[1:]} {KEEP}"


def written(
    sentence: str, *, schema: Mapping[str, Any] | None, as_json: bool, instead: JsonValue
) -> str:
    """What a model writes; `instead` takes the place of it: text as it is, all else as JSON.

    `{"obeying": text}` is a model that was taken over: it says the text wherever it may say one.
    """
    if isinstance(instead, dict) and instead.keys() == {OBEYING} and schema is not None:
        return json.dumps(filled(schema, "", obeyed=str(instead[OBEYING])))
    if instead is not None:
        return instead if isinstance(instead, str) else json.dumps(instead)
    if schema is not None:
        return json.dumps(filled(schema, sentence))
    plain = instruction(sentence)
    return json.dumps({"text": plain}) if as_json else plain


def filled(schema: Mapping[str, Any], sentence: str, *, obeyed: str | None = None) -> JsonValue:
    """A value that fits the schema, in the upper-case dialect or the usual one.

    What is `obeyed` stands in place of every text.
    """
    return _Filling(schema, sentence, obeyed).value(schema, name="", depth=0)


class _Filling:
    """One schema being filled."""

    def __init__(self, root: Mapping[str, Any], sentence: str, obeyed: str | None) -> None:
        self._root = root
        self._sentence = sentence
        self._obeyed = obeyed

    def value(self, schema: Mapping[str, Any], *, name: str, depth: int) -> JsonValue:
        """What stands there; None where it grows too deep."""
        if depth > MAX_DEPTH:
            return None
        resolved = self._resolved(schema)
        if "const" in resolved or resolved.get("enum"):
            chosen: JsonValue = resolved["const"] if "const" in resolved else resolved["enum"][0]
            return chosen
        kind = _type_of(resolved)
        if kind == "object":
            return self._object(resolved, depth)
        if kind == "array":
            return self._array(resolved, name, depth)
        return self._scalar(kind, resolved, name)

    def _scalar(self, kind: str, schema: Mapping[str, Any], name: str) -> JsonValue:
        match kind:
            case "integer" | "number":
                return _number(schema)
            case "boolean":
                return not any(part in name.lower() for part in UNWELCOME)
            case "null":
                return None
            case _:
                return self._string(schema, name)

    def _object(self, schema: Mapping[str, Any], depth: int) -> JsonValue:
        inner = schema.get("properties") or {}
        return {name: self.value(each, name=name, depth=depth + 1) for name, each in inner.items()}

    def _array(self, schema: Mapping[str, Any], name: str, depth: int) -> JsonValue:
        count = max(1, int(_either(schema, "minItems", "min_items") or 1))
        items = schema.get("items") or {}
        return [self.value(items, name=name, depth=depth + 1) for _ in range(count)]

    def _string(self, schema: Mapping[str, Any], name: str) -> str:
        text = self._said(name.lower())
        longest = _either(schema, "maxLength", "max_length")
        return text[: int(longest)] if longest else text

    def _said(self, name: str) -> str:
        if self._obeyed is not None:
            return self._obeyed
        for part, said in SAID.items():
            if part in name:
                return said
        if not name or any(part in name for part in INSTRUCTING):
            return instruction(self._sentence)
        return f"the {name.replace('_', ' ')}"

    def _resolved(self, schema: Mapping[str, Any]) -> Mapping[str, Any]:
        for _ in range(MAX_DEPTH):
            if "$ref" in schema:
                schema = self._referred(schema["$ref"])
            elif options := schema.get("anyOf") or schema.get("any_of") or schema.get("oneOf"):
                schema = next((one for one in options if _type_of(one) != "null"), options[0])
            elif len(parts := schema.get("allOf") or []) == 1:
                schema = parts[0]
            else:
                break
        return schema

    def _referred(self, reference: str) -> Mapping[str, Any]:
        found: Any = self._root
        for part in reference.removeprefix("#").strip("/").split("/"):
            found = found.get(part, {}) if part else found
        return found if isinstance(found, Mapping) else {}


def _type_of(schema: Mapping[str, Any]) -> str:
    kind = schema.get("type", "object" if "properties" in schema else "string")
    if isinstance(kind, list):
        kind = next((one for one in kind if one != "null"), "null")
    return str(kind).lower()


def _number(schema: Mapping[str, Any]) -> int | float:
    lowest = schema.get("minimum", 0)
    return int(lowest) if _type_of(schema) == "integer" else float(lowest)


def _either(schema: Mapping[str, Any], *names: str) -> Any:
    return next((schema[name] for name in names if name in schema), None)


def _in_json(text: str) -> str | None:
    try:
        said = json.loads(text)
    except ValueError:
        return None
    if not isinstance(said, dict):
        return None
    words = next((said[name] for name in _SENTENCES if isinstance(said.get(name), str)), None)
    style = said.get("style")
    return words if words is None or not isinstance(style, dict) else _in_style(words, style)


def _in_style(words: str, style: Mapping[str, Any]) -> str:
    """The words, and as much of the style's rules as no paraphrase would leave out."""
    begun = " ".join(str(style.get("rules", "")).split()[:RULE_WORDS])
    return f"{words.rstrip('. ') or 'vary the picture'}, so that: {begun}"


def _match(pattern: re.Pattern[str], text: str, group: int) -> str | None:
    found = pattern.search(text)
    return found[group] if found else None
