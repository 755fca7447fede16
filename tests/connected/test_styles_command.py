"""The command that loads styles, as operators meet it."""

import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from pydantic import SecretStr

from contracts.queries import Styles, StylesQuestion
from contracts.styles import Style
from contracts.subjects import STORAGE_STYLES_QUERY
from services.chassis.bus import Bus
from services.chassis.database import open_pool
from services.chassis.errors import UnavailableError
from services.chassis.objects import fetch, open_store
from services.chassis.settings import DatabaseSettings, ObjectStoreSettings
from tests.connected.places import eventually
from tests.connected.processes import admin, answers, service
from tests.connected.studio import remove_style, write_style
from tests.pictures import plain

MANY = 60


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An operator's folder with two styles."""
    path = tmp_path / "styles"
    path.mkdir()
    write_style(path, "ink", "# Ink and paper\nBlack lines.")
    write_style(path, "Neon-Night", "# Neon night\nMagenta.", None)
    return path


@pytest.fixture
def prepared(settings: dict[str, str]) -> dict[str, str]:
    """The settings of a deployment whose tables are there."""
    admin("storage", settings, "migrate", "up")
    return settings


def load(settings: Mapping[str, str], folder: Path, *options: str) -> list[str]:
    """What the command printed, a line for each style."""
    done = admin("storage", settings, "styles", "load", str(folder), *options)
    return [" ".join(line.split()) for line in done.splitlines()]


def refusal(settings: Mapping[str, str], *words: str) -> tuple[int, str]:
    """The exit code of a command that must fail, and what it said."""
    with pytest.raises(subprocess.CalledProcessError) as failed:
        admin("storage", settings, "styles", *words)
    return failed.value.returncode, failed.value.stderr


def test_each_style_is_told_with_what_became_of_it(prepared: dict[str, str], folder: Path) -> None:
    assert load(prepared, folder) == [
        "new ink Ink and paper",
        "new neon-night Neon night",
        "2 new, 0 changed, 0 unchanged, 0 removed",
    ]
    assert load(prepared, folder)[-1] == "0 new, 0 changed, 2 unchanged, 0 removed"

    write_style(folder, "ink", "# Ink\nBlue lines.")
    remove_style(folder, "Neon-Night")
    expected = ["changed ink Ink", "removed neon-night Neon night"]
    counted = "0 new, 1 changed, 0 unchanged, 1 removed"
    assert load(prepared, folder, "--check") == [*expected, counted, "nothing was changed: --check"]
    assert load(prepared, folder) == [*expected, counted]


def test_a_start_leaves_the_styles_of_an_operator_alone(
    prepared: dict[str, str], folder: Path
) -> None:
    assert load(prepared, folder, "--if-none")[-1].startswith("2 new")
    write_style(folder, "ink", "Blue lines.")

    assert load(prepared, folder, "--if-none") == ["there are styles already: 2"]
    assert load(prepared, folder, "--check")[-2].startswith("0 new, 1 changed")


def test_refused_files_are_named_and_end_it_with_one(
    prepared: dict[str, str], folder: Path
) -> None:
    (folder / "style_guides" / "bad name.md").write_text("x")
    (folder / "style_images" / "ink.jpg").write_bytes(b"x")

    code, said = refusal(prepared, "load", str(folder))

    assert code == 1
    assert said.splitlines()[0] == "error: nothing was changed, 2 files are refused:"
    assert "style_guides/bad name.md: its name is no id" in said
    assert "style_images/ink.jpg: This is not a picture" in said


def test_what_cannot_be_meant_is_refused_before_anything_is_done(
    prepared: dict[str, str], folder: Path
) -> None:
    assert refusal(prepared, "load", str(folder), "--chekc")[0] == 2
    assert refusal(prepared, "load")[0] == 2
    code, said = refusal(prepared, "load", str(folder / "nowhere"))
    assert code == 1
    assert "there is no such folder" in said

    assert load(prepared, folder)[-1].startswith("2 new")


def test_the_limits_of_pictures_are_those_of_the_settings(
    prepared: dict[str, str], folder: Path
) -> None:
    code, said = refusal(prepared | {"MAX_IMAGE_PIXELS": "1000"}, "load", str(folder))

    assert code == 1
    assert "at most 0.001 megapixels" in said


async def test_a_running_service_tells_what_was_loaded_and_is_not_disturbed(
    empty_bus: Bus, prepared: dict[str, str], folder: Path
) -> None:
    with service("storage", prepared) as url:
        await eventually(lambda: answers(url, 200, "ok"))
        load(prepared, folder)
        assert [style.id for style in await told(empty_bus)] == ["ink", "neon-night"]

        admin("storage", prepared, "rebuild")
        admin("storage", prepared, "retention")
        assert len(await told(empty_bus)) == 2

        admin("storage", prepared, "migrate", "down", "--to", "4")
        with pytest.raises(UnavailableError):
            await told(empty_bus)
        admin("storage", prepared, "migrate", "up")
        assert await told(empty_bus) == ()
        load(prepared, folder)
        assert len(await told(empty_bus)) == 2


async def test_a_running_service_removes_what_no_job_can_need_any_more(
    empty_bus: Bus, prepared: dict[str, str], folder: Path
) -> None:
    home = Path(prepared["MIZUAL_HOME"])
    load(prepared, folder)
    remove_style(folder, "ink")
    load(prepared, folder)
    assert "0 former versions" in admin("storage", prepared, "retention")
    await retire_earlier(prepared, hours=25)

    with service("storage", prepared):
        await eventually(lambda: has_stored(home, objects=1))


async def test_a_load_that_is_killed_leaves_nothing_or_all_and_the_next_one_all(
    empty_bus: Bus, prepared: dict[str, str], folder: Path
) -> None:
    for number in range(MANY):
        write_style(folder, f"style-{number}", f"Rules {number}.", plain(200, 200 + number))
    home = Path(prepared["MIZUAL_HOME"])
    command = [sys.executable, "-m", "services.storage.admin", "styles", "load", str(folder)]
    with subprocess.Popen(command, env=prepared, stdout=subprocess.DEVNULL) as loading:
        await eventually(lambda: has_stored(home))
        loading.kill()

    with service("storage", prepared) as url:
        await eventually(lambda: answers(url, 200, "ok"))
        assert len(await told(empty_bus)) in {0, MANY + 2}

        load(prepared, folder)

        styles = await told(empty_bus)
        assert len(styles) == MANY + 2
        async with open_store(ObjectStoreSettings(s3_bucket_name=""), home) as store:
            for ref in (ref for s in styles for ref in (s.guide, s.reference) if ref):
                await fetch(store, ref)


async def told(bus: Bus) -> tuple[Style, ...]:
    """What a gateway is answered."""
    return (await bus.ask(STORAGE_STYLES_QUERY, StylesQuestion(), Styles)).styles


async def has_stored(home: Path, *, objects: int | None = None) -> bool:
    """Whether so many objects are there; None: any."""
    found = len(list(home.glob("objects/preview/style/*/*")))
    return found > 0 if objects is None else found == objects


async def retire_earlier(settings: Mapping[str, str], *, hours: int) -> None:
    """So much time passes for former versions."""
    database = DatabaseSettings(database_url=SecretStr(settings["DATABASE_URL"]))
    async with open_pool(database, settings["DATABASE_SCHEMA"]) as tables:
        passed = "UPDATE styles SET retired_at = retired_at - make_interval(hours => $1)"
        await tables.execute(passed, hours)
