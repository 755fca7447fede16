"""A breaker: closed while a provider answers, open when it does not, one probe at a time."""

import pytest

from services.chassis.breaker import OPENS_AFTER, PAUSE_BASE_SECONDS, PAUSE_MAX_SECONDS, Breaker
from services.chassis.metrics import BREAKER_OPEN


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def breaker(clock: Clock) -> Breaker:
    return Breaker("provider", clock=clock)


def opened(breaker: Breaker) -> Breaker:
    for _ in range(OPENS_AFTER):
        breaker.failed()
    return breaker


def is_allowed(breaker: Breaker) -> bool:
    with breaker.turn() as allowed:
        return allowed


def told() -> float:
    return float(BREAKER_OPEN.labels("provider")._value.get())


def test_failures_in_a_row_open_it_and_metrics_tell(breaker: Breaker):
    for _ in range(OPENS_AFTER - 1):
        breaker.failed()
    assert is_allowed(breaker)

    breaker.failed()

    assert not is_allowed(breaker)
    assert told() == 1


def test_a_success_in_between_keeps_it_closed(breaker: Breaker):
    for _ in range(3 * OPENS_AFTER):
        breaker.failed()
        breaker.succeeded()

    assert is_allowed(breaker)


def test_after_its_pause_one_at_a_time_may_probe(breaker: Breaker, clock: Clock):
    opened(breaker)
    clock.now += PAUSE_BASE_SECONDS

    with breaker.turn() as first, breaker.turn() as second:
        assert first
        assert not second
    assert is_allowed(breaker)


def test_it_tells_how_long_it_lets_nothing_through(breaker: Breaker, clock: Clock):
    assert breaker.seconds_left == 0
    opened(breaker)
    clock.now += PAUSE_BASE_SECONDS / 4

    assert breaker.seconds_left == PAUSE_BASE_SECONDS * 3 / 4
    clock.now += PAUSE_BASE_SECONDS
    assert breaker.seconds_left == 0


def test_a_probe_that_succeeds_closes_it(breaker: Breaker, clock: Clock):
    opened(breaker)
    clock.now += PAUSE_BASE_SECONDS

    breaker.succeeded()

    assert breaker.is_free
    assert told() == 0


def test_probes_that_fail_come_less_and_less_often_but_for_ever(breaker: Breaker, clock: Clock):
    opened(breaker)
    pauses = []
    for _ in range(8):
        before = clock.now
        while not is_allowed(breaker):
            clock.now += 0.5
        pauses.append(clock.now - before)
        breaker.failed()

    assert pauses == sorted(pauses)
    assert pauses[0] == PAUSE_BASE_SECONDS
    assert pauses[-1] == PAUSE_MAX_SECONDS


def test_calls_that_were_under_way_do_not_prolong_the_pause(breaker: Breaker, clock: Clock):
    opened(breaker)
    for _ in range(50):
        breaker.failed()

    clock.now += PAUSE_BASE_SECONDS

    assert is_allowed(breaker)


def test_it_rests_without_being_open_and_wakes_before_its_time(breaker: Breaker, clock: Clock):
    breaker.rest(10)
    assert not is_allowed(breaker)
    assert not breaker.is_open
    assert told() == 0

    breaker.wake()

    assert is_allowed(breaker)


def test_a_rest_ends_by_itself(breaker: Breaker, clock: Clock):
    breaker.rest(10)

    clock.now += 10

    assert is_allowed(breaker)


def test_while_open_it_rests_too(breaker: Breaker, clock: Clock):
    opened(breaker)
    clock.now += PAUSE_BASE_SECONDS
    breaker.rest(10)
    assert not is_allowed(breaker)

    clock.now += 10

    assert is_allowed(breaker)
