"""Answers of the bus that get lost: an append is never done twice and never reported wrongly."""

from uuid import uuid4

import pytest

from contracts.journal import Stage
from services.chassis.errors import UnavailableError
from services.chassis.journal import JetStreamJournal
from services.chassis.limits import LimitExceededError, Policy, Quota, limit_config
from tests.samples import job


class LossyJetStream:
    """JetStream whose first answers to a publish get lost, after or before it is stored."""

    def __init__(self, js, *, lost: int, stored: bool = True) -> None:
        self._js = js
        self._lost = lost
        self._stored = stored
        self.meanwhile = None

    def __getattr__(self, name):
        return getattr(self._js, name)

    async def publish(self, *arguments, **options):
        if not self._lost:
            return await self._js.publish(*arguments, **options)
        self._lost -= 1
        if self._stored:
            await self._js.publish(*arguments, **options)
        if self.meanwhile:
            await self.meanwhile()
        raise TimeoutError


class LossyBus:
    def __init__(self, bus, **options) -> None:
        self.client = bus.client
        self.connected = bus.connected
        self.js = LossyJetStream(bus.js, **options)


async def opened(bus):
    return await JetStreamJournal(bus).append(job(), judged=None, message_id=str(uuid4()))


async def append(journal, first, stage=Stage.ENHANCING_PROMPT):
    return await journal.append(first.entry.advance(stage), judged=first, message_id=str(uuid4()))


async def test_an_append_whose_answer_got_lost_is_recognised_as_mine(bus):
    first = await opened(bus)
    journal = JetStreamJournal(LossyBus(bus, lost=1))

    appended = await append(journal, first)

    assert appended is not None
    assert len(await JetStreamJournal(bus).replay(first.entry.job_id)) == 2


async def test_an_append_that_got_lost_itself_is_made_again(bus):
    first = await opened(bus)
    journal = JetStreamJournal(LossyBus(bus, lost=1, stored=False))

    appended = await append(journal, first)

    assert appended is not None
    assert len(await JetStreamJournal(bus).replay(first.entry.job_id)) == 2


async def test_an_append_that_somebody_followed_up_meanwhile_is_judged_again(bus):
    first = await opened(bus)
    lossy = LossyBus(bus, lost=1)
    plain = JetStreamJournal(bus)

    async def cancel():
        last = await plain.last(first.entry.job_id)
        await append(plain, last, Stage.CANCELLED)

    lossy.js.meanwhile = cancel

    assert await append(JetStreamJournal(lossy), first) is None
    assert (await plain.last(first.entry.job_id)).entry.stage is Stage.CANCELLED


async def test_an_id_seen_before_is_no_success(bus):
    first, other = await opened(bus), await opened(bus)
    journal = JetStreamJournal(bus)
    await journal.append(first.entry.advance(Stage.CANCELLED), judged=first, message_id="seen")

    again = await journal.append(
        other.entry.advance(Stage.CANCELLED), judged=other, message_id="seen"
    )

    assert again is None
    assert (await journal.last(other.entry.job_id)) == other


async def test_an_append_without_any_answer_is_unavailable_not_lost(bus):
    first = await opened(bus)

    with pytest.raises(UnavailableError):
        await append(JetStreamJournal(LossyBus(bus, lost=9, stored=False)), first)


@pytest.fixture
async def quota(bus):
    policy = Policy(f"t{uuid4().hex[:8]}", 3, 3600.0)
    await bus.js.add_stream(limit_config(policy, replicas=1))
    yield Quota(bus, (policy,))
    await bus.js.delete_stream(f"LIMIT_{policy.name.upper()}")


async def test_a_quota_admits_exactly_its_places(quota):
    for token in "abc":
        await quota.take("client", token=token)

    with pytest.raises(LimitExceededError) as refused:
        await quota.take("client", token="d")

    assert 3590 <= refused.value.retry_after <= 3602
    await quota.take("another client", token="e")


async def test_the_same_token_takes_one_place_also_when_the_quota_is_full(quota):
    places = [(await quota.take("client", token="same")).slots for _ in range(5)]
    await quota.take("client", token="b")
    await quota.take("client", token="c")

    assert len(set(places)) == 1
    again = await quota.take("client", token="same")
    assert again.slots == places[0]
    assert again.own == ()


async def test_a_client_can_be_told_what_is_left_and_when_there_is_more(quota):
    (untouched,) = await quota.standings("client")
    for token in "ab":
        await quota.take("client", token=token)

    (standing,) = await quota.standings("client")

    assert (untouched.left, untouched.seconds) == (3, 0)
    assert standing.left == 1
    assert 0 < standing.seconds <= quota.policies[0].window_seconds + 1


async def test_a_place_given_back_can_be_taken_again_and_is_paid_again(quota):
    place = await quota.take("client", token="same")
    await quota.give_back(place.own)
    await quota.give_back(place.own)

    assert await quota.take("client", token="same") != place


async def test_a_policy_that_is_away_costs_nothing_of_the_others(bus, quota):
    gone = Policy(f"gone{uuid4().hex[:8]}", 1, 60.0)
    both = Quota(bus, (*quota.policies, gone))

    for token in "abc":
        with pytest.raises(UnavailableError):
            await both.take("client", token=token)

    for token in "def":
        await quota.take("client", token=token)


async def test_a_client_may_be_called_anything(quota):
    for client in ("1.2.3.4", "2001:db8::1", "*", ">", "a b", "a..b", "é" * 400):
        await quota.take(client, token=str(uuid4()))
