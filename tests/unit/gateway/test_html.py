"""Pages without scripts: what is text stays text."""

from services.gateway.routes.html import fields, kind, page, tag


def test_text_is_escaped_and_markup_is_not():
    told = tag("p", tag("b", "1 < 2"), "<script>", id='"x"')

    assert told == '<p id="&quot;x&quot;"><b>1 &lt; 2</b>&lt;script&gt;</p>'


def test_a_page_lets_in_nothing_but_its_own_style():
    answer = page("Title", tag("p", "words"))
    policy = answer.headers["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "style-src 'sha256-" in policy
    assert b"<script" not in bytes(answer.body)


def test_a_type_is_told_in_words():
    assert kind({"type": "string", "format": "uuid"}) == "string (uuid)"
    assert kind({"anyOf": [{"type": "integer"}, {"type": "null"}]}) == "integer or null"
    assert kind({"type": "array", "items": {"type": "string"}}) == "list of string"
    assert kind({"enum": ["a", None]}) == "<code>&quot;a&quot;</code> or <code>null</code>"
    assert 'href="#shape-Job"' in kind({"$ref": "#/components/schemas/Job"})


def test_the_fields_of_a_shape_say_what_is_required_and_bounded():
    told = fields(
        {
            "required": ["prompt"],
            "properties": {"prompt": {"type": "string", "maxLength": 9, "description": "Words."}},
        }
    )

    assert "required; at most 9 characters; Words." in told
