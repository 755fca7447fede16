"""Polls are few and come soon after the end: simulated, without a clock."""

from collections.abc import Callable, Iterator
from itertools import islice, pairwise
from math import inf
from random import Random
from statistics import mean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.renderer.domain.models import MODELS
from services.renderer.domain.polling import (
    CLOSEST,
    LEAD_SECONDS,
    PATIENCE,
    REMEMBERED,
    TOGETHER_SECONDS,
    UNSURE,
    PollTimer,
    together,
)

PRO = "flux-2-pro"
INTERVAL, MOST = 0.5, 5.0
SECONDS = 6.8

Progress = Callable[[float], float | None]


def looks(
    timer: PollTimer, seconds: float, *, model: str = PRO, progress: Progress = lambda _: None
) -> list[float]:
    """The moments of the polls of one task, up to the one that finds it done."""
    moments = [0.0]
    while moments[-1] < seconds:
        now = moments[-1]
        moments.append(now + timer.delay(model, now, progress(now) if now else None))
    return moments[1:]


def tasks(timer: PollTimer, durations: Iterator[float], *, is_told: bool = True) -> None:
    """Let the timer see these tasks."""
    for seconds in durations:
        found = looks(timer, seconds)[-1]
        timer.learned(PRO, found, seconds if is_told else None)


def judged(timer: PollTimer, durations: list[float]) -> tuple[float, float]:
    """How late the results were found on average, and how many polls a task took."""
    late, polls = [], []
    for seconds in durations:
        moments = looks(timer, seconds)
        late.append(moments[-1] - seconds)
        polls.append(len(moments))
        timer.learned(PRO, moments[-1], seconds)
    return mean(late), mean(polls)


def spread(seed: int) -> Iterator[float]:
    """Durations within a fifth of the usual."""
    random = Random(seed)
    while True:
        yield random.uniform(0.8 * SECONDS, 1.2 * SECONDS)


def taught(*durations: float, **how: float) -> PollTimer:
    timer = PollTimer(**how)
    for seconds in durations:
        timer.learned(PRO, seconds, seconds)
    return timer


@pytest.mark.parametrize("seconds", [0.7, 5.2, SECONDS, 10.1])
def test_a_steady_provider_is_asked_just_after_the_end(seconds):
    timer = taught(*[seconds] * 3)

    late, polls = judged(timer, [seconds] * 50)

    assert late <= 0.06
    assert polls <= 3


@pytest.mark.parametrize("seed", range(5))
def test_a_provider_that_varies_by_a_fifth_is_caught_within_a_fifth_of_a_second(seed):
    timer, durations = PollTimer(), spread(seed)
    tasks(timer, islice(durations, REMEMBERED))

    late, polls = judged(timer, list(islice(durations, 300)))

    assert late <= 0.2
    assert polls <= 6.5


@pytest.mark.parametrize("seed", range(5))
def test_one_task_is_enough_to_catch_those_that_vary_by_a_fifth(seed):
    durations = spread(seed)
    late = [judged(taught(next(durations)), list(islice(durations, 10)))[0] for _ in range(30)]

    assert mean(late) <= 0.25


def test_it_learns_as_well_from_a_provider_that_does_not_tell_how_long_it_took():
    timer = PollTimer()
    tasks(timer, iter([SECONDS] * 10), is_told=False)

    late, polls = judged(timer, [SECONDS] * 50)

    assert late <= 0.6
    assert polls <= 4


def test_what_nobody_has_seen_yet_is_never_left_alone_for_longer_than_the_most():
    moments = [0.0, *looks(PollTimer(), 60.0)]

    assert max(later - sooner for sooner, later in pairwise(moments)) <= MOST + 1e-9


def test_an_unknown_duration_is_first_looked_at_before_it_typically_ends():
    first = looks(PollTimer(), SECONDS)[0]

    assert first == pytest.approx(0.6 * 7.0)


def test_a_quick_model_is_asked_at_once():
    assert looks(PollTimer(), 0.7, model="flux-2-klein-4b")[0] == pytest.approx(0.6)


def test_models_do_not_learn_from_each_other():
    timer = taught(*[SECONDS] * 10)

    assert timer.delay("flux-2-klein-4b", 0.0) == PollTimer().delay("flux-2-klein-4b", 0.0)


def test_an_unknown_model_is_timed_and_not_remembered():
    timer = PollTimer()

    timer.learned("flux-9", 1.0, 1.0)

    assert timer.delay("flux-9", 0.0) == PollTimer().delay(PRO, 0.0)


def test_a_change_of_the_usual_duration_is_followed():
    timer = taught(*[20.0] * 50)
    tasks(timer, iter([SECONDS] * REMEMBERED))

    late, polls = judged(timer, [SECONDS] * 10)

    assert late <= 0.06
    assert polls <= 3


def test_one_that_is_slower_than_all_before_is_asked_for_less_and_less():
    timer = taught(*[SECONDS] * 10)

    moments = looks(timer, 40.0)[2:]
    pauses = [later - sooner for sooner, later in pairwise(moments)]

    assert pauses == pytest.approx(sorted(pauses))
    assert pauses[-1] == pytest.approx(MOST)


