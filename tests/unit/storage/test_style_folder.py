"""A folder of styles on disk, as careful operators keep it and as hostile hands may fill it."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from contracts.queries import Reply, Styles
from contracts.styles import Guide
from services.chassis.images.check import inspect
from services.chassis.images.checker import ImageChecker
from services.chassis.images.limits import ImageLimits
from services.chassis.images.pool import PixelPool
from services.storage.adapters import disk
from services.storage.adapters.style_folder import StyleFolder
from services.storage.domain import styles
from services.storage.domain.style_files import MAX_NAME_CHARACTERS, StyleError
from tests.pictures import plain
from tests.samples import PREFIX

LIMITS = ImageLimits(max_upload_bytes=100_000, max_image_pixels=1_000_000)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """One whole style: `warm`."""
    write(tmp_path, "style_guides/warm.md", "# Warm film\nSoft light.")
    write(tmp_path, "style_images/warm.jpg", plain(60, 40))
    return tmp_path


@pytest.fixture
def shelf(folder: Path) -> Iterator[StyleFolder]:
    with closing(PixelPool()) as pool:
        yield StyleFolder(
            folder,
            ImageChecker(LIMITS, pool),
            max_picture_bytes=LIMITS.max_upload_bytes,
            prefix=PREFIX,
        )


def write(folder: Path, name: str, content: str | bytes) -> Path:
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


async def refusal(shelf: StyleFolder) -> list[str]:
    """What the operator is told, a line for each file."""
    with pytest.raises(StyleError) as refused:
        await shelf.drafts()
    first, *files = str(refused.value).split("\n  ")
    assert first.startswith("nothing was changed")
    return files


async def test_a_style_is_its_guide_its_profile_and_its_picture(shelf, folder):
    write(folder, "style_guides/warm.json", '{"grain": "fine"}')

    (draft,) = await shelf.drafts()

    style, picture = draft.style, (folder / "style_images/warm.jpg").read_bytes()
    assert (style.id, style.name) == ("warm", "Warm film")
    assert Guide.model_validate_json(draft.guide) == Guide(
        name="Warm film", rules="Soft light.", profile={"grain": "fine"}
    )
    assert style.guide.size_bytes == len(draft.guide)
    assert style.reference is not None
    assert (style.reference.width_pixels, style.reference.height_pixels) == (60, 40)
    assert await draft.reference() == picture


async def test_a_guide_may_be_text_and_have_no_picture(shelf, folder):
    write(folder, "style_guides/Ink-And-Paper.TXT", "Black lines.")

    ink, _ = await shelf.drafts()

    assert (ink.style.id, ink.style.name) == ("ink-and-paper", "Ink and paper")
    assert (ink.style.reference, ink.reference) == (None, None)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("style_guides/warm.md", "# Warm film\nHard light."),
        ("style_guides/warm.md", "# Warm\nSoft light."),
        ("style_guides/warm.json", "{}"),
        ("style_images/warm.jpg", plain(61, 40)),
    ],
)
async def test_whatever_changes_makes_another_version(shelf, folder, name, content):
    (before,), (again,) = await shelf.drafts(), await shelf.drafts()
    write(folder, name, content)
    (after,) = await shelf.drafts()

    assert before.style == again.style
    assert before.style.version != after.style.version


async def test_hidden_files_are_nobodys_styles(shelf, folder):
    write(folder, "style_guides/.DS_Store", b"\x00")
    write(folder, "style_images/.warm.jpg.swp", b"\x00")

    assert len(await shelf.drafts()) == 1


async def test_a_picture_is_what_its_bytes_are(shelf, folder):
    write(folder, "style_images/warm.jpg", plain(10, 10, suffix=".png"))

    (draft,) = await shelf.drafts()

    assert draft.style.reference is not None
    assert draft.style.reference.key.endswith(".png")


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("style_guides/cool.docx", "Cold.", "no guide (.md or .txt) and no profile (.json)"),
        ("style_guides/cool", "Cold.", "no guide (.md or .txt) and no profile (.json)"),
        ("style_guides/so cool.md", "Cold.", "its name is no id"),
        ("style_guides/…cool.md", "Cold.", "its name is no id"),
        ("style_guides/cool.md", b"\xff", "not UTF-8"),
        ("style_guides/cool.md", "x" * 4_001, "its rules have 4,001 characters; 4,000 fit"),
        ("style_guides/cool.md", "x" * 32_769, "it has 32,769 bytes; 32,768 fit"),
        ("style_guides/cool.json", "{}", "no guide that this profile belongs to"),
        ("style_guides/warm.json", "[]", "not a JSON object"),
        ("style_guides/warm.txt", "Again.", "the guide of warm is style_guides/warm.md already"),
        ("style_guides/warm.MD", "Again.", "the guide of warm is style_guides/warm.MD already"),
        ("style_images/cool.jpg", plain(9, 9), "no guide that this picture belongs to"),
        ("style_images/warm.png", plain(9, 9), "picture of warm is style_images/warm.jpg already"),
        ("style_images/warm.jpg", b"GIF89a", "This picture is a GIF"),
        ("style_images/warm.jpg", plain(90, 90)[:-400], "damaged or incomplete"),
        ("style_images/warm.jpg", plain(1100, 1000), "at most 1 megapixels"),
        ("style_images/warm.jpg", b"\xff" * 100_001, "it has 100,001 bytes; 100,000 fit"),
        ("style_images/warm.jpg", b"", "empty"),
    ],
)
async def test_a_file_that_fits_nothing_is_named_with_the_reason(
    shelf, folder, name, content, says
):
    write(folder, name, content)

    (line,) = await refusal(shelf)

    assert says in line
    assert line.startswith(("style_guides/", "style_images/"))


async def test_everything_that_is_refused_is_told_at_once(shelf, folder):
    write(folder, "style_guides/cool.md", b"\xff")
    write(folder, "style_images/cool.jpg", b"?")
    write(folder, "style_images/warm.jpg", b"?")

    files = [line.partition(":")[0] for line in await refusal(shelf)]

    assert files == ["style_guides/cool.md", "style_images/cool.jpg", "style_images/warm.jpg"]


@pytest.mark.parametrize("name", ["style_guides/cool.md", "style_images/warm.jpg"])
async def test_a_link_is_not_followed(shelf, folder, name):
    secret = write(folder, "secret", "APP_SECRET_KEY")
    (folder / name).unlink(missing_ok=True)
    (folder / name).symlink_to(secret)

    assert await refusal(shelf) == [f"{name}: it is a link, which is not followed"]


@pytest.mark.parametrize("name", ["style_guides", "style_images"])
async def test_a_folder_that_is_a_link_is_not_followed(shelf, folder, name):
    (folder / name).rename(folder / "elsewhere")
    (folder / name).symlink_to(folder / "elsewhere")

    assert f"{name}: it is a link, which is not followed" in await refusal(shelf)


async def test_what_is_no_file_is_neither_waited_for_nor_read(shelf, folder):
    os.mkfifo(folder / "style_guides/pipe.md")
    (folder / "style_guides/deep.md").mkdir()
    os.mkfifo(folder / "style_images/warm.png")
    (folder / "style_images/warm.jpg").unlink()

    assert await refusal(shelf) == [
        "style_guides/deep.md: it is a folder",
        "style_guides/pipe.md: it is no ordinary file",
        "style_images/warm.png: it is no ordinary file",
    ]


async def test_a_link_that_is_put_in_a_files_place_is_not_followed(folder, monkeypatch):
    (folder / "style_guides/link.md").symlink_to(folder / "style_guides/warm.md")
    monkeypatch.setattr(disk, "_refuse", lambda *_: None)

    with disk.opened(folder, "style_guides") as opened, pytest.raises(StyleError, match="read"):
        opened.read("link.md", most_bytes=100)


async def test_names_are_shown_so_that_a_terminal_takes_no_harm(shelf, folder):
    write(folder, "style_guides/\x1b[31m\n.md", "Red.")
    write(folder, os.fsdecode(b"style_guides/\xff.md"), "Bytes.")

    for line in await refusal(shelf):
        assert line.isprintable()


async def test_a_file_that_is_gone_meanwhile_is_no_crash(folder):
    with (
        disk.opened(folder, "style_guides") as opened,
        pytest.raises(StyleError, match="cannot be read: No such file"),
    ):
        opened.read("gone.md", most_bytes=100)


async def test_a_folder_without_guides_is_no_folder_of_styles(shelf, folder):
    (folder / "style_guides").rename(folder / "guides")

    assert f"style_guides: there is no such folder in {folder}" in await refusal(shelf)


async def test_a_file_is_no_folder(shelf, folder):
    (folder / "style_guides/warm.md").unlink()
    (folder / "style_guides").rmdir()
    write(folder, "style_guides", "Soft light.")

    assert "style_guides: it is no folder that can be read: Not a directory" in await refusal(shelf)


async def test_a_folder_may_be_empty(shelf, folder):
    (folder / "style_guides/warm.md").unlink()
    (folder / "style_images/warm.jpg").unlink()
    (folder / "style_images").rmdir()

    assert await shelf.drafts() == []


async def test_no_more_styles_are_read_than_one_answer_holds(shelf, folder, monkeypatch):
    monkeypatch.setattr("services.storage.adapters.style_folder.MAX_STYLES", 1)
    write(folder, "style_guides/cool.md", "Cold.")

    assert await refusal(shelf) == ["style_guides: it has 2 guides; 1 fit"]


async def test_a_folder_with_too_many_entries_is_not_read_to_its_end(shelf, folder, monkeypatch):
    monkeypatch.setattr(disk, "MAX_ENTRIES", 2)
    for name in "abc":
        write(folder, f"style_images/{name}.jpg", b"?")

    assert await refusal(shelf) == ["style_images: it has more than 2 entries"]


def test_the_largest_catalogue_is_one_answer_on_the_bus():
    picture = inspect(plain(20, 20, suffix=".tiff"), ImageLimits())
    guide = Guide(name="\U0001f3a8" * MAX_NAME_CHARACTERS, rules="x")
    largest = styles.style_of("p" * 63, "s" * 64, guide, picture)

    answer = Reply[Styles](answer=Styles(styles=(largest,) * styles.MAX_STYLES))

    assert len(answer.model_dump_json().encode()) < 700_000
