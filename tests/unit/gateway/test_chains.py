"""The path from a root to an edit, from the journal and the record."""

from uuid import UUID, uuid4

import pytest

from contracts.journal import JournalEntry, Stage
from contracts.queries import Erasure
from services.chassis.journal import Recorded
from services.gateway.domain.chains import MAX_MEMBERS, Chains
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.known import Known
from services.gateway.domain.problems import RefusalError
from tests.fakes import MemoryJournal
from tests.samples import follow_up, job


class Lines:
    """A journal and a record of it that may lack some jobs, and tells so many at once."""

    def __init__(self, entries: list[JournalEntry], *, unrecorded: int = 0, most: int = 9) -> None:
        self.journal, self.most = MemoryJournal(), most
        self.record = {entry.job_id: entry for entry in entries[: len(entries) - unrecorded]}
        for at, entry in enumerate(entries):
            self.journal.lines[entry.job_id] = [Recorded(entry, 10 + at)]
        self.chains = Chains(Jobs(self.journal, self, Known()), self)

    async def find(self, job_id: UUID) -> Recorded | None:
        return Recorded(self.record[job_id], 1) if job_id in self.record else None

    async def erase(self, job_id: UUID) -> Erasure:
        raise AssertionError("reading erases nothing")

    async def path(self, job_id: UUID) -> list[Recorded]:
        found: list[Recorded] = []
        while job_id in self.record and len(found) < self.most:
            entry = self.record[job_id]
            found.insert(0, Recorded(entry, 1))
            job_id = entry.public.parent_job_id or uuid4()
        return found


def chain(length: int) -> list[JournalEntry]:
    """Completed edits, each following the one before."""
    entries = [job().advance(Stage.COMPLETED)]
    while len(entries) < length:
        entries.append(follow_up(entries[-1]).advance(Stage.COMPLETED))
    return entries


@pytest.mark.parametrize("unrecorded", [0, 1, 3, 5])
@pytest.mark.parametrize("most", [1, 2, 9])
async def test_a_chain_is_whole_and_in_order_however_far_the_record_is(unrecorded: int, most: int):
    entries = chain(5)

    path = await Lines(entries, unrecorded=unrecorded, most=most).chains.path(entries[-1].job_id)

    assert [member.entry for member in path] == entries
    assert [member.position for member in path] == [1, 2, 3, 4, 5]


async def test_a_member_that_the_record_is_behind_with_is_told_as_it_stands():
    entries = chain(2)
    lines = Lines(entries)
    lines.record[entries[0].job_id] = entries[0].follow(public={"stage": Stage.UPLOADING_RESULT})

    path = await lines.chains.path(entries[1].job_id)

    assert [member.entry for member in path] == entries


async def test_an_erased_member_keeps_its_place():
    entries = chain(3)
    entries[1] = entries[1].erase()

    path = await Lines(entries).chains.path(entries[-1].job_id)

    assert [member.entry is None for member in path] == [False, True, False]
    assert (path[1].job_id, path[1].position) == (entries[1].job_id, 2)
    assert path[1].parent_id == entries[0].job_id


async def test_a_member_that_nobody_knows_any_more_keeps_its_place():
    entries = chain(3)

    path = await Lines(entries[1:]).chains.path(entries[-1].job_id)

    assert [member.position for member in path] == [1, 2, 3]
    assert (path[0].job_id, path[0].entry) == (entries[0].job_id, None)


async def test_an_unknown_or_erased_edit_has_no_chain():
    gone = chain(1)[0].erase()

    for job_id in (uuid4(), gone.job_id):
        with pytest.raises(RefusalError) as refused:
            await Lines([gone]).chains.path(job_id)
        assert refused.value.status == 404


async def test_parents_in_a_circle_are_no_way_without_an_end():
    entry = job().follow(public={"chain_position": 2})
    circle = entry.follow(public={"parent_job_id": entry.job_id})

    path = await Lines([circle]).chains.path(circle.job_id)

    assert MAX_MEMBERS <= len(path) <= MAX_MEMBERS + 9
