"""What one client may ask for, by environment and by setting."""

from typing import Any

import pytest

from services.chassis.limits import Policy, policies
from services.chassis.settings import LimitSettings

PRODUCTION = {"environment": "production", "nats_url": "nats://user:word@bus:4222"}


def in_force(**settings: Any) -> dict[str, tuple[int, float]]:
    told = policies(LimitSettings(**settings))
    return {policy.name: (policy.places, policy.window_seconds) for policy in told}


def test_production_is_careful_and_preview_generous():
    assert in_force(**PRODUCTION) == {"active": (5, 960), "burst": (1, 10), "daily": (3, 86_400)}
    assert in_force() == {"active": (50, 960), "daily": (50, 86_400)}


@pytest.mark.parametrize(
    ("setting", "name"),
    [
        ("rate_limit_daily_images", "daily"),
        ("rate_limit_burst_seconds", "burst"),
        ("max_active_jobs_per_owner", "active"),
    ],
)
def test_nought_switches_a_limit_off(setting: str, name: str):
    assert name not in in_force(**PRODUCTION, **{setting: 0})


def test_a_job_is_under_way_no_longer_than_its_deadline():
    assert in_force(job_deadline_seconds=60)["active"] == (50, 120)


def test_who_is_refused_for_the_moment_has_touched_no_place_of_the_day():
    assert list(in_force(**PRODUCTION))[-1] == "daily"


def test_a_place_that_may_be_given_back_is_not_waited_for_until_it_expires():
    active, *others = policies(LimitSettings(**PRODUCTION))

    assert active.longest_wait_seconds == 10
    assert {policy.longest_wait_seconds for policy in others} == {
        Policy("x", 1, 1).longest_wait_seconds
    }
