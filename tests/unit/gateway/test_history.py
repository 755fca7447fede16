"""Pages of what a caller made."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest

from contracts.journal import JournalEntry, Kind, Stage
from contracts.queries import Erasure, HistoryPage, HistoryPlace, HistoryQuestion, JobRecord
from services.chassis.bus import to_bytes
from services.gateway.domain.history import History, cursor_of, place_of
from services.gateway.domain.identity import Caller
from services.gateway.domain.jobs import Jobs
from services.gateway.domain.known import Known
from services.gateway.domain.problems import RefusalError
from tests.fakes import MemoryJournal
from tests.samples import job

ADA = Caller(owner="ada", scope="session:ada", client="address:192.0.2.1")
NOBODY = Caller(owner="new", scope="x", client="x", minted="cookie")
PLACE = HistoryPlace(created_at=datetime(2026, 11, 20, 10, 30, 0, 7000, UTC), job_id=uuid4())


class OnePage:
    """A record that has one page for everybody."""

    def __init__(self, *entries: JournalEntry, after: HistoryPlace | None = None) -> None:
        self.asked: list[HistoryQuestion] = []
        records = tuple(JobRecord(entry=entry, sequence=7) for entry in entries)
        self._page = HistoryPage(jobs=records, next=after)

    async def history(self, question: HistoryQuestion) -> HistoryPage:
        self.asked.append(question)
        return self._page

    async def find(self, job_id: UUID) -> None:
        return None

    async def erase(self, job_id: UUID) -> Erasure:
        raise AssertionError("reading erases nothing")


def history(archive: OnePage, known: Known | None = None) -> History:
    return History(Jobs(MemoryJournal(), archive, known or Known()), archive)


@pytest.mark.parametrize("year", [1, 1969, 2026, 9999])
def test_a_cursor_leads_back_to_its_place(year: int):
    place = HistoryPlace(created_at=PLACE.created_at.replace(year=year), job_id=PLACE.job_id)

    assert place_of(cursor_of(place)) == place


@pytest.mark.parametrize(
    "cursor", ["x", "é", "AAAA", "A" * 33, "f" * 32, cursor_of(PLACE) + "AAAA", "%00", "A" * 10_000]
)
def test_a_cursor_that_we_did_not_make_is_refused(cursor: str):
    with pytest.raises(RefusalError, match="next_cursor") as refused:
        place_of(cursor)

    assert refused.value.status == 422


async def test_a_page_is_asked_for_with_what_the_caller_said():
    archive = OnePage(job(), after=PLACE)

    page = await history(archive).page(
        ADA, {"cursor": cursor_of(PLACE), "limit": "100", "kind": "cutout"}
    )

    (asked,) = archive.asked
    assert asked == HistoryQuestion(owner="ada", kind=Kind.CUTOUT, after=PLACE, limit=100)
    assert page.next_cursor == cursor_of(PLACE)


@pytest.mark.parametrize(
    "query",
    [{"limit": text} for text in ("0", "101", "-1", "1.5", "", "x", "٣", "9" * 5000)]
    + [{"kind": "film"}, {"cursor": "x"}],
    ids=str,
)
async def test_what_cannot_be_meant_is_refused_whoever_asks(query: dict[str, str]):
    for caller in (ADA, NOBODY):
        with pytest.raises(RefusalError) as refused:
            await history(OnePage()).page(caller, query)
        assert refused.value.status == 422


async def test_a_caller_without_a_session_has_made_nothing():
    archive = OnePage(job())

    page = await history(archive).page(NOBODY, {})

    assert (page.jobs, page.next_cursor, archive.asked) == ([], None, [])


async def test_a_job_is_told_as_it_stands_though_the_record_is_behind():
    opened, removed, known = job(), job(), Known()
    moved = opened.advance(Stage.COMPLETED)
    known.put(str(moved.job_id), 8, to_bytes(moved))
    gone = removed.erase()
    known.put(str(gone.job_id), 9, to_bytes(gone))

    page = await history(OnePage(opened, removed), known).page(ADA, {})

    assert [entry.stage for entry in page.jobs] == [Stage.COMPLETED]
