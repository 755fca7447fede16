"""What a text is made of."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.enhancer.domain.languages import differ, language
from services.enhancer.domain.words import (
    EAST_ASIAN,
    content_words,
    in_scripts,
    kindred,
    main_script,
    present_scripts,
    scripts,
)


@pytest.mark.parametrize(
    ("text", "script"),
    [
        ("make the sky blue", "LATIN"),
        ("сделай небо синим", "CYRILLIC"),
        ("把天空变成蓝色", EAST_ASIAN),
        ("空を青くしてください", EAST_ASIAN),
        ("하늘을 파랗게", "HANGUL"),
        ("اجعل السماء زرقاء", "ARABIC"),
        ("आकाश को नीला करो", "DEVANAGARI"),
        ("κάνε τον ουρανό μπλε", "GREEK"),
        ("ＦＵＬＬ　ＷＩＤＴＨ", "LATIN"),
        ("🌅 90 !?", None),
        ("", None),
    ],
)
def test_most_letters_tell_the_script(text: str, script: str | None):
    assert main_script(text) == script


def test_a_name_of_another_script_is_no_second_language():
    assert present_scripts("сделай как на постере Netflix из прошлого года") == {"CYRILLIC"}


def test_a_text_of_two_scripts_is_in_both():
    assert present_scripts("把天空变成蓝色 with soft clouds") == {EAST_ASIAN, "LATIN"}


@given(st.text(max_size=200))
def test_shares_of_scripts_are_a_whole_or_nothing(text: str):
    shares = scripts(text)

    assert not shares or sum(shares.values()) == pytest.approx(1)


def test_words_of_meaning_leave_out_what_any_wish_says():
    words = content_words("Please make the Sky more dramatic, rotate it 90°!")

    assert words == {"sky", "dramatic", "rotate", "90"}


def test_a_script_without_spaces_is_read_in_pairs():
    assert content_words("把天空变蓝") == {"把天", "天空", "空变", "变蓝"}


def test_a_symbol_says_its_name_where_no_word_does():
    assert content_words("🌅 pls") == {"sunrise"}
    assert content_words("🌅 beach") == {"beach"}


@pytest.mark.parametrize("text", ["b&w", "B/W", "bw", "b & w", "b and w"])
def test_what_people_shorten_is_read_in_full(text: str):
    assert content_words(text) >= {"black", "white"}


def test_a_word_of_two_letters_counts_where_it_is_asked_for():
    assert content_words("do it hd", shortest=2) == {"hd"}
    assert content_words("do it hd") == frozenset()


def test_words_are_told_apart_by_script_and_numbers_belong_to_each():
    assert in_scripts({"sky", "天空", "90"}, {"LATIN"}) == {"sky", "90"}


def test_accents_and_case_make_no_other_word():
    assert content_words("CIEL dégradé") == content_words("ciel Degrade")


@pytest.mark.parametrize(
    ("word", "other"),
    [
        ("dramatic", "drmatic"),
        ("dramatic", "dramatically"),
        ("colour", "coloured"),
        ("sky", "skyline"),
        ("90", "90"),
    ],
)
def test_forms_of_a_word_are_kindred(word: str, other: str):
    assert kindred(frozenset({word}), frozenset({other})) == 1
    assert kindred(frozenset({other}), frozenset({word})) == 1


@pytest.mark.parametrize(
    ("word", "other"), [("sky", "roses"), ("clouds", "colours"), ("drama", "draw"), ("90", "91")]
)
def test_other_words_are_not(word: str, other: str):
    assert kindred(frozenset({word}), frozenset({other})) == 0


@given(st.text(max_size=300), st.text(max_size=300))
def test_no_more_words_are_kindred_than_there_are(one: str, other: str):
    words = content_words(one)

    assert 0 <= kindred(words, content_words(other)) <= len(words)
    assert kindred(words, words) == len(words)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("make the sky more dramatic", "english"),
        ("rends le ciel plus dramatique", "french"),
        ("mach den Himmel mit mehr Drama", "german"),
        ("haz el cielo más dramático", "spanish"),
        ("rendi il cielo più drammatico", "italian"),
        ("faça o céu mais dramático", "portuguese"),
        ("maak de lucht meer dramatisch", "dutch"),
        ("dramatic sky", None),
        ("the dark sky", None),
        ("make it like le ciel", None),
        ("", None),
    ],
)
def test_small_words_tell_the_language(text: str, name: str | None):
    assert language(text) == name


def test_languages_differ_only_when_both_are_sure():
    assert differ("rends le ciel plus dramatique", "Make the sky more dramatic.")
    assert not differ("dramatic sky", "Rends le ciel plus dramatique.")
