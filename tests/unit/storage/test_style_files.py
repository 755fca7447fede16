"""What a guide and a profile may hold, and what an operator is told of one that may not."""

import pytest

from contracts.styles import MAX_PROFILE_BYTES, MAX_RULES_CHARACTERS
from services.storage.domain.style_files import (
    StyleError,
    guide_of,
    profile_of,
    style_id,
    text_of,
)


@pytest.mark.parametrize(
    ("stem", "style"),
    [("warm-film", "warm-film"), ("Warm-Film", "warm-film"), ("7" * 64, "7" * 64)],
)
def test_a_file_belongs_to_the_style_of_its_name(stem, style):
    assert style_id(stem) == style


@pytest.mark.parametrize(
    "stem",
    ["", "warm film", "warm_film", "a.b", "..", "ü", "\u212aelvin", "x" * 65, "a\n", "\udce9"],
)
def test_a_name_that_is_no_id_is_refused(stem):
    with pytest.raises(StyleError, match="no id"):
        style_id(stem)


def test_the_first_heading_is_the_name_and_the_rest_are_the_rules():
    guide = guide_of("warm", "\n#  Warm   film ##\n\n# Light\nSoft.\n## Colour\nOchre.\n\n", None)

    assert guide.name == "Warm film"
    assert guide.rules == "# Light\nSoft.\n## Colour\nOchre."


@pytest.mark.parametrize("text", ["Soft light.", "## Light\n#hashtag"])
def test_without_a_heading_the_id_is_the_name_in_words(text):
    guide = guide_of("warm-film-35", text, None)

    assert (guide.name, guide.rules) == ("Warm film 35", text)


def test_rules_may_have_so_many_characters_and_no_more():
    assert guide_of("a", "# A\n" + "ä" * MAX_RULES_CHARACTERS, None)

    with pytest.raises(StyleError, match=r"4,001 characters; 4,000 fit"):
        guide_of("a", "x" * (MAX_RULES_CHARACTERS + 1), None)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("# Warm\n\n", "no rules"),
        ("", "no rules"),
        ("#  #\nSoft.", "0 characters"),
        (f"# {'x' * 81}\nSoft.", "81 characters; 1 to 80 fit"),
    ],
)
def test_a_guide_that_says_nothing_or_is_called_too_much_is_refused(text, says):
    with pytest.raises(StyleError, match=says):
        guide_of("a", text, None)


def test_text_is_read_alike_whatever_wrote_it():
    assert text_of("\ufeff# Wärme\r\nWeich.\rOcker.\n\tTab".encode()) == (
        "# Wärme\nWeich.\nOcker.\n\tTab"
    )


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\xff\xfe#\x00", "not UTF-8"),
        (b"caf\xe9", "not UTF-8"),
        (b"\xed\xa0\x80", "not UTF-8"),
        (b"one\ntwo \x1b[31m", r"'\\x1b'\) in line 2"),
        (b"\x00", "control character"),
        ("\x85".encode(), "control character"),
    ],
)
def test_what_is_no_text_is_refused(data, says):
    with pytest.raises(StyleError, match=says):
        text_of(data)


def test_a_profile_is_an_object_of_whatever_is_said():
    assert profile_of(b'\xef\xbb\xbf{"palette": ["#e8b37a"], "grain": {"size": 1.5}}') == {
        "palette": ["#e8b37a"],
        "grain": {"size": 1.5},
    }


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "not valid JSON"),
        (b"{'a': 1}", "not valid JSON"),
        (b'{"a": NaN}', "not valid JSON"),
        (b'{"a": 1e999}', "not valid JSON"),
        (b'{"a": "\\ud800"}', "not valid JSON"),
        (b'{"a": ' + b"9" * 5000 + b"}", "not valid JSON"),
        (b'{"a": ' + b"[" * 3000, "not valid JSON"),
        (b"[1]", "not a JSON object"),
        (b'{"a": ["\\u0000"]}', "control character"),
        (b'{"a\\u001b": 1}', "control character"),
        (b'{"a": "%s"}' % (b"x" * MAX_PROFILE_BYTES), "4,105 bytes; 4,096 fit"),
    ],
)
def test_what_is_no_profile_is_refused(data, says):
    with pytest.raises(StyleError, match=says):
        profile_of(data)
