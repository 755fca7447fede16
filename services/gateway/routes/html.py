"""Pages rendered on the server: no script, nothing from another host."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Iterable, Mapping
from html import escape
from typing import Any, Final

from starlette.responses import Response

STYLE: Final = """
:root{color-scheme:light dark}
body{font:16px/1.5 system-ui,sans-serif;max-width:60rem;margin:0 auto;padding:1rem}
code,pre{font:14px/1.45 ui-monospace,monospace;overflow-wrap:anywhere}
pre{background:#8882;padding:.7rem;overflow-x:auto;white-space:pre-wrap}
table{border-collapse:collapse;width:100%;margin:.5rem 0}
td,th{border:1px solid #8886;padding:.3rem .5rem;text-align:left;vertical-align:top}
details{border:1px solid #8886;border-radius:.4rem;padding:.4rem .8rem;margin:.5rem 0}
summary{cursor:pointer}
h2{margin-top:2.2rem}
nav a{margin-right:1rem}
"""
_POLICY: Final = (
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
    f"style-src 'sha256-{b64encode(hashlib.sha256(STYLE.encode()).digest()).decode()}'"
)


class Html(str):
    """Markup, as opposed to text that is still to be escaped."""

    __slots__ = ()


def tag(name: str, *content: str, **attributes: str) -> Html:
    """An element; whatever is not markup already is escaped."""
    told = "".join(f' {key}="{escape(value)}"' for key, value in attributes.items())
    return Html(f"<{name}{told}>{joined(content)}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    """Markup and text, one after the other."""
    return Html("".join(part if isinstance(part, Html) else escape(part) for part in parts))


def table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> Html:
    """A table; nothing at all without rows."""
    lines = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    head = tag("tr", *(tag("th", word) for word in heads))
    return tag("table", head, *lines) if lines else Html("")


def sample(value: Any) -> Html:
    """An example, as it is sent."""
    shown = value if isinstance(value, str) else json.dumps(value, indent=1, ensure_ascii=False)
    return tag("pre", shown)


def page(title: str, *content: str) -> Response:
    """The whole page."""
    head = tag(
        "head",
        Html('<meta charset="utf-8">'),
        Html('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        tag("title", title),
        Html(f"<style>{STYLE}</style>"),
    )
    body = tag("body", tag("h1", title), *content)
    return Response(
        f"<!doctype html>{tag('html', head, body, lang='en')}",
        headers={"Content-Security-Policy": _POLICY, "Referrer-Policy": "no-referrer"},
        media_type="text/html",
    )


def shapes(schemas: Mapping[str, Any]) -> Html:
    """Every shape with its fields."""
    return joined(
        tag("details", tag("summary", tag("code", name)), *_shape(shape), id=f"shape-{name}")
        for name, shape in sorted(schemas.items())
    )


def fields(shape: Mapping[str, Any]) -> Html:
    """The fields of an object."""
    needed = shape.get("required", ())
    return table(
        ("field", "type", "meaning"),
        (
            (tag("code", name), kind(told), _meaning(told, required=name in needed))
            for name, told in shape.get("properties", {}).items()
        ),
    )


def kind(shape: Mapping[str, Any]) -> Html:
    """A type in words; what is described elsewhere is a link."""
    if "$ref" in shape:
        name = shape["$ref"].rpartition("/")[2]
        return tag("a", name, href=f"#shape-{name}")
    if choices := shape.get("anyOf") or shape.get("oneOf") or shape.get("allOf"):
        return _either(kind(choice) for choice in choices)
    if "enum" in shape or "const" in shape:
        values = shape.get("enum", [shape.get("const")])
        return _either(tag("code", json.dumps(value)) for value in values)
    if "items" in shape:
        return joined(("list of ", kind(shape["items"])))
    named = shape.get("type", "anything")
    words = ", ".join(named) if isinstance(named, list) else str(named)
    return joined([f"{words} ({shape['format']})" if "format" in shape else words])


def _shape(shape: Mapping[str, Any]) -> tuple[Html, ...]:
    about = tag("p", str(shape.get("description", "")))
    return (about, fields(shape)) if "properties" in shape else (about, tag("p", kind(shape)))


def _meaning(shape: Mapping[str, Any], *, required: bool) -> str:
    bounds = {
        "minLength": "{} characters or more",
        "maxLength": "at most {} characters",
        "minimum": "{} or more",
        "maximum": "at most {}",
        "pattern": "matches {}",
    }
    said = [form.format(shape[name]) for name, form in bounds.items() if name in shape]
    words = [str(shape["description"])] if "description" in shape else []
    return "; ".join((["required"] if required else []) + said + words)


def _either(choices: Iterable[Html]) -> Html:
    first, *rest = choices
    return joined([first, *(part for choice in rest for part in (" or ", choice))])
