"""A row says what the last entry says, and nothing else."""

from datetime import timedelta

from contracts.journal import Enhanced, JournalEntry, Raw, Stage
from services.chassis.journal import Recorded
from services.storage.domain.record import row_of, rows_of
from tests.samples import job, reference


def test_a_row_holds_the_whole_entry_for_later() -> None:
    entry = job(enhanced=Enhanced(instruction="Make it blue.", prompt="bluer"))

    row = row_of(Recorded(entry, 7))

    assert JournalEntry.model_validate_json(row.entry) == entry
    assert (row.sequence, row.enhanced_prompt) == (7, "bluer")


def test_keys_of_every_picture_are_there_to_be_found() -> None:
    raw, result = reference(b"raw", role="raw"), reference(b"result", role="result")
    entry = job(raw=Raw(image=raw, provider="local", model="libvips"), result=result)

    row = row_of(Recorded(entry, 1))

    assert (row.raw_key, row.result_key) == (raw.key, result.key)
    assert row.original_key == entry.facts.original.key  # type: ignore[union-attr]


def test_only_a_job_that_goes_on_is_watched() -> None:
    entry = job()
    ended = entry.advance(Stage.CANCELLED)

    assert row_of(Recorded(entry, 1)).watch_at == entry.public.updated_at + timedelta(seconds=10)
    assert row_of(Recorded(ended, 2)).watch_at is None
    assert row_of(Recorded(ended, 2)).ended_at == ended.public.updated_at


def test_of_each_job_the_latest_entry_counts_whatever_the_order() -> None:
    opened = job()
    moved = opened.advance(Stage.ENHANCING_PROMPT)
    other = job()

    batch = [Recorded(moved, 9), Recorded(opened, 3), Recorded(other, 5)]

    assert {row.job_id: row.sequence for row in rows_of(batch)} == {
        opened.job_id: 9,
        other.job_id: 5,
    }


def test_rows_come_in_the_same_order_for_every_writer() -> None:
    batch = [Recorded(job(), at) for at in range(20)]

    ids = [row.job_id for row in rows_of(batch)]

    assert ids == [row.job_id for row in rows_of(reversed(batch))] == sorted(ids)


def test_no_text_holds_a_nul_and_no_other_character_is_lost() -> None:
    entry = job(prompt="a\0b \\u0000 ü")

    row = row_of(Recorded(entry, 1))

    assert row.prompt == "ab \\u0000 ü"
    assert JournalEntry.model_validate_json(row.entry).facts.prompt == row.prompt
