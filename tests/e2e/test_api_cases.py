"""Requests made up from the API's own document find nothing that it does not say."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests import api_cases
from tests.stack import UNLIMITED, RealStack, real_stack


@pytest.fixture
def system(tmp_path: Path) -> Iterator[RealStack]:
    with real_stack(tmp_path / "system", **UNLIMITED, **api_cases.SETTINGS) as system:
        yield system


@pytest.mark.slow
def test_no_request_meets_an_answer_that_the_document_does_not_have(
    system: RealStack, tmp_path: Path
):
    outcome = api_cases.run(system.url, tmp_path, phases="examples,fuzzing,stateful", examples=20)

    assert outcome.passed, outcome.said
    assert outcome.cases >= 300
