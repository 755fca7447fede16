"""What is kept of a rating."""

from uuid import uuid4

import pytest

from contracts.queries import GiveFeedback
from services.feedback.domain.ratings import already_given, keepable, network_of, nothing_given


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("203.0.113.77", "203.0.113.0/24"),
        ("203.0.113.0/24", "203.0.113.0/24"),
        ("203.0.0.0/16", "203.0.0.0/16"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ("2001:db8:1::/48", "2001:db8:1::/48"),
        ("::ffff:203.0.113.77", "203.0.113.0/24"),
        ("testclient", None),
        ("", None),
    ],
)
def test_an_address_is_kept_only_as_its_network(address: str, network: str | None) -> None:
    assert network_of(address) == network


def test_text_is_kept_without_what_postgres_cannot_hold() -> None:
    said = GiveFeedback(edit_uuid=uuid4(), rating=0, feedback_text=" too\0 blue ")

    assert keepable(said).feedback_text == "too blue"


def test_empty_text_is_no_text() -> None:
    said = GiveFeedback(edit_uuid=uuid4(), rating=1, feedback_text="  ")

    assert keepable(said).feedback_text is None


def test_refusals_carry_what_http_says() -> None:
    assert (already_given().status, already_given().code) == (409, "FEEDBACK_EXISTS")
    assert (nothing_given().status, nothing_given().code) == (404, "FEEDBACK_NOT_FOUND")
