"""Which folders of SQL files are migrations."""

from pathlib import Path

import pytest

from services.chassis.migrations import MigrationError, read_migrations


def test_steps_are_read_in_order_with_what_they_declare(tmp_path: Path) -> None:
    _write(tmp_path, "0001_first.up.sql", "0001_first.down.sql", "0002_next.down.sql")
    (tmp_path / "0002_next.up.sql").write_text("-- why\n--min_code_version: 2\nSELECT 1;")

    first, second = read_migrations(tmp_path)

    assert [step.file for step in (first, second)] == ["0001_first.up.sql", "0002_next.up.sql"]
    assert [step.min_code_version for step in (first, second)] == [1, 2]
    assert first.checksum != second.checksum


def test_other_files_are_left_alone(tmp_path: Path) -> None:
    _write(tmp_path, "0001_first.up.sql", "0001_first.down.sql", "__init__.py")

    assert len(read_migrations(tmp_path)) == 1


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["0001_a.up.sql"], r"0001_a\.up\.sql has no 0001_a\.down\.sql"),
        (["0001_a.down.sql"], r"0001_a\.down\.sql has no up file"),
        (["1_a.up.sql"], r"1_a\.up\.sql is not called"),
        (["0002_a.up.sql", "0002_a.down.sql"], r"0002_a\.up\.sql should be number 0001"),
        (
            ["0001_a.up.sql", "0001_a.down.sql", "0001_b.up.sql", "0001_b.down.sql"],
            r"0001_b\.up\.sql should be number 0002",
        ),
    ],
)
def test_files_that_do_not_fit_are_refused_by_name(
    tmp_path: Path, names: list[str], said: str
) -> None:
    _write(tmp_path, *names)

    with pytest.raises(MigrationError, match=said):
        read_migrations(tmp_path)


def test_a_step_cannot_need_code_that_is_newer_than_itself(tmp_path: Path) -> None:
    _write(tmp_path, "0001_a.down.sql")
    (tmp_path / "0001_a.up.sql").write_text("-- min_code_version: 2\n")

    with pytest.raises(MigrationError, match=r"0001_a\.up\.sql: min_code_version 2"):
        read_migrations(tmp_path)


def _write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).write_text("SELECT 1;")
