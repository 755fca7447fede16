"""No answer, however strange, is anything but one of our kinds of errors or an answer."""

import json
from collections.abc import Callable
from typing import TypeVar

from hypothesis import given
from hypothesis import strategies as st

from contracts.journal import Handle
from services.chassis.errors import MizualError
from services.renderer.adapters.flux_answers import Answer, accepted, state_of
from services.renderer.domain.editing import Ready, Running

T = TypeVar("T")

FIELDS = (
    *("id", "status", "result", "details", "progress", "detail", "cost", "polling_url"),
    *("sample", "duration", "start_time", "end_time", "Moderation Reasons", "loc"),
)
WORDS = ("Ready", "Pending", "Error", "Task not found", "Request Moderated", "Content Moderated")
VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=20)
    | st.sampled_from(WORDS),
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.sampled_from(FIELDS), inner),
    max_leaves=20,
)
ANSWERS = st.builds(
    lambda status, said: Answer(status, said if isinstance(said, bytes) else _json(said)),
    st.integers(200, 599),
    VALUES
    | st.binary()
    | st.fixed_dictionaries(
        {"id": st.text(), "status": st.sampled_from(WORDS)},
        optional=dict.fromkeys(FIELDS[2:8], VALUES),
    ),
)


def _json(said: object) -> bytes:
    return json.dumps(said).encode()


def attempt(read: Callable[[], T]) -> T | MizualError:
    """What is read, or which of our errors it is."""
    try:
        return read()
    except MizualError as error:
        return error


@given(answer=ANSWERS)
def test_a_submission_has_a_task_or_one_of_our_errors(answer):
    found = attempt(lambda: accepted(answer, model="flux-2-pro"))

    assert isinstance(found, Handle) or str(found).startswith("flux ")


@given(answer=ANSWERS, age=st.floats(-1, 100))
def test_a_poll_has_a_state_or_one_of_our_errors(answer, age):
    found = attempt(lambda: state_of(answer, age_seconds=age))

    assert isinstance(found, Running | Ready | None) or str(found).startswith("flux ")
