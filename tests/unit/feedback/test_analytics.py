"""What ratings say together."""

from datetime import date

from services.feedback.domain.analytics import MOST_WORDS, RatingRow, analytics_of, shared_words

DAY, NEXT = date(2026, 11, 1), date(2026, 11, 2)
ROWS = [
    RatingRow(1, DAY, None, None, 3),
    RatingRow(0, DAY, None, None, 1),
    RatingRow(0, NEXT, None, None, 2),
    RatingRow(1, None, "flux-2-pro", None, 3),
    RatingRow(0, None, "flux-2-pro", None, 2),
    RatingRow(0, None, "", None, 1),
    RatingRow(0, None, None, "ink", 2),
    RatingRow(1, None, None, "", 3),
]


def test_ratings_are_told_by_rating_day_model_and_style() -> None:
    told = analytics_of(ROWS, [], 30)

    assert (told.total, told.by_rating) == (6, {0: 3, 1: 3})
    assert list(told.by_day) == [DAY, NEXT]
    assert (told.by_day[DAY].good, told.by_day[DAY].good_share) == (3, 0.75)
    assert told.by_day[NEXT].good_share == 0.0
    assert set(told.by_model) == {"flux-2-pro"}
    assert told.by_style["ink"].bad == 2


def test_without_ratings_there_is_nothing_to_tell() -> None:
    told = analytics_of([], [], 30)

    assert (told.total, told.by_rating, told.by_day) == (0, {0: 0, 1: 0}, {})


def test_a_word_counts_once_for_each_complaint_that_has_it() -> None:
    words = shared_words(["Blurry, blurry face!", "The FACE is blurry", "blurry"])

    assert words == {"blurry": 3, "face": 2}


def test_what_only_one_person_said_is_not_repeated() -> None:
    assert shared_words(["write to ada@example.com", "call 0171 2345", "no"]) == {}


def test_words_of_any_language_are_words() -> None:
    assert shared_words(["zu grün", "viel ZU GRÜN"]) == {"grün": 2}


def test_the_list_of_words_is_bounded() -> None:
    many = " ".join("x" * n for n in range(3, 41)) + " aaa bbb ccc"

    assert len(shared_words([many, many])) == MOST_WORDS