def test_a_rare_slow_task_does_not_hold_up_those_that_are_a_little_late():
    timer = taught(*[SECONDS] * 31, 60.0)

    assert looks(timer, SECONDS + 0.4)[-1] <= SECONDS + 0.7


def test_two_usual_durations_are_both_aimed_at():
    timer = taught(*[5.0, 20.0] * 10)

    assert judged(timer, [5.0])[0] <= 0.06
    assert judged(timer, [20.0])[0] <= 0.06


def test_the_providers_own_progress_is_believed_before_what_was_learned():
    timer = taught(*[3.0] * 10)

    moments = looks(timer, 20.0, progress=lambda now: now / 20.0)

    assert moments[-1] - 20.0 <= 0.06
    assert len(moments) <= 6


@pytest.mark.parametrize("progress", [0.0, 1.0, -1.0, 2.0, float("nan")])
def test_progress_that_says_nothing_is_passed_over(progress):
    timer = taught(*[SECONDS] * 10)

    assert timer.delay(PRO, 3.0, progress) == timer.delay(PRO, 3.0)


def test_while_results_are_announced_polls_are_only_a_net():
    timer = taught(*[SECONDS] * 10)
    usual = timer.delay(PRO, 0.0)

    timer.learned(PRO, SECONDS, SECONDS, by_wake_up=True)

    assert timer.delay(PRO, 0.0) == pytest.approx(PATIENCE * usual)
    assert timer.delay(PRO, 0.0) > SECONDS


def test_one_result_that_was_not_announced_ends_the_patience():
    timer = taught(*[SECONDS] * 10)
    usual = timer.delay(PRO, 0.0)
    timer.learned(PRO, SECONDS, SECONDS, by_wake_up=True)

    timer.learned(PRO, SECONDS, SECONDS)

    assert timer.delay(PRO, 0.0) == usual


@pytest.mark.parametrize("other", ["flux-3-image", "flux-2-max", "flux-9"])
def test_a_model_that_calls_makes_nobody_patient_with_another(other):
    timer = PollTimer()
    usual = timer.delay(other, 0.0)

    timer.learned(PRO, SECONDS, SECONDS, by_wake_up=True)
    timer.learned("flux-9", SECONDS, SECONDS, by_wake_up=True)

    assert timer.delay(other, 0.0) == usual
    assert timer.delay(PRO, 0.0) > SECONDS


def test_a_model_that_does_not_call_ends_no_patience_with_another():
    timer = taught(*[SECONDS] * 10)
    timer.learned(PRO, SECONDS, SECONDS, by_wake_up=True)
    patient = timer.delay(PRO, 0.0)

    timer.learned("flux-3-image", SECONDS, SECONDS)

    assert timer.delay(PRO, 0.0) == patient


def test_a_task_of_no_known_age_teaches_nothing():
    timer = PollTimer()
    usual = timer.delay(PRO, 0.0)

    timer.learned(PRO, inf)

    assert timer.delay(PRO, 0.0) == usual
    assert timer.delay(PRO, inf) == MOST


def test_what_a_wake_up_found_is_as_old_as_it_looks():
    timer = PollTimer()
    timer.learned(PRO, 4.0, by_wake_up=True)
    timer.learned(PRO, 4.0, by_wake_up=True)

    assert timer.delay(PRO, 0.0) == pytest.approx(PATIENCE * (4.0 + LEAD_SECONDS))


def test_what_a_look_found_was_ready_half_an_interval_before_on_average():
    timer = PollTimer()

    timer.learned(PRO, 4.0)

    expected = (1 - UNSURE) * (4.0 - INTERVAL / 2)
    assert timer.delay(PRO, 0.0) == pytest.approx(expected + LEAD_SECONDS)


def test_a_provider_cannot_have_taken_longer_than_we_waited():
    timer = taught(4.0)

    timer.learned(PRO, 4.0, 400.0)

    assert timer.delay(PRO, 0.0) == pytest.approx(4.0 + LEAD_SECONDS)


@given(
    seen=st.lists(st.floats(0, 900), max_size=40),
    elapsed=st.floats(-5, 2000) | st.just(inf),
    progress=st.none() | st.floats(allow_nan=True),
    interval=st.floats(0.1, 5),
    model=st.sampled_from([model.name for model in MODELS]),
    is_patient=st.booleans(),
)
def test_every_delay_lies_between_the_interval_and_the_most(
    seen, elapsed, progress, interval, model, is_patient
):
    timer = PollTimer(interval_seconds=interval, most_seconds=MOST)
    for seconds in seen:
        timer.learned(model, seconds, seconds, by_wake_up=is_patient)

    factor = PATIENCE if seen and is_patient else 1.0

    least = interval * CLOSEST if seen else interval

    assert least * factor <= timer.delay(model, elapsed, progress) <= MOST * factor


@pytest.mark.parametrize("now", [0.0, 1_764_000_000.1, 1_764_000_000.9])
def test_long_waits_end_together_a_little_earlier(now: float):
    for wait in (4.0, 4.3, 5.0, 29.99):
        delay = together(wait, now=now)

        assert wait - TOGETHER_SECONDS <= delay <= wait
        assert (now + delay) % TOGETHER_SECONDS == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("wait", [0.1, 0.5, 3.9])
def test_a_wait_that_aims_at_a_moment_keeps_it(wait: float):
    assert together(wait, now=1_764_000_000.1) == wait
