"""What every editor of pictures is asked for in the same words."""

from datetime import timedelta
from math import inf

import pytest

from contracts.base import utcnow
from contracts.journal import Handle
from services.renderer.domain.editing import seconds_since


def test_a_task_is_as_old_as_its_submission():
    submitted = utcnow() - timedelta(seconds=100)
    task = Handle(provider="flux", task_id="0b7c", submitted_at=submitted)

    assert seconds_since(task) == pytest.approx(100, abs=60)


def test_a_task_whose_submission_has_no_moment_is_older_than_any_limit():
    assert seconds_since(Handle(provider="flux", task_id="0b7c")) == inf
