"""How much goes into one answer."""

from uuid import UUID

from contracts.journal import JournalEntry
from contracts.queries import HistoryPlace, JobRecord
from services.storage.domain.answers import MAX_ANSWER_BYTES, Found, chain_of, page_of
from tests.samples import job

LARGE = "ä" * (MAX_ANSWER_BYTES // 8)


def row(entry: JournalEntry, sequence: int = 1) -> Found:
    return {"entry": entry.model_dump_json(), "sequence": sequence}


def ids(records: tuple[JobRecord, ...]) -> list[UUID]:
    return [record.entry.job_id for record in records if record.entry]


def test_a_page_says_where_the_next_begins_only_if_there_is_one() -> None:
    jobs = [job() for _ in range(3)]
    rows = [row(one) for one in jobs]

    whole, part = page_of(rows, 3), page_of(rows, 2)

    assert (len(whole.jobs), whole.next) == (3, None)
    assert ids(part.jobs) == [one.job_id for one in jobs[:2]]
    assert part.next == HistoryPlace(created_at=jobs[1].public.created_at, job_id=jobs[1].job_id)
    assert page_of([], 20).jobs == ()


def test_a_page_ends_where_the_answer_would_grow_too_large() -> None:
    jobs = [job(request_id=LARGE) for _ in range(6)]

    page = page_of([row(one) for one in jobs], 6)

    assert 0 < len(page.jobs) < 6
    assert len(page.model_dump_json().encode()) < MAX_ANSWER_BYTES + 4096
    assert page.next is not None
    assert page.next.job_id == ids(page.jobs)[-1]


def test_of_a_chain_that_is_too_large_the_beginning_is_left_for_another_answer() -> None:
    asked_first = [job(request_id=LARGE) for _ in range(6)]

    chain = chain_of(row(one) for one in asked_first)

    told = ids(chain.members)
    assert 0 < len(told) < 6
    assert told == [one.job_id for one in reversed(asked_first[: len(told)])]


def test_one_job_is_told_however_large_it_is() -> None:
    alone = job(request_id=LARGE * 8)

    assert ids(chain_of([row(alone)]).members) == [alone.job_id]
