"""Which breaker holds up whose jobs."""

import pytest

from services.chassis.breaker import OPENS_AFTER
from services.renderer.adapters.opening import Breakers
from tests.unit.renderer.shops import FLUX, GEMINI, LOCAL


@pytest.fixture
def breakers() -> Breakers:
    found = Breakers()
    for _ in range(OPENS_AFTER):
        found.submissions.failed()
    return found


def is_allowed(breakers: Breakers, models, provider: str) -> bool:
    with breakers.turn_of(models)(provider) as allowed:
        return allowed


def test_the_only_provider_stops_the_pulling_and_no_job_asks_again(breakers: Breakers):
    assert breakers.of_all((FLUX,)) is breakers.submissions
    assert is_allowed(breakers, (FLUX,), "flux")


def test_of_several_providers_the_one_that_is_away_holds_up_its_own_jobs_alone(breakers: Breakers):
    models = (FLUX, GEMINI, LOCAL)

    assert breakers.of_all(models) is None
    assert not is_allowed(breakers, models, "flux")
    assert is_allowed(breakers, models, "gemini")
    assert is_allowed(breakers, models, "local")


def test_a_local_editor_alone_needs_no_breaker(breakers: Breakers):
    assert breakers.of_all((LOCAL,)) is None
    assert is_allowed(breakers, (LOCAL,), "local")
