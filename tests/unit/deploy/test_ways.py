import os
from pathlib import Path

import pytest

from deploy.local import ways
from deploy.local.errors import StackError

ROOT = os.geteuid() == 0
AS_ROOT = pytest.mark.skipif(not ROOT, reason="only root has to look for another identity")
PROGRAM = Path("/bin/echo")


@pytest.fixture
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("cluster")
    (folder / "PG_VERSION").write_text("18")
    return folder


@pytest.fixture
def without(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder in front of PATH: a program that is put there hides the system's."""
    folder = tmp_path / "bin"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return folder


def hide(folder: Path, name: str) -> None:
    (folder / name).write_text("#!/bin/sh\nexit 1\n")
    (folder / name).chmod(0o755)


@pytest.mark.skipif(ROOT, reason="an ordinary user's way")
def test_an_ordinary_user_starts_it_directly(data: Path) -> None:
    assert ways.find(data, PROGRAM).prefix == ()


@AS_ROOT
def test_in_a_folder_that_only_root_can_read_it_is_renamed_and_the_data_stays_roots(
    data: Path,
) -> None:
    way = ways.find(data, PROGRAM)

    assert way.prefix[0] == "unshare"
    assert data.stat().st_uid == 0


@AS_ROOT
def test_where_unshare_is_forbidden_permissions_are_overridden(data: Path, without: Path) -> None:
    hide(without, "unshare")

    way = ways.find(data, PROGRAM)

    assert "--ambient-caps=+dac_override" in way.prefix
    assert (data / "PG_VERSION").stat().st_uid == data.stat().st_uid == way.owner[0] != 0


@AS_ROOT
def test_where_nothing_works_one_sentence_says_what_to_do(data: Path, without: Path) -> None:
    hide(without, "unshare")
    hide(without, "setpriv")

    with pytest.raises(StackError, match=r"refuses to run as root.*DATABASE_URL"):
        ways.find(data, PROGRAM)


def test_a_program_that_does_not_start_is_no_way(data: Path) -> None:
    with pytest.raises(StackError):
        ways.find(data, Path("/bin/false"))


@AS_ROOT
def test_data_changes_hands_without_what_is_somebody_elses(data: Path, tmp_path: Path) -> None:
    (data / "foreign").write_text("")
    os.chown(data / "foreign", 4321, 4321)
    (data / "link").symlink_to(tmp_path)

    ways.hand_over(data, (1234, 1234))

    assert data.stat().st_uid == (data / "PG_VERSION").stat().st_uid == 1234
    assert (data / "foreign").stat().st_uid == 4321
    assert (data / "link").lstat().st_uid == 1234
    assert tmp_path.stat().st_uid == 0
