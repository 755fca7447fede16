"""Operators read statements and nobody's words."""

import pytest

from services.chassis.inspection import MOST_CHARACTERS, without_values


@pytest.mark.parametrize(
    ("statement", "shown"),
    [
        ("SELECT a FROM t WHERE b = $1", "SELECT a FROM t WHERE b = $1"),
        ("SELECT 'it''s', n2 FROM t  WHERE n = 42.5", "SELECT ?, n2 FROM t WHERE n = ?"),
        (r"SELECT E'a\'secret' || U&'secret'", "SELECT ? || ?"),
        ("SELECT $tag$secret 'x'$tag$, $$secret$$", "SELECT ?, ?"),
        ("SELECT 1 -- secret\n, /* secret */ 2", "SELECT ? ? , ? ?"),
        ("SELECT a FROM t WHERE b = 'secret without an end", "SELECT a FROM t WHERE b = "),
    ],
)
def test_a_statement_is_shown_without_values_and_comments(statement: str, shown: str):
    assert without_values(statement) == shown


def test_a_statement_is_shown_in_part_when_it_is_long():
    assert len(without_values("SELECT a, " * 1000)) == MOST_CHARACTERS
