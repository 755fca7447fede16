"""The journal's promises, kept by the real one and by the fake that other tests stand on."""

import asyncio
from uuid import uuid4

import pytest

from contracts.journal import Stage
from services.chassis.journal import JetStreamJournal
from tests.fakes import MemoryJournal
from tests.samples import job


@pytest.fixture(params=["memory", "jetstream"])
def journal(request):
    if request.param == "memory":
        return MemoryJournal()
    return JetStreamJournal(request.getfixturevalue("bus"))


async def opened(journal):
    return await journal.append(job(), judged=None, message_id=str(uuid4()))


async def test_what_was_appended_last_is_read_back(journal):
    first = await opened(journal)
    second = await journal.append(
        first.entry.advance(Stage.ENHANCING_PROMPT), judged=first, message_id=str(uuid4())
    )

    assert await journal.last(first.entry.job_id) == second
    assert await journal.last(first.entry.job_id, leader=True) == second
    assert second.sequence > first.sequence


async def test_an_unknown_job_has_no_entry(journal):
    assert await journal.last(uuid4()) is None


async def test_of_many_who_open_one_job_exactly_one_does(journal):
    entry = job()

    results = await asyncio.gather(
        *(journal.append(entry, judged=None, message_id=str(uuid4())) for _ in range(20))
    )

    assert sum(result is not None for result in results) == 1


async def test_of_many_who_append_after_one_entry_exactly_one_does(journal):
    first = await opened(journal)
    following = first.entry.advance(Stage.ENHANCING_PROMPT)

    results = await asyncio.gather(
        *(journal.append(following, judged=first, message_id=str(uuid4())) for _ in range(20))
    )

    assert sum(result is not None for result in results) == 1
    assert [r.entry.index for r in await journal.replay(first.entry.job_id)] == [0, 1]


async def test_an_append_judged_on_an_old_entry_is_lost(journal):
    first = await opened(journal)
    await journal.append(first.entry.advance(Stage.CANCELLED), judged=first, message_id="a")

    late = await journal.append(
        first.entry.advance(Stage.ENHANCING_PROMPT), judged=first, message_id="b"
    )

    assert late is None
    assert (await journal.last(first.entry.job_id)).entry.stage is Stage.CANCELLED


async def test_the_same_append_again_is_the_same_entry(journal):
    first = await opened(journal)
    following = first.entry.advance(Stage.ENHANCING_PROMPT)
    message_id = str(uuid4())

    once = await journal.append(following, judged=first, message_id=message_id)
    again = await journal.append(following, judged=first, message_id=message_id)

    assert again == once
    assert len(await journal.replay(first.entry.job_id)) == 2


async def test_an_entry_that_may_not_follow_is_refused(journal):
    first = await opened(journal)
    ended = await journal.append(
        first.entry.advance(Stage.CANCELLED), judged=first, message_id=str(uuid4())
    )

    with pytest.raises(ValueError, match="nothing follows"):
        await journal.append(ended.entry.follow(), judged=ended, message_id=str(uuid4()))


async def test_a_replay_begins_after_the_given_sequence_and_is_in_order(journal):
    recorded = [await opened(journal)]
    for stage in (Stage.ENHANCING_PROMPT, Stage.FETCHING_IMAGE, Stage.AI_PROCESSING):
        entry = recorded[-1].entry.advance(stage)
        recorded.append(await journal.append(entry, judged=recorded[-1], message_id=str(uuid4())))
    job_id = recorded[0].entry.job_id

    assert [r.sequence for r in await journal.replay(job_id)] == [r.sequence for r in recorded]
    assert await journal.replay(job_id, after=recorded[1].sequence) == recorded[2:]
    assert await journal.replay(job_id, after=recorded[-1].sequence) == []
