"""What a text says by itself, apart from what it quotes and shares."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enhancer.domain.quotes import own_words, unquoted


@pytest.mark.parametrize(
    "quoted",
    [
        *('"le mot"', "“le mot”", "„le mot“", "„le mot”", "«le mot»", "»le mot«", "‹le mot›"),
        *("'le mot'", "'l'eau'", "‘le mot’", "‘l’eau’", "‚le mot‘", "「le mot」", "『le mot』"),
        *("《le mot》", "〈le mot〉", "＂le mot＂"),
    ],
)
def test_every_kind_of_marks_quotes(quoted: str):
    assert unquoted(f"write {quoted} here").split() == ["write", "here"]


@pytest.mark.parametrize(
    "text", ["don't change the dog's ears, it's fine", "a 5' wall", 'a 20" screen', "l’eau d’or"]
)
def test_an_apostrophe_or_a_single_mark_quotes_nothing(text: str):
    assert unquoted(text) == text


def test_a_text_that_is_nothing_but_a_quotation_is_taken_as_it_is():
    assert unquoted('"make it blue"') == '"make it blue"'


def test_what_two_texts_share_is_neithers_own():
    one, other = "make it like El Camino", "the mood of El Camino de Oro"

    assert own_words(one, other, run=2) == "make it like"
    assert own_words(other, one, run=2) == "the mood of de oro"


def test_a_shared_word_alone_stays_where_runs_are_looked_for():
    assert own_words("the sky", "the sea", run=2) == "the sky"
    assert own_words("the sky", "the sea", run=1) == "sky"


def test_a_script_without_spaces_ends_a_word():
    assert own_words("加上HAPPY DAY", "写HAPPY DAY", run=2) == "加上"


@given(st.text(alphabet="a '\"“”„«»‘’", max_size=2000))
def test_marks_in_any_order_are_read_in_no_time(text: str):
    unquoted(text)
