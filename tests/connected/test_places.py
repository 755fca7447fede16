"""The places of a provider's account, over a real bus."""

import asyncio

import pytest

from services.chassis.breaker import Breaker
from services.chassis.bus import Bus
from services.chassis.errors import UnavailableError
from services.chassis.limits import KONTEXT_MAX_TASKS, account_policies
from services.chassis.settings import AccountSettings
from services.chassis.streams import ACK_WAIT_SECONDS
from services.renderer.adapters.places import AccountPlaces

PRO, KONTEXT_MAX = "flux-2-pro", "flux-kontext-max"
MOST = AccountSettings().flux_max_active_tasks


@pytest.fixture
def breaker() -> Breaker:
    return Breaker("places-test")


@pytest.fixture
def places(empty_bus: Bus, breaker: Breaker) -> AccountPlaces:
    return AccountPlaces(empty_bus, account_policies(AccountSettings()), breaker)


async def test_as_many_tasks_may_be_under_way_as_the_account_allows(places, breaker):
    for number in range(MOST):
        await places.take(PRO, token=f"task-{number}")

    with pytest.raises(UnavailableError):
        await places.take(PRO, token="one more")

    assert not breaker.is_free
    assert not breaker.is_open


async def test_kontext_max_alone_being_full_holds_up_no_other_model(places, breaker):
    for number in range(KONTEXT_MAX_TASKS):
        await places.take(KONTEXT_MAX, token=f"task-{number}")

    with pytest.raises(UnavailableError):
        await places.take(KONTEXT_MAX, token="one more")

    assert breaker.is_free


async def test_a_place_is_held_until_it_is_given_back(places):
    slots = await places.take(KONTEXT_MAX, token="task")
    assert await places.are_held(slots)

    await places.free(slots)

    assert not await places.are_held(slots)


async def test_a_place_among_others_may_be_given_back_twice(places):
    slots = [await places.take(PRO, token=f"task-{number}") for number in range(3)]

    await places.free(slots[1])
    await places.free(slots[1])

    assert [await places.are_held(slot) for slot in slots] == [True, False, True]


async def test_many_at_once_share_the_places_exactly(places):
    tries = (places.take(PRO, token=f"task-{number}") for number in range(3 * MOST))

    taken = await asyncio.gather(*tries, return_exceptions=True)

    assert sum(isinstance(slots, tuple) for slots in taken) == MOST


async def test_kontext_max_has_fewer_places_among_those_of_all(places):
    for number in range(KONTEXT_MAX_TASKS):
        assert len(await places.take(KONTEXT_MAX, token=f"task-{number}")) == 2

    with pytest.raises(UnavailableError):
        await places.take(KONTEXT_MAX, token="one more")
    for number in range(MOST - KONTEXT_MAX_TASKS):
        await places.take(PRO, token=f"pro-{number}")
    with pytest.raises(UnavailableError):
        await places.take(PRO, token="one more")


async def test_a_place_that_is_given_back_can_be_taken_again(places, breaker):
    slots = [await places.take(PRO, token=f"task-{number}") for number in range(MOST)]
    with pytest.raises(UnavailableError):
        await places.take(PRO, token="one more")

    await places.free(slots[0])
    await places.free(slots[0])

    assert breaker.is_free
    assert await places.take(PRO, token="one more")


@pytest.mark.parametrize("which", [0, 1, 2])
async def test_giving_back_twice_is_fine_wherever_the_place_lies(places, which):
    slots = [await places.take(PRO, token=f"task-{number}") for number in range(3)]

    for _ in range(2):
        await places.free(slots[which])

    assert not await places.are_held(slots[which])


async def test_the_same_attempt_takes_one_place_however_often_it_asks(places):
    first = await places.take(PRO, token="job:1")

    assert await places.take(PRO, token="job:1") == first


async def test_a_place_that_was_given_back_twice_is_taken_anew(places):
    """As by a job that finds the smaller account full again and again, within seconds."""
    for _ in range(3):
        await places.free(await places.take(PRO, token="task"))

    assert await places.are_held(await places.take(PRO, token="task"))


async def test_a_full_account_lets_nobody_in_who_gave_his_place_back(places):
    for _ in range(3):
        await places.free(await places.take(PRO, token="late"))
    for number in range(MOST):
        await places.take(PRO, token=f"task-{number}")

    with pytest.raises(UnavailableError):
        await places.take(PRO, token="late")


def test_a_renderer_that_died_is_followed_within_the_time_of_its_place():
    # Its message comes again after this, and then waits for a free hand.
    assert all(
        policy.repeat_seconds > 2 * ACK_WAIT_SECONDS
        for policy in account_policies(AccountSettings())
    )
